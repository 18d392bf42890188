package fleximodal

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// inventedManifest is that of the generated directory.
var inventedManifest = Manifest{
	Format: 1, Name: "pumps", About: "invented: pumps that fail or not; what is dangerous depends on the regime",
	Window: Window{Length: days, Unit: "days"},
	Modalities: []Modality{
		{"vibration", Series, "vibration.csv", []string{"amplitude", "pitch"}},
		{"process", Series, "process.csv", []string{"pressure", "flow"}},
		{"inspection", Items, "inspection.csv", []string{"v1", "v2", "v3", "v4", "v5", "v6"}},
	},
	Labels: Labels{File: "labels.csv", Tasks: []Task{{Name: "failure", Kind: Binary}}},
}

// Generate writes an invented directory of three modalities; dir must not be there. The
// same seed and sizes give the same bytes. Errors are those of the file system.
func Generate(dir string, seed uint64, size Invented) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	text, err := yaml.Marshal(&inventedManifest)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestFile), text, 0o644); err != nil {
		return err
	}
	var tables [4]tableFile
	for i, m := range inventedManifest.Modalities {
		tables[i].create(dir, m.File, append([]string{"subject", "time"}, m.Columns...))
	}
	tables[3].create(dir, inventedManifest.Labels.File, []string{"subject", "split", "failure"})
	d := nn.Draw{Seed: seed}
	for i := range size.Train + size.Validation + size.Test {
		split := Train
		switch {
		case i >= size.Train+size.Validation:
			split = Test
		case i >= size.Train:
			split = Validation
		}
		p := drawPump(d, i)
		p.write(&tables, fmt.Sprintf("p%05d", i+1), split, d, uint64(i))
	}
	for i := range tables {
		err = errors.Join(err, tables[i].close())
	}
	return err
}

func (p *pump) write(tables *[4]tableFile, subject string, split Split, d nn.Draw, row uint64) {
	level := func(k int, r nn.Row, at uint64) float64 { return p.level[k] + 0.3*r.Normal(at) }
	if r := d.Row(vibrationTimes, row); !p.missing[0] {
		for k := range 20 + uint64(21*r.Uniform(0)) {
			t := days * r.Uniform(10*k+1)
			tables[0].row(subject, t, seen(r, 10*k+2, 4+1.5*p.vibration(t)+0.3*r.Normal(10*k+3)), seen(r, 10*k+4, 120+15*level(0, r, 10*k+5)))
		}
	}
	if r := d.Row(processTimes, row); !p.missing[1] {
		for k := range 10 + uint64(7*r.Uniform(0)) {
			t := days * r.Uniform(10*k+1)
			tables[1].row(subject, t, seen(r, 10*k+2, 6+0.8*p.pressure(t)+0.15*r.Normal(10*k+3)), seen(r, 10*k+4, 40+6*level(1, r, 10*k+5)))
		}
	}
	if r := d.Row(inspections, row); !p.missing[2] {
		for k := range 1 + uint64(3*r.Uniform(0)) {
			v := p.inspection(r, 20*k+3)
			if r.Uniform(20*k+2) < unusable {
				for i := range v {
					v[i] = math.NaN()
				}
			}
			tables[2].row(subject, days*r.Uniform(20*k+1), v[:]...)
		}
	}
	failed := "0"
	if p.failed {
		failed = "1"
	}
	tables[3].line(subject, string(split), failed)
}

// seen is the value, or NaN where it was not read.
func seen(r nn.Row, at uint64, v float64) float64 {
	if r.Uniform(at) < unread {
		return math.NaN()
	}
	return v
}

// tableFile is a CSV file being written; its first error is kept.
type tableFile struct {
	file *os.File
	to   *bufio.Writer
	err  error
}

func (f *tableFile) create(dir, name string, header []string) {
	if f.file, f.err = os.Create(filepath.Join(dir, name)); f.err == nil {
		f.to = bufio.NewWriter(f.file)
		f.line(header...)
	}
}

// row writes numbers, NaN as an empty field.
func (f *tableFile) row(subject string, t float64, values ...float64) {
	fields := []string{subject, strconv.FormatFloat(t, 'f', 4, 64)}
	for _, v := range values {
		text := ""
		if !math.IsNaN(v) {
			text = strconv.FormatFloat(v, 'f', 4, 64)
		}
		fields = append(fields, text)
	}
	f.line(fields...)
}

// line writes fields, none of which wants quotes.
func (f *tableFile) line(fields ...string) {
	if f.err != nil {
		return
	}
	for i, field := range fields {
		if i > 0 {
			f.to.WriteByte(',')
		}
		f.to.WriteString(field)
	}
	f.err = f.to.WriteByte('\n') // the writer keeps the first error
}

func (f *tableFile) close() error {
	if f.file == nil {
		return f.err
	}
	if f.err == nil {
		f.err = f.to.Flush()
	}
	return errors.Join(f.err, f.file.Close())
}
