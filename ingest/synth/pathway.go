package synth

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/schemas"
)

//go:embed pathways/*.yaml
var shipped embed.FS

// Pathway is how a patient fares: phases one after the other, each with targets
// that the channels drift to. It is read from a YAML file.
type Pathway struct {
	Name         string   `yaml:"name"`          // empty: the file's
	Diagnosis    string   `yaml:"diagnosis"`     // what the admission note says
	ArterialLine bool     `yaml:"arterial_line"` // pressures of every tick, blood gases
	Leads        []string `yaml:"leads"`         // of the ECG strips; empty: II
	Phases       []Phase  `yaml:"phases"`
}

// Phase is a stretch of a pathway. Channels that it does not name keep their
// target; scatter is the usual one again with each phase.
type Phase struct {
	Name      string             `yaml:"name"`
	Lasts     span               `yaml:"lasts"`
	Targets   map[string]float64 `yaml:"targets"`    // channel: canonical unit
	Settle    span               `yaml:"settle"`     // time constant of the way to the targets; empty: 6m
	Noise     float64            `yaml:"noise"`      // times the usual scatter; 0: 1
	Scatter   map[string]float64 `yaml:"scatter"`    // channel: times its usual scatter, instead of Noise
	Rhythm    string             `yaml:"rhythm"`     // sinus, af, vt; empty: as before
	Note      string             `yaml:"note"`       // written soon after its begin; {heart_rate} is the value then
	Image     string             `yaml:"image"`      // modality of a study ordered at its begin
	Labs      []string           `yaml:"labs"`       // drawn at its begin, besides the regular ones
	LabsEvery span               `yaml:"labs_every"` // regular ones; empty: 6h
	Bed       string             `yaml:"bed"`        // moved there at its begin; {bed} is the number of the first one
}

// span is a duration of a pathway file, 1 minute to 30 days; zero where the file has none.
type span time.Duration

// UnmarshalYAML reads what time.ParseDuration reads.
func (s *span) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < time.Minute || d > 30*24*time.Hour {
		return fmt.Errorf("line %d: %q is no time from 1m to 720h (want for example 90m)", n.Line, n.Value)
	}
	*s = span(d)
	return nil
}

// orElse is the span in patient time, or another where the file has none.
func (s span) orElse(other schemas.Time) schemas.Time {
	if s == 0 {
		return other
	}
	return schemas.Time(time.Duration(s).Milliseconds())
}

// Pathways reads all *.yaml files of a folder, by name; nil reads the shipped ones.
// An error names the file, the place, and what is expected.
func Pathways(files fs.FS) ([]Pathway, error) {
	if files == nil {
		sub, err := fs.Sub(shipped, "pathways")
		if err != nil {
			return nil, err
		}
		files = sub
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("pathway files: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("there are no pathway files (want at least one *.yaml)")
	}
	slices.Sort(names)
	var all []Pathway
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("pathway %s: %w", name, err)
		}
		p, err := parse(b)
		if err != nil {
			return nil, fmt.Errorf("pathway %s: %w", name, err)
		}
		if p.Name == "" {
			p.Name = strings.TrimSuffix(path.Base(name), ".yaml")
		}
		if slices.ContainsFunc(all, func(other Pathway) bool { return other.Name == p.Name }) {
			return nil, fmt.Errorf("pathway %s: name %q is that of another file (want one name a file)", name, p.Name)
		}
		all = append(all, p)
	}
	return all, nil
}

// parse reads one pathway strictly: a field that is misspelt is an error.
func parse(b []byte) (p Pathway, err error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&p); errors.Is(err, io.EOF) {
		return p, errors.New("the file is empty (want name, diagnosis, phases)")
	} else if err != nil {
		return p, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return p, errors.New("something follows the first YAML document (want one pathway a file)")
	}
	return p, p.check()
}

// rhythms are those that a strip can have.
var rhythms = []string{"sinus", "af", "vt"}

