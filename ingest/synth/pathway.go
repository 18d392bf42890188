package synth

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vigil-icu/vigil/schemas"
)

//go:embed pathways/*.yaml
var shipped embed.FS

// Pathway is how a patient fares: phases one after the other, each with targets
// that the channels drift to. It is read from a YAML file.
type Pathway struct {
	Name      string  `yaml:"name"`
	Diagnosis string  `yaml:"diagnosis"` // what the admission note says
	Phases    []Phase `yaml:"phases"`
}

// Phase is a stretch of a pathway. Channels that it does not name keep their
// target.
type Phase struct {
	Name    string             `yaml:"name"`
	Lasts   span               `yaml:"lasts"`
	Targets map[string]float64 `yaml:"targets"` // canonical units
	Noise   float64            `yaml:"noise"`   // times the channel's usual scatter; 0: 1
	Rhythm  string             `yaml:"rhythm"`  // sinus, af, vt; empty: as before
	Note    string             `yaml:"note"`    // written at its begin
	Image   string             `yaml:"image"`   // modality of a study ordered at its begin
	Labs    []string           `yaml:"labs"`    // drawn at its begin, besides the daily ones
}

type span time.Duration

func (s *span) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d <= 0 || d > 30*24*time.Hour {
		return fmt.Errorf("line %d: %q is no time above 0 (want for example 90m)", n.Line, n.Value)
	}
	*s = span(d)
	return nil
}

func (s span) ms() schemas.Time { return schemas.Time(time.Duration(s).Milliseconds()) }

// Pathways reads all *.yaml files of a folder; nil reads the shipped ones. An error
// names the file, the place and what is expected.
func Pathways(files fs.FS) ([]Pathway, error) {
	if files == nil {
		sub, err := fs.Sub(shipped, "pathways")
		if err != nil {
			return nil, err
		}
		files = sub
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no pathway files (*.yaml) there: %v", err)
	}
	slices.Sort(names)
	var all []Pathway
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		var p Pathway
		d := yaml.NewDecoder(bytes.NewReader(b))
		d.KnownFields(true)
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("pathway %s: %w", name, err)
		}
		if p.Name == "" {
			p.Name = strings.TrimSuffix(path.Base(name), ".yaml")
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("pathway %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func (p *Pathway) check() error {
	if len(p.Phases) == 0 {
		return fmt.Errorf("it has no phases (want at least one)")
	}
	for i, ph := range p.Phases {
		if ph.Lasts <= 0 {
			return fmt.Errorf("phases[%d] %q: lasts is missing (want for example 90m)", i, ph.Name)
		}
		if ph.Rhythm != "" && !slices.Contains([]string{"sinus", "af", "vt"}, ph.Rhythm) {
			return fmt.Errorf("phases[%d] %q: rhythm %q, want sinus, af or vt", i, ph.Name, ph.Rhythm)
		}
		if !(ph.Noise >= 0 && ph.Noise <= 10) {
			return fmt.Errorf("phases[%d] %q: noise %v, want 0 to 10", i, ph.Name, ph.Noise)
		}
		for name, v := range ph.Targets {
			c, ok := schemas.ChannelByName(name)
			if !ok {
				return fmt.Errorf("phases[%d] %q: no channel %q", i, ph.Name, name)
			}
			if _, known := usual[name]; !known {
				return fmt.Errorf("phases[%d] %q: the unit does not measure %q", i, ph.Name, name)
			}
			if _, problem := c.Convert(v, ""); problem != nil || math.IsNaN(v) {
				return fmt.Errorf("phases[%d] %q: %s %v is implausible", i, ph.Name, name, v)
			}
		}
		for _, name := range ph.Labs {
			if u, known := usual[name]; !known || u.kind != lab {
				return fmt.Errorf("phases[%d] %q: %q is no laboratory value of the unit", i, ph.Name, name)
			}
		}
	}
	return nil
}
