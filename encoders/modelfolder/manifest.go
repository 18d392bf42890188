package modelfolder

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// FileName is that of what says what is in a folder.
const FileName = "encoder.json"

// Manifest is encoder.json.
type Manifest struct {
	ID       string `yaml:"id"`
	Version  string `yaml:"version"`
	Modality string `yaml:"modality"` // notes, ecg or imaging
	Dim      int    `yaml:"dim"`      // the length of its vectors
	License  string `yaml:"license"`
	Source   string `yaml:"source"` // where it comes from, for people

	Network Network `yaml:"network"`
	Text    *Text   `yaml:"text"`  // of an encoder of notes whose network takes tokens
	Image   *Image  `yaml:"image"` // of one of images
	Strip   *Strip  `yaml:"strip"` // of one of ECG strips
	Golden  Golden  `yaml:"golden"`
}

// Network says where the network is: a file of the folder, or a server.
type Network struct {
	File   string `yaml:"file"`
	SHA256 string `yaml:"sha256"`

	Protocol  string `yaml:"protocol"` // kserve, kserve-grpc, tei or openai
	Address   string `yaml:"address"`  // https://host:port; host:port of kserve-grpc
	Model     string `yaml:"model"`    // its name there
	Version   string `yaml:"version"`  // of the model there; empty: the server's choice
	TimeoutMS int    `yaml:"timeout_ms"`
	CA        string `yaml:"ca"`             // file of the folder with the authorities to trust in place of the machine's
	Token     string `yaml:"token_variable"` // environment variable with a bearer token; begins with VIGIL_
	Plaintext bool   `yaml:"plaintext"`      // without TLS, to this machine only
}

// Text says how a note becomes tokens, and tokens a vector.
type Text struct {
	Tokenizer string `yaml:"tokenizer"`
	// The names of the network's inputs; Types may be absent from the network.
	IDs   string `yaml:"ids"`
	Mask  string `yaml:"mask"`
	Types string `yaml:"types"`
	// Output has a vector for each token, or one for the text where Pooling is pooler.
	Output    string `yaml:"output"`
	MaxTokens int    `yaml:"max_tokens"` // of one pass, with the special ones
	Stride    int    `yaml:"stride"`     // tokens from the begin of one pass to that of the next
	MaxPasses int    `yaml:"max_passes"` // what is behind them is not read
	Pooling   string `yaml:"pooling"`    // cls, pooler, mean or mean_max
	Normalize bool   `yaml:"normalize"`  // to length 1
}

// Image says what the network's input is of a picture.
type Image struct {
	Input    string  `yaml:"input"`
	Output   string  `yaml:"output"`
	Side     int     `yaml:"side"`     // pixels
	Channels int     `yaml:"channels"` // 1, or 3 of the same grey
	Low      float64 `yaml:"low"`      // what black becomes
	High     float64 `yaml:"high"`     // what white becomes
	// Mean and SD of each channel, where the network wants (x - mean) / sd behind that.
	Mean []float64 `yaml:"mean"`
	SD   []float64 `yaml:"sd"`
}

// Strip says what the network's input is of an ECG strip, [1, leads, samples].
type Strip struct {
	Input   string   `yaml:"input"`
	Output  string   `yaml:"output"`
	Leads   []string `yaml:"leads"` // in the network's order
	RateHz  int      `yaml:"rate_hz"`
	Samples int      `yaml:"samples"`
	PerMV   float64  `yaml:"per_mv"`  // what a millivolt becomes; 0: 1
	Take    string   `yaml:"take"`    // which samples of a longer strip: first or last
	Missing string   `yaml:"missing"` // a lead that a strip does not have: refuse or zero
	Short   string   `yaml:"short"`   // a strip with fewer samples: refuse or zero, behind its end
}

// Golden names the inputs whose vectors are known.
type Golden struct {
	File      string  `yaml:"file"`
	Tolerance float64 `yaml:"tolerance"` // of a number x: tolerance times (1 + |x|)
}