// check holds a pathway to what can be played. The error says where, what, and what is expected.
// Maps are looked at in the order of their keys, so that the first error is always the same.
func (p *Pathway) check() error {
	if len(p.Phases) == 0 {
		return errors.New("phases is missing (want at least one phase)")
	}
	if len(p.Leads) > 12 || slices.Contains(p.Leads, "") {
		return fmt.Errorf("leads %q: want at most 12 names such as II", p.Leads)
	}
	if err := text("diagnosis", p.Diagnosis); err != nil {
		return err
	}
	for i := range p.Phases {
		if err := p.Phases[i].check(); err != nil {
			return fmt.Errorf("phases[%d] %q: %w", i, p.Phases[i].Name, err)
		}
	}
	return nil
}

// check holds one phase to what can be played.
func (ph *Phase) check() error {
	if ph.Name == "" {
		return errors.New("name is missing (want for example shock)")
	}
	if ph.Lasts == 0 {
		return errors.New("lasts is missing (want for example 90m)")
	}
	if ph.Rhythm != "" && !slices.Contains(rhythms, ph.Rhythm) {
		return fmt.Errorf("rhythm %q: want one of %s", ph.Rhythm, strings.Join(rhythms, ", "))
	}
	if !(ph.Noise >= 0 && ph.Noise <= 10) {
		return fmt.Errorf("noise %v: want 0 to 10", ph.Noise)
	}
	for _, name := range slices.Sorted(maps.Keys(ph.Targets)) {
		if err := known("targets", name); err != nil {
			return err
		}
		c, _ := schemas.ChannelByName(name)
		if _, _, problem := c.Convert(ph.Targets[name], ""); problem != nil {
			return fmt.Errorf("targets: %s %v is implausible: want %s", name, ph.Targets[name], problem.Expected)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ph.Scatter)) {
		if err := known("scatter", name); err != nil {
			return err
		}
		if v := ph.Scatter[name]; !(v >= 0 && v <= 10) {
			return fmt.Errorf("scatter: %s %v: want 0 to 10", name, v)
		}
	}
	for _, name := range ph.Labs {
		if i := position(name); i < 0 || usual[i].device != lab {
			return fmt.Errorf("labs: %q is no laboratory value of the unit (want of %s)", name, names(func(m *measured) bool { return m.device == lab }))
		}
	}
	for _, found := range placeholder.FindAllStringSubmatch(ph.Note, -1) {
		if err := known("note", found[1]); err != nil {
			return err
		}
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(ph.Note, ""), "{}") {
		return fmt.Errorf("note %q: want channels in braces, such as {heart_rate}", ph.Note)
	}
	for _, field := range [...][2]string{{"note", ph.Note}, {"image", ph.Image}, {"bed", ph.Bed}} {
		if err := text(field[0], field[1]); err != nil {
			return err
		}
	}
	return nil
}

// placeholder is where a note tells a value: a channel in braces.
var placeholder = regexp.MustCompile(`\{([a-z0-9_]+)\}`)

// text bounds what a file may say in a field.
func text(field, s string) error {
	if len(s) > 4096 || !utf8.ValidString(s) {
		return fmt.Errorf("%s: %d bytes of text: want at most 4096 of valid UTF-8", field, len(s))
	}
	return nil
}

// known says of a channel that the unit does not measure whether Vigil knows it at all.
func known(field, channel string) error {
	if position(channel) >= 0 {
		return nil
	}
	if _, ok := schemas.ChannelByName(channel); !ok {
		return fmt.Errorf("%s: there is no channel %q (want of %s)", field, channel, names(func(*measured) bool { return true }))
	}
	return fmt.Errorf("%s: the unit does not measure %q (want of %s)", field, channel, names(func(*measured) bool { return true }))
}

// names lists channels of the unit, for people.
func names(want func(*measured) bool) string {
	var out []string
	for i := range usual {
		if want(&usual[i]) {
			out = append(out, usual[i].name)
		}
	}
	return strings.Join(out, ", ")
}
