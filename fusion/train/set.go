package train

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Example is one stay as of one moment, as small as it can be kept: its cells before the
// scale, so that scales and edges can be fitted to the training part of a set.
type Example struct {
	Stay string
	// Patient is "domain:id"; sets are parted by it.
	Patient string
	AsOf    schemas.Time
	// At is how many full hours after admission that is.
	At int
	// Hours is for how many hours there is data in the window.
	Hours int

	Series       vitals.Packed
	Statics      []float32
	StaticsKnown []bool
	// Items are in the order of Set.Items.
	Items []encoders.Items

	// Labels are in the order of Set.Tasks, NaN where one is not known.
	Labels []float32
	// Teacher is a probability of task 0, NaN where there is none.
	Teacher float32
}

// Set is the examples of a source. Their order is that of patients, stays, moments.
type Set struct {
	// Source is "dataset@hash": a whole SHA-256, over the labels too where the data set has
	// them in tables of their own.
	Source string
	// Edition is that of the recorded source, see [source.Edition]: it knows no labels.
	Edition  string
	Rows     source.RowCount
	Channels []vitals.Channel
	// Names are those of the channels, where they are not those of the channel table.
	Names    []string
	Statics  []vitals.Static
	Items    []ItemModality
	Cells    int
	Tasks    []string
	Examples []Example

	// ideal, of invented stays, is the probability of the first task for who knows all that the data
	// of some modalities can tell; else nil.
	ideal func(stay string, modalities []string) float64
}

// ItemModality is one of the modalities that a set has items of.
type ItemModality struct {
	Which encoders.Modality
	encoders.Content
}

// Shape is that of the inputs that [Set.Fill] fills.
func (s *Set) Shape() encoders.Shape {
	shape := encoders.Shape{Channels: len(s.Channels), Cells: s.Cells, Statics: len(s.Statics)}
	for _, m := range s.Items {
		shape.Items = append(shape.Items, m.Content)
	}
	return shape
}

// Fill fills an input of the set's shape with an example, on the scales of channels.
// change is what is done to the cells before they are put on the scale, such as thinning
// and shortening; with nil nothing is, and the bits are those that serving fills.
func (s *Set) Fill(in *encoders.Input, example int, channels []vitals.Channel, change func(*encoders.Input)) {
	e := &s.Examples[example]
	e.Series.Unpack(&in.Series)
	in.Hours = float32(e.Hours)
	copy(in.Statics, e.Statics)
	copy(in.StaticsKnown, e.StaticsKnown)
	for k := range e.Items {
		in.Items[k].Copy(&e.Items[k])
	}
	if change != nil {
		change(in)
	}
	vitals.Standardise(&in.Series, channels)
	vitals.Statistics(in)
}

// FitScales returns the set's channels with centre and scale of the given examples, which
// must be those of training. A channel that was seen too seldom, or is nearly always the
// same, such as ventilation that is charted only where there is some, has centre 0 and
// scale 1.
func (s *Set) FitScales(examples []int) []vitals.Channel {
	means := make([][]float32, len(s.Channels))
	for _, i := range examples {
		s.Examples[i].Series.EachMean(s.Cells, func(channel int, mean float32) {
			means[channel] = append(means[channel], mean)
		})
	}
	channels := make([]vitals.Channel, len(s.Channels))
	for i, c := range s.Channels {
		var ok bool
		if c.Centre, c.Scale, ok = vitals.FitScale(means[i]); !ok {
			c.Centre, c.Scale = 0, 1
		}
		channels[i] = c
	}
	return channels
}

// FitItemScales returns centre and scale [width] of the numbers of the vectors that the examples have of
// one of the set's item modalities. The examples must be those of training. What is nearly always the same
// has centre 0 and scale 1.
func (s *Set) FitItemScales(item int, examples []int) (centre, scale []float32) {
	columns := make([][]float32, s.Items[item].Width)
	for _, i := range examples {
		for at, x := range s.Examples[i].Items[item].Vectors {
			columns[at%len(columns)] = append(columns[at%len(columns)], x)
		}
	}
	for _, column := range columns {
		c, by, ok := vitals.FitScale(column)
		if !ok {
			c, by = 0, 1
		}
		centre, scale = append(centre, float32(c)), append(scale, float32(by))
	}
	return centre, scale
}

// FitEdges returns the edges of the piecewise-linear encoding of the statistics
// [channels*12] and of the statics, from the given examples on the scale of channels. The
// examples must be those of training.
func (s *Set) FitEdges(examples []int, channels []vitals.Channel) (stats, statics vitals.Edges) {
	in := s.Shape().New()
	rows := matrix{width: len(in.Stats)}
	stays := matrix{width: len(in.Statics)}
	for _, i := range examples {
		s.Fill(in, i, channels, nil)
		rows.add(in.Stats, in.StatsKnown)
		stays.add(in.Statics, in.StaticsKnown)
	}
	return rows.edges(), stays.edges()
}

