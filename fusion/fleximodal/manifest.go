package fleximodal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Name is that of the format in recipes.
const Name = "fleximodal"

// ManifestFile is the manifest's name in its directory.
const ManifestFile = "manifest.yaml"

// Manifest says what is in a directory. The package shows one.
type Manifest struct {
	// Format is 1.
	Format     int        `yaml:"format"`
	Name       string     `yaml:"name"`
	About      string     `yaml:"about,omitempty"`
	Window     Window     `yaml:"window"`
	Modalities []Modality `yaml:"modalities"`
	Labels     LabelTable `yaml:"labels"`
}

// Window is how long an example looks back, in the unit of all times of the data.
type Window struct {
	Length float64 `yaml:"length"`
	// Unit is a word for people; nothing is computed with it.
	Unit string `yaml:"unit"`
}

func (w Window) String() string { return fmt.Sprintf("%g %s", w.Length, w.Unit) }

// Modality is one table.
type Modality struct {
	Name string `yaml:"name"`
	// Kind is [Series] or [Items].
	Kind string `yaml:"kind"`
	File string `yaml:"file"`
	// Columns are those that are read: a channel each of a series, one vector together of
	// items.
	Columns []string `yaml:"columns,omitempty,flow"`
}

// The kinds of modalities.
const (
	Series = "series"
	Items  = "items"
)

// LabelTable is the table of what is to be learned, with a column for each task.
type LabelTable struct {
	File  string `yaml:"file"`
	Tasks []Task `yaml:"tasks"`
}

// Task is a column of the labels.
type Task struct {
	Name string `yaml:"name"`
	// Kind is [Binary] or [Regression].
	Kind string `yaml:"kind"`
	// Weight is that of the task's loss; 1 where it is not there.
	Weight *float64 `yaml:"weight,omitempty"`
}

// The kinds of tasks.
const (
	Binary     = "binary"
	Regression = "regression"
)

// ReadManifest reads the manifest of a directory, strictly: an unknown key is an error,
// and so is whatever Check finds. The error says how to mend it.
func ReadManifest(dir string) (*Manifest, error) {
	path := filepath.Join(dir, ManifestFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s in %s: name a directory that has one; `go doc ./fusion/fleximodal` says what belongs in it", ManifestFile, dir)
	}
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(m); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is empty: want format, name, window, modalities and labels", path)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
	}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %s", path, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	return m, nil
}

// Check says all that is wrong with a manifest. It looks at no table.
func (m *Manifest) Check() error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if m.Format != 1 {
		add("format is %d, want 1", m.Format)
	}
	if m.Name == "" || strings.ContainsAny(m.Name, "@ \n") {
		add("name is %q, want a word", m.Name)
	}
	if !(m.Window.Length > 0 && m.Window.Length < 1e12) || m.Window.Unit == "" {
		add("window is length %v, unit %q, want a length above 0 and its unit, as {length: 7, unit: days}", m.Window.Length, m.Window.Unit)
	}
	if len(m.Modalities) == 0 {
		add("there are no modalities")
	}
	if len(m.Labels.Tasks) == 0 {
		add("labels.tasks is empty")
	} else if m.Labels.Tasks[0].Kind != Binary {
		add("the first of labels.tasks is %s: early stopping and the report go by it, and it must be binary", m.Labels.Tasks[0].Name)
	}
	seen := map[string]bool{}
	once := func(where, name string, own ...string) {
		lower := strings.ToLower(name)
		if name == "" || strings.TrimSpace(name) != name || seen[where+lower] || slices.Contains(own, lower) {
			add("%s: the name %q is empty, there twice, or one of the format's own", where, name)
		}
		seen[where+lower] = true
	}
	columns := "column of a series"
	for _, x := range m.Modalities {
		once("modality", x.Name)
		errs = append(errs, fileName("modality "+x.Name, x.File))
		switch {
		case x.Kind == Series && len(x.Columns) == 0:
			add("modality %s: a series wants columns", x.Name)
		case x.Kind != Series && x.Kind != Items:
			add("modality %s: kind is %q, want %s or %s", x.Name, x.Kind, Series, Items)
		}
		for _, c := range x.Columns {
			where := columns
			if x.Kind == Items {
				where = "column of " + x.Name
			}
			once(where, c, "subject", "time")
		}
	}
	errs = append(errs, fileName("labels", m.Labels.File))
	for _, t := range m.Labels.Tasks {
		once("task", t.Name, "subject", "time", "split")
		if t.Kind != Binary && t.Kind != Regression {
			add("task %s: kind is %q, want %s or %s", t.Name, t.Kind, Binary, Regression)
		}
		if t.Weight != nil && !(*t.Weight >= 0 && *t.Weight < 1e6) {
			add("task %s: weight is %v, want 0 or more", t.Name, *t.Weight)
		}
	}
	return errors.Join(errs...)
}

// fileName refuses a name that leads out of the directory or is no CSV.
func fileName(where, name string) error {
	if !filepath.IsLocal(name) || tableName(name) == name {
		return fmt.Errorf("%s: file is %q, want NAME.csv or NAME.csv.gz in the directory of the manifest", where, name)
	}
	return nil
}

// tableName is a file's name as package table wants it, without .csv or .csv.gz; a name
// that has neither comes back as it is.
func tableName(file string) string {
	lower := strings.ToLower(strings.TrimSuffix(strings.ToLower(file), ".gz"))
	if !strings.HasSuffix(lower, ".csv") {
		return file
	}
	return filepath.ToSlash(file[:len(lower)-len(".csv")])
}
