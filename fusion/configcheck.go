package fusion

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"go.yaml.in/yaml/v3"
)

// Format is the version of the config and of the tensors' names that this code reads and
// writes.
const Format = 2

// ParseConfig reads a config from YAML, strictly: an unknown key is an error, and so is
// whatever Check finds.
func ParseConfig(text []byte) (*Config, error) {
	c := new(Config)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return c, c.Check()
}

// parseMetadata reads a config from a model file's metadata, as strictly.
func parseMetadata(text string) (*Config, error) {
	c := new(Config)
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("metadata \"vigil\": %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("metadata \"vigil\": something stands behind the config")
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("metadata \"vigil\": %w", err)
	}
	return c, nil
}

// Check says all that is wrong with a config. The limits are generous for any model of
// this form, and small enough that a hostile file cannot make us allocate much.
func (c *Config) Check() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	within := func(name string, v, low, high int) {
		if v < low || v > high {
			add("%s is %d, want %d to %d", name, v, low, high)
		}
	}
	oneOf := func(name, v string, words ...string) {
		if !slices.Contains(words, v) {
			add("%s is %.40q, want %s", name, v, strings.Join(words, ", "))
		}
	}
	number := func(name string, v, low, high float64) {
		if !(v >= low && v <= high) {
			add("%s is %v, want %v to %v", name, v, low, high)
		}
	}
	within("format", c.Format, Format, Format)
	within("points", c.Points, 1, 1024)
	within("cells", c.Cells, 1, 1<<16)
	within("time_width", c.TimeWidth, 1, 1024)
	within("time_heads", c.TimeHeads, 1, 64)
	within("width", c.Width, 1, 1024)
	within("layers", c.Layers, 1, 16)
	within("heads", c.Heads, 1, 64)
	within("ffn", c.FFN, 1, 8192)
	within("now", c.Now, 0, 4096)
	within("skip", c.Skip, 0, 4096)
	within("experts", c.Experts, 0, 256)
	within("number of modalities", len(c.Modalities), 1, 16)
	within("number of channels", len(c.Channels), 0, 512)
	within("number of statics", len(c.Statics), 0, 64)
	within("number of tasks", len(c.Tasks), 1, 256)
	oneOf("reference", c.Reference, ReferenceEnds, Published)
	oneOf("values", c.Values, ValuesID, ValuesHinges)
	oneOf("regular", c.Regular, Published, RegularLast, NoBranch)
	oneOf("missing", c.Missing, MissingLearned, MissingPoints, MissingZeros)
	oneOf("pool", c.Pool, PoolLast, PoolNowLastMean)
	number("balance", c.Balance, 0, 1e3)
	number("entropy_weight", c.EntropyWeight, 0, 1e3)
	number("noise", c.Noise, 0, 1e3)
	if c.Regular != NoBranch {
		oneOf("utde", c.UTDE, GateStay, GatePoint, GateFeature)
	}
	if c.Experts > 0 {
		within("top_k", c.TopK, 1, max(1, c.Experts))
		within("hidden", c.Hidden, 1, 8192)
		oneOf("form", c.Form, FormToken, FormStay)
		oneOf("router", c.Router, Joint, PerModality, Disjoint)
		oneOf("gate", c.Gate, Softmax, Laplace, Gaussian)
		oneOf("expert", c.Expert, ExpertFFN, ExpertLogMixture)
		oneOf("balance_of", c.BalanceOf, BalanceSoftmax, Published)
	}
	if len(errs) == 0 { // what follows divides by some of the above
		errs = append(errs, c.checkSizes()...)
	}
	errs = append(errs, c.checkLists()...)
	for name, rate := range c.Dropout.rates() {
		if !(rate >= 0 && rate < 1) {
			add("dropout: %s is %v, want 0 up to but not 1", name, rate)
		}
	}
	return errors.Join(errs...)
}

// checkSizes says which sizes do not go together. It is called with sizes that are each
// within their limits, since it divides by some of them.
func (c *Config) checkSizes() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Width%c.Heads != 0 || c.TimeWidth%c.TimeHeads != 0 {
		add("heads %d do not divide width %d, or time_heads %d time_width %d", c.Heads, c.Width, c.TimeHeads, c.TimeWidth)
	}
	if c.Cells%c.Points != 0 {
		add("cells are %d, want points %d or a multiple", c.Cells, c.Points)
	}
	if c.Intensity && !c.SoftCap {
		add("intensity needs soft_cap: without it the sums have no scale")
	}
	if c.Pool == PoolNowLastMean && c.Now == 0 {
		add("pool %s needs now tokens", PoolNowLastMean)
	}
	if c.Experts > 0 && c.Router == Disjoint && c.Experts < c.TopK*len(c.Modalities) {
		add("disjoint routers of %d modalities share %d experts: fewer than top_k %d each", len(c.Modalities), c.Experts, c.TopK)
	}
	if c.EntropyWeight > 0 && c.Router != PerModality {
		add("the entropy loss compares the modalities' choices among the same experts: it wants router %s", PerModality)
	}
	if c.Balance > 0 && c.Experts == 1 {
		add("the balance loss wants at least 2 experts")
	}
	return errs
}

// reserved names are the first words of the network's own parameters; a modality of such
// a name would have parameters of the same names.
var reserved = []string{"time", "attention", "head", "edges"}

