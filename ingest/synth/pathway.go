package synth

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

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

type span time.Duration

func (s *span) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < time.Minute || d > 30*24*time.Hour {
		return fmt.Errorf("line %d: %q is no time from 1m to 720h (want for example 90m)", n.Line, n.Value)
	}
	*s = span(d)
	return nil
}

// or is the span in patient time, or another if it is not given.
func (s span) or(other schemas.Time) schemas.Time {
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
