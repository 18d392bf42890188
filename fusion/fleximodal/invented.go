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

// Invented is how many subjects [Generate] makes for each part.
type Invented struct{ Train, Validation, Test int }

// Usual is the size of the comparison in package lab.
var Usual = Invented{Train: 3000, Validation: 600, Test: 2400}

// The invented set is of pumps that are watched for a week. Two signals go up and down:
// the amplitude of the vibration, read often, and the pressure, read seldom; each
// modality has a level of its own beside it (pitch, flow). What is dangerous depends on
// the regime a pump runs in, and only the inspections tell that one:
//
//	regime      share   risk goes with
//	pulsing     0.5     signals that rise and fall together
//	throttled   0.25    signals that go against each other
//	steady      0.25    levels on the same side of their means
//
// in all of them a little with the level of the vibration. No modality tells more than
// that little alone, and whether the signals go together is to be seen only where their
// times are compared.
const (
	days      = 7
	pulsing   = 0.5
	throttled = 0.25
	// coupling is the correlation of the two signals, or its negative.
	coupling = 0.9
	// strength is that of the regime's rule, in logits.
	strength = 2.5
	// levelRisk is what one deviation of the vibration's level adds, in logits.
	levelRisk = 0.6
	// noVib, noProcess and noInspect are how often a pump lacks the modality.
	noVib     = 0.12
	noProcess = 0.12
	noInspect = 0.2
	// unread is how often a field of a series is empty.
	unread = 0.3
	// unusable is how often an inspection has an empty vector.
	unusable   = 0.05
	vectorSize = 6
)

// Streams of the generator's draws; the row is the subject.
const (
	nature = iota // of a pump
	vibrationTimes
	processTimes
	inspections
)

// pump is one subject.
type pump struct {
	regime int
	// together is 1 where the signals rise and fall together, and -1 where they do not.
	together      float64
	level         [2]float64
	signal, other waves
	failed        bool
	// missing is of vibration, process and inspection.
	missing [3]bool
}

// waves is a sum of two sines of variance 1, by their turns a window and phases.
type waves struct{ turns, phase [2]float64 }

// at is the sum at time t, in days.
func (w waves) at(t float64) float64 {
	sum := 0.0
	for i := range w.turns {
		sum += math.Sin(2*math.Pi*w.turns[i]*t/days + w.phase[i])
	}
	return sum
}

// drawWaves draws a wave from four numbers of a row, the first of which is at.
func drawWaves(r nn.Row, at uint64) waves {
	return waves{
		turns: [2]float64{1 + r.Uniform(at), 2 + r.Uniform(at+1)},
		phase: [2]float64{2 * math.Pi * r.Uniform(at+2), 2 * math.Pi * r.Uniform(at+3)},
	}
}

// drawPump draws a subject: its regime, its signals, whether it fails, and what is
// missing of it; never everything.
func drawPump(d nn.Draw, subject int) pump {
	r := d.Row(nature, uint64(subject))
	p := pump{together: 1, level: [2]float64{r.Normal(0), r.Normal(1)}, signal: drawWaves(r, 10), other: drawWaves(r, 20)}
	switch u := r.Uniform(2); {
	case u < pulsing:
	case u < pulsing+throttled:
		p.regime = 1
	default:
		p.regime = 2
	}
	if r.Uniform(3) < 0.5 {
		p.together = -1
	}
	rule := p.together
	switch p.regime {
	case 1:
		rule = -p.together
	case 2:
		rule = math.Tanh(2 * p.level[0] * p.level[1])
	}
	logit := strength*rule + levelRisk*p.level[0]
	p.failed = r.Uniform(4) < 1/(1+math.Exp(-logit))
	p.missing = [3]bool{r.Uniform(5) < noVib, r.Uniform(6) < noProcess, r.Uniform(7) < noInspect}
	if p.missing == [3]bool{true, true, true} {
		p.missing[0] = false
	}
	return p
}

// vibration is the amplitude at t, as it is before what reads it errs.
func (p *pump) vibration(t float64) float64 { return p.signal.at(t) }

// pressure is the pressure at t, likewise; it goes with or against the vibration.
func (p *pump) pressure(t float64) float64 {
	return p.together*coupling*p.signal.at(t) + math.Sqrt(1-coupling*coupling)*p.other.at(t)
}

// inspection is the vector of one: two of its numbers stand for each regime.
func (p *pump) inspection(r nn.Row, at uint64) (v [vectorSize]float64) {
	for i := range v {
		v[i] = 0.5 * r.Normal(at+uint64(i))
	}
	v[2*p.regime]++
	v[2*p.regime+1]--
	return v
}

// inventedManifest is that of the generated directory.
var inventedManifest = Manifest{
	Format: 1, Name: "pumps", About: "invented: pumps that fail or not; what is dangerous depends on the regime",
	Window: Window{Length: days, Unit: "days"},
	Modalities: []Modality{
		{"vibration", Series, "vibration.csv", []string{"amplitude", "pitch"}},
		{"process", Series, "process.csv", []string{"pressure", "flow"}},
		{"inspection", Items, "inspection.csv", []string{"v1", "v2", "v3", "v4", "v5", "v6"}},
	},
	Labels: LabelTable{File: "labels.csv", Tasks: []Task{{Name: "failure", Kind: Binary}}},
}

// Generate writes an invented directory of three modalities; dir must not be there yet.
// The same seed and sizes give the same bytes. Errors are those of the file system.
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

// write writes what is read of a pump in its week, and whether it failed.
func (p *pump) write(tables *[4]tableFile, subject string, split Part, d nn.Draw, row uint64) {
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

// create makes the file and writes its header.
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

// close writes out what is left, and returns the first error of all.
func (f *tableFile) close() error {
	if f.file == nil {
		return f.err
	}
	if f.err == nil {
		f.err = f.to.Flush()
	}
	return errors.Join(f.err, f.file.Close())
}
