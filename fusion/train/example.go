package train

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Example is one stay as of one moment, as small as it can be kept: the cells before
// the scale, so that scales and edges are fitted to the training part of a set.
type Example struct {
	Stay    string
	Patient string // "domain:id": parts of a set are parted by it
	AsOf    schemas.Time
	Hours   int // of data in the window

	Series       vitals.Packed
	Statics      []float32
	StaticsKnown []bool
	Items        []encoders.Items // by Set.Items

	Labels  []float32 // by Set.Tasks; NaN: not known
	Teacher float32   // a probability of task 0; NaN: none
}

// Set is the examples of a source. Their order is that of patients, stays, moments.
type Set struct {
	Source   string // "dataset@hash"
	Rows     source.RowCount
	Channels []vitals.Channel
	Names    []string // of the channels, where they are not those of the channel table
	Statics  []vitals.Static
	Items    []ItemModality
	Cells    int
	Tasks    []string
	Examples []Example
}

// ItemModality is one that a set has items of.
type ItemModality struct {
	Which encoders.Modality
	Width int // of a vector; 0: only that and when an item came is read
}

// Shape is that of the inputs that Fill fills.
func (s *Set) Shape() encoders.Shape {
	shape := encoders.Shape{Channels: len(s.Channels), Cells: s.Cells, Statics: len(s.Statics)}
	for _, m := range s.Items {
		shape.Items = append(shape.Items, m.Width)
	}
	return shape
}

// Fill fills an input of the set's shape with an example. change is what is done to
// the cells before they are put on the scale of channels: thinning, shortening;
// nil: nothing, and the bits are those that serving fills.
func (s *Set) Fill(in *encoders.Input, example int, channels []vitals.Channel, change func(*encoders.Input)) {
	e := &s.Examples[example]
	e.Series.Unpack(&in.Series)
	in.Hours = float32(e.Hours)
	copy(in.Statics, e.Statics)
	copy(in.StaticsKnown, e.StaticsKnown)
	for k := range e.Items {
		from, to := &e.Items[k], &in.Items[k]
		to.State, to.Tau, to.Vectors = from.State, append(to.Tau[:0], from.Tau...), append(to.Vectors[:0], from.Vectors...)
	}
	if change != nil {
		change(in)
	}
	vitals.Standardise(&in.Series, channels)
	vitals.Statistics(in)
}