// matrix is features by example, with those that are known.
type matrix struct {
	width int
	x     []float32
	known []bool
}

// add appends one example.
func (m *matrix) add(x []float32, known []bool) {
	m.x, m.known = append(m.x, x...), append(m.known, known...)
}

// edges are those fitted to each feature; nil where there is no feature.
func (m *matrix) edges() vitals.Edges {
	if m.width == 0 { // a model without statics, or without channels
		return nil
	}
	return vitals.FitEdges(m.width, m.x, m.known)
}

// Folds parts the examples into k folds and returns the fold of each. All examples of
// a patient are in one. The folds have nearly equal shares of the patients of each
// class of a task: those with an example of label 1, of label 0, of none that is known.
// A patient's fold depends on the seed and on the other patients of the class.
func (s *Set) Folds(k, task int, seed uint64) []int {
	return s.deal(func(i int) int { return i % k }, task, seed)
}

// deal returns the fold of each example, which is that of its patient: folds says which the
// i-th patient gets.
func (s *Set) deal(folds func(i int) int, task int, seed uint64) []int {
	type patient struct {
		key   uint64
		class int
		at    int // in order of appearance
	}
	draw := nn.Draw{Seed: seed}
	var patients []patient
	known := map[string]int{}
	of := make([]int, len(s.Examples)) // the patient of each example
	for i := range s.Examples {
		e := &s.Examples[i]
		at, ok := known[e.Patient]
		if !ok {
			h := fnv.New64a()
			h.Write([]byte(e.Patient))
			at = len(patients)
			known[e.Patient] = at
			patients = append(patients, patient{key: draw.Row(parting, h.Sum64()).Bits(0), at: at})
		}
		of[i] = at
		p := &patients[at]
		switch label := e.Labels[task]; {
		case label == 1:
			p.class = 2
		case label == 0:
			p.class = max(p.class, 1)
		}
	}
	slices.SortFunc(patients, func(a, b patient) int { return cmp.Or(a.class-b.class, cmp.Compare(a.key, b.key)) })
	fold := make([]int, len(patients))
	for i, p := range patients {
		fold[p.at] = folds(i)
	}
	each := make([]int, len(s.Examples))
	for i, at := range of {
		each[i] = fold[at]
	}
	return each
}

// part takes a share of the patients of the examples out of them, rounded up to a patient. Of
// the order in which Folds deals patients, a share of 0.4 is the 1st, 3rd, 6th, 8th and so on.
func (s *Set) part(examples []int, share float64, seed uint64) (rest, taken []int) {
	of := &Set{}
	for _, i := range examples {
		of.Examples = append(of.Examples, s.Examples[i])
	}
	due := func(i int) int { // so many of the first i are taken; rounding of i*share takes no more
		return int(math.Ceil(float64(float64(i)*share) - 1e-9))
	}
	for i, take := range of.deal(func(i int) int { return due(i+1) - due(i) }, 0, seed) {
		if take > 0 {
			taken = append(taken, examples[i])
		} else {
			rest = append(rest, examples[i])
		}
	}
	return rest, taken
}

// join appends the examples of another set and their places to at. A patient of both sets
// is an error: training would see who it is tested on.
func (s *Set) join(other *Set, at *[]int) error {
	known := map[string]bool{}
	for i := range s.Examples {
		known[s.Examples[i].Patient] = true
	}
	for i := range other.Examples {
		e := other.Examples[i]
		if known[e.Patient] {
			return fmt.Errorf("patient %s is in a part to train on and in one to test on: training would see test patients", e.Patient)
		}
		*at = append(*at, len(s.Examples))
		s.Examples = append(s.Examples, e)
	}
	return nil
}

// patients counts those of the examples.
func (s *Set) patients(examples []int) int {
	seen := map[string]bool{}
	for _, i := range examples {
		seen[s.Examples[i].Patient] = true
	}
	return len(seen)
}

// known lists what is predicted of a binary task, what came, and whose stay it was, where
// the label is known. probabilities are [examples][tasks].
func (s *Set) known(probabilities []float64, examples []int, task int) (predicted []float64, outcome []bool, patient []string) {
	for i, at := range examples {
		e := &s.Examples[at]
		if label := e.Labels[task]; !math.IsNaN(float64(label)) {
			predicted = append(predicted, probabilities[i*len(s.Tasks)+task])
			outcome, patient = append(outcome, label == 1), append(patient, e.Patient)
		}
	}
	return predicted, outcome, patient
}