// checkLists checks modalities, channels, statics and tasks one by one.
func (c *Config) checkLists() (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	once := func(list string, i int, name string) {
		if key := list + name; name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
			add("%s[%d]: name %.70q, want 1 to 64 printable letters", list, i, name)
		} else if seen[key] {
			add("%s[%d]: %q is there twice", list, i, name)
		} else {
			seen[key] = true
		}
	}
	for i, m := range c.Modalities {
		once("modalities", i, m.Name)
		if strings.ContainsAny(m.Name, " .") || strings.HasPrefix(m.Name, "layer") || slices.Contains(reserved, m.Name) {
			add("modalities[%d]: %.70q is no name for a modality: no blanks or dots, and none of the network's own words", i, m.Name)
		}
		members := len(c.Members(m.Name))
		switch {
		case m.Kind == KindSeries && (members == 0 || m.Width != 0):
			add("modalities[%d] %s: a series wants channels and no width; it has %d channels, width %d", i, m.Name, members, m.Width)
		case m.Kind == KindItems && (members != 0 || m.Width < 0 || m.Width > 1<<14):
			add("modalities[%d] %s: items want a width from 0 to %d and no channels; they have width %d, %d channels", i, m.Name, 1<<14, m.Width, members)
		case m.Kind == KindSeries && (m.Buckets != 0 || m.Encoder != "") || m.Buckets != 0 && (m.Width == 0 || m.Encoder == "" || m.Buckets < 2 || m.Buckets > encoders.MostBuckets || m.Buckets&(m.Buckets-1) != 0):
			add("modalities[%d] %s: buckets %d of words want items with a width and an encoder, and are a power of two from 2 to %d", i, m.Name, m.Buckets, encoders.MostBuckets)
		case m.Encoder != "" && (m.Width == 0 || len(m.Encoder) > 128):
			add("modalities[%d] %s: an encoder %.130q wants a width, for what is to be read of it", i, m.Name, m.Encoder)
		case m.Standardise && (m.Kind != KindItems || m.Width == 0 || m.Buckets != 0):
			add("modalities[%d] %s: standardise wants items with a width and no buckets", i, m.Name)
		case (len(m.Centre) > 0 || len(m.Scale) > 0) && (!m.Standardise || len(m.Centre) != m.Width || len(m.Scale) != m.Width || !usable(m.Centre, m.Scale)):
			add("modalities[%d] %s: want standardise, and a finite centre and a scale above 0 for each of the %d numbers of a vector", i, m.Name, m.Width)
		case m.Kind != KindSeries && m.Kind != KindItems:
			add("modalities[%d] %s: kind %.20q, want %s or %s", i, m.Name, m.Kind, KindSeries, KindItems)
		}
	}
	for i, ch := range c.Channels {
		once("channels", i, ch.Name)
		if !slices.ContainsFunc(c.Modalities, func(m Modality) bool { return m.Name == ch.Modality && m.Kind == KindSeries }) {
			add("channels[%d] %s: %.40q is no series modality of this config", i, ch.Name, ch.Modality)
		}
		if !(ch.Scale > 0) || math.IsInf(ch.Scale, 0) || math.IsNaN(ch.Centre) || math.IsInf(ch.Centre, 0) || !(ch.Low <= ch.High) {
			add("channels[%d] %s: centre %v, scale %v, range %v to %v, want finite, scale above 0, low up to high", i, ch.Name, ch.Centre, ch.Scale, ch.Low, ch.High)
		}
	}
	for i, s := range c.Statics {
		once("statics", i, s)
	}
	if c.Description != nil {
		if err := c.Description.Check(c); err != nil {
			add("%w", err)
		}
	}
	if c.LeastChannels < 0 || c.LeastChannels > len(c.Channels) {
		add("least_channels is %d, want 0 to the number of channels, %d", c.LeastChannels, len(c.Channels))
	}
	for i, t := range c.Tasks {
		once("tasks", i, t.Name)
		if t.Kind != TaskBinary && t.Kind != TaskRegression || t.Report != "" && t.Report != ReportRisk && t.Report != ReportPhenotype {
			add("tasks[%d] %s: kind %.20q, report %.20q; want kind %s or %s, report %s, %s or nothing", i, t.Name, t.Kind, t.Report, TaskBinary, TaskRegression, ReportRisk, ReportPhenotype)
		}
		if !(t.Weight >= 0 && t.Weight < 1e6) || !(math.Abs(t.Bias) < 1e6) {
			add("tasks[%d] %s: weight %v, bias %v, want 0 or more, and finite", i, t.Name, t.Weight, t.Bias)
		}
		for j, k := range t.Calibration {
			if !(k.Scale > 0 && k.Scale < 1e6 && math.Abs(k.Shift) < 1e6 && math.Abs(k.Hours) < 1e6) || j > 0 && !(k.Hours > t.Calibration[j-1].Hours) {
				add("tasks[%d] %s: calibration[%d] is scale %v, shift %v at %v hours, want finite numbers, scale above 0, hours ascending", i, t.Name, j, k.Scale, k.Shift, k.Hours)
			}
		}
		for j, h := range t.Thresholds {
			if !(h.Clear > 0 && h.Clear <= h.At && h.At < 1) || j > 0 && !(h.At > t.Thresholds[j-1].At) {
				add("tasks[%d] %s: thresholds[%d] is %v, clear at %v, want probabilities, clear at most that, ascending", i, t.Name, j, h.At, h.Clear)
			}
		}
	}
	return errs
}

// usable says whether numbers can be put on these scales.
func usable(centre, scale []float32) bool {
	for i, c := range centre {
		if s := float64(scale[i]); math.IsNaN(float64(c)) || math.IsInf(float64(c), 0) || !(s > 0) || math.IsInf(s, 0) {
			return false
		}
	}
	return true
}