var (
	idPattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$`)
	tokenPattern = regexp.MustCompile(`^VIGIL_[A-Z0-9_]{1,60}$`)
)

// Sizes that a folder may ask for.
const (
	MaxDim       = encoders.MaxVector // what is kept of an item
	maxTokens    = 8192
	maxPasses    = 64
	maxSide      = 2048
	maxSamples   = 1 << 20
	maxLeads     = 64
	maxTimeoutMS = 60_000
)

// ReadManifest reads encoder.json, strictly.
func ReadManifest(file []byte) (*Manifest, error) {
	m := &Manifest{}
	// JSON is YAML but for tabs between its words; in a text they cannot stand.
	if err := yamlfile.Decode(bytes.ReplaceAll(file, []byte("\t"), []byte(" ")), m); err != nil {
		return nil, err
	}
	m.fill()
	return m, m.check()
}

// fill puts in what is meant where nothing is said.
func (m *Manifest) fill() {
	otherwise := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if m.Network.TimeoutMS == 0 {
		m.Network.TimeoutMS = 2000
	}
	if t := m.Text; t != nil {
		otherwise(&t.Tokenizer, "tokenizer.json")
		otherwise(&t.IDs, "input_ids")
		otherwise(&t.Mask, "attention_mask")
		otherwise(&t.Types, "token_type_ids")
		otherwise(&t.Output, "last_hidden_state")
		if t.MaxTokens == 0 {
			t.MaxTokens = 512
		}
		if t.Stride == 0 {
			t.Stride = max(1, (t.MaxTokens-2)*3/4)
		}
		if t.MaxPasses == 0 {
			t.MaxPasses = 16
		}
	}
	if i := m.Image; i != nil && i.Channels == 0 {
		i.Channels = 1
	}
	if s := m.Strip; s != nil {
		if s.PerMV == 0 {
			s.PerMV = 1
		}
		otherwise(&s.Take, "first")
		otherwise(&s.Missing, "refuse")
		otherwise(&s.Short, "refuse")
	}
	otherwise(&m.Golden.File, "golden.json")
	if m.Golden.Tolerance == 0 {
		m.Golden.Tolerance = 1e-4
	}
}

// wants is an error of a field: what was found, and what it may be.
func wants(field string, found any, expected string) error {
	return fmt.Errorf("%s: found %v, expected %s", field, found, expected)
}

// oneOf refuses a word that is none of those.
func oneOf(field, found string, words ...string) error {
	if slices.Contains(words, found) {
		return nil
	}
	return wants(field, fmt.Sprintf("%q", found), "one of "+strings.Join(words, ", "))
}

func within(field string, found, least, most int) error {
	if found < least || found > most {
		return wants(field, found, fmt.Sprintf("%d to %d", least, most))
	}
	return nil
}

func matching(field, found string, pattern *regexp.Regexp) error {
	if !pattern.MatchString(found) {
		return wants(field, fmt.Sprintf("%.80q", found), "what matches "+pattern.String())
	}
	return nil
}

func (m *Manifest) check() error {
	if err := errors.Join(
		matching("id", m.ID, idPattern), matching("version", m.Version, idPattern),
		oneOf("modality", m.Modality, encoders.Names[encoders.Notes], encoders.Names[encoders.ECG], encoders.Names[encoders.Imaging]),
		within("dim", m.Dim, 1, MaxDim),
	); err != nil {
		return err
	}
	if m.License == "" || m.Source == "" {
		return errors.New("license and source must say under which licence the encoder is used and where it comes from")
	}
	if !(m.Golden.Tolerance > 0 && m.Golden.Tolerance <= 0.1) {
		return wants("golden.tolerance", m.Golden.Tolerance, "above 0, at most 0.1")
	}
	if err := m.Network.check(m.Modality); err != nil {
		return err
	}
	return m.checkInput()
}

func (n *Network) check(modality string) error {
	switch {
	case (n.File == "") == (n.Protocol == ""):
		return errors.New("network: want either file and sha256, or protocol and address")
	case n.File != "" && (n.Address != "" || n.Model != "" || n.CA != "" || n.Token != "" || n.Plaintext):
		return errors.New("network: address, model, ca, token_variable and plaintext belong to a server, and there is a file")
	case n.File != "":
		if b, err := hex.DecodeString(n.SHA256); err != nil || len(b) != 32 {
			return wants("network.sha256", fmt.Sprintf("%.70q", n.SHA256), "the SHA-256 of "+n.File+", 64 hexadecimal digits, as `sha256sum` prints it")
		}
		return nil
	}
	if err := errors.Join(
		oneOf("network.protocol", n.Protocol, "kserve", "kserve-grpc", "tei", "openai"),
		within("network.timeout_ms", n.TimeoutMS, 10, maxTimeoutMS),
	); err != nil {
		return err
	}
	switch {
	case n.Address == "":
		return errors.New("network.address: found none, expected https://host:port, or host:port of kserve-grpc")
	case n.Protocol != "tei" && !namePattern.MatchString(strings.ReplaceAll(n.Model, "/", ".")):
		return wants("network.model", fmt.Sprintf("%.80q", n.Model), "the model's name on the server")
	case n.Version != "" && !namePattern.MatchString(n.Version):
		return wants("network.version", fmt.Sprintf("%.80q", n.Version), "a version of the model on the server")
	case n.Token != "" && !tokenPattern.MatchString(n.Token):
		return wants("network.token_variable", fmt.Sprintf("%.80q", n.Token), "a name that begins with VIGIL_, so that no other secret of this process leaves it")
	case n.Text() && modality != encoders.Names[encoders.Notes]:
		return wants("network.protocol", n.Protocol+" of modality "+modality, "kserve or kserve-grpc: this one takes text")
	}
	return nil
}

// Text says whether the server takes a text as it is.
func (n *Network) Text() bool { return n.Protocol == "tei" || n.Protocol == "openai" }

// checkInput wants the one section that says how the network is fed.
func (m *Manifest) checkInput() error {
	want := map[string]string{"notes": "text", "ecg": "strip", "imaging": "image"}[m.Modality]
	for _, s := range []struct {
		name string
		is   bool
	}{{"text", m.Text != nil}, {"strip", m.Strip != nil}, {"image", m.Image != nil}} {
		switch wanted := s.name == want && !m.Network.Text(); {
		case s.is && !wanted:
			return fmt.Errorf("%s: an encoder of %s by %s has no such section", s.name, m.Modality, m.Network.kind())
		case !s.is && wanted:
			return fmt.Errorf("%s: the section is missing, which says how the network is fed", s.name)
		}
	}
	switch {
	case m.Text != nil:
		return m.Text.check(m.Dim)
	case m.Strip != nil:
		return m.Strip.check()
	case m.Image != nil:
		return m.Image.check()
	}
	return nil
}

func (n *Network) kind() string {
	if n.File != "" {
		return "a file"
	}
	return n.Protocol
}

func (t *Text) check(dim int) error {
	err := errors.Join(
		within("text.max_tokens", t.MaxTokens, 3, maxTokens), within("text.stride", t.Stride, 1, t.MaxTokens),
		within("text.max_passes", t.MaxPasses, 1, maxPasses), oneOf("text.pooling", t.Pooling, "cls", "pooler", "mean", "mean_max"),
	)
	if err == nil && t.Pooling == "mean_max" && dim%2 != 0 {
		err = wants("dim", dim, "an even number: mean_max is two vectors of the network's width")
	}
	return err
}

func (i *Image) check() error {
	if err := errors.Join(within("image.side", i.Side, 1, maxSide), oneOf("image.channels", fmt.Sprint(i.Channels), "1", "3")); err != nil {
		return err
	}
	if !finite(i.Low, i.High) || i.Low == i.High {
		return wants("image.low and high", fmt.Sprint(i.Low, " and ", i.High), "what black and white become, for example -1024 and 1024")
	}
	if i.Input == "" || i.Output == "" {
		return errors.New("image: input and output name those of the network")
	}
	if len(i.Mean) != len(i.SD) || len(i.Mean) != 0 && len(i.Mean) != i.Channels {
		return wants("image.mean and sd", fmt.Sprintf("%d and %d numbers", len(i.Mean), len(i.SD)), "one of each for every channel, or none")
	}
	if !finite(i.Mean...) || !finite(i.SD...) || slices.Contains(i.SD, 0) {
		return wants("image.mean and sd", fmt.Sprint(i.Mean, i.SD), "finite numbers, no sd 0")
	}
	return nil
}

func (s *Strip) check() error {
	if err := errors.Join(
		within("strip.rate_hz", s.RateHz, 1, 20_000), within("strip.samples", s.Samples, 1, maxSamples), within("strip.leads", len(s.Leads), 1, maxLeads),
		oneOf("strip.take", s.Take, "first", "last"), oneOf("strip.missing", s.Missing, "refuse", "zero"), oneOf("strip.short", s.Short, "refuse", "zero"),
	); err != nil {
		return err
	}
	if s.Samples*len(s.Leads) > maxSamples {
		return wants("strip.samples", s.Samples, fmt.Sprintf("at most %d numbers in all leads", maxSamples))
	}
	if !finite(s.PerMV) {
		return wants("strip.per_mv", s.PerMV, "a finite number")
	}
	if s.Input == "" || s.Output == "" {
		return errors.New("strip: input and output name those of the network")
	}
	for i, lead := range s.Leads {
		if lead == "" || len(lead) > schemas.MaxID || slices.ContainsFunc(s.Leads[:i], func(other string) bool { return strings.EqualFold(other, lead) }) {
			return wants("strip.leads", fmt.Sprintf("%.80q", lead), "names, each once")
		}
	}
	return nil
}

func finite(numbers ...float64) bool {
	return !slices.ContainsFunc(numbers, func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
}

// Name is id and version, as they stand in the log.
func (m *Manifest) Name() string { return m.ID + "/" + m.Version }
