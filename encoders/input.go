package encoders

import "github.com/vigil-icu/vigil/schemas"

// Bins is the number of hour bins of a window: bin 47 is the current hour.
const Bins = 48

// Modality is one of the kinds of data that the model fuses. The numbers are in
// model files: append only.
type Modality uint8

// Modalities.
const (
	Numeric Modality = iota // vitals, labs, settings, drips, fluids; statics with them
	ECG
	Notes
	Imaging
	NumModalities
)

// Names of the modalities, as in a score.
var Names = [NumModalities]string{"numeric", "ecg", "notes", "imaging"}

// ModalityOf is the modality of a kind of record.
func ModalityOf(k schemas.RecordKind) Modality {
	switch k {
	case schemas.KindStrip:
		return ECG
	case schemas.KindNote:
		return Notes
	case schemas.KindImage:
		return Imaging
	}
	return Numeric
}

// Input is one patient as of one moment. It is filled anew for each prediction
// and may be reused; it belongs to one goroutine.
type Input struct {
	Series       Series
	Stats        []float32 // [Series.Channels][Statistics] of the window at now, see vitals.Statistics
	StatsKnown   []bool    // [Series.Channels][Statistics]
	Statics      []float32 // attributes of the stay, by the model's list
	StaticsKnown []bool
	Hours        float32 // of data, at most 48
	Items        []Items // per item modality, in the model's order
}

// Shape is what an Input has room for.
type Shape struct {
	Channels, Cells, Statics int
	Items                    []int // widths of the item modalities
}

// New returns an input of the shape, everything absent.
func (s Shape) New() *Input {
	in := &Input{
		Series: NewSeries(s.Channels, s.Cells),
		Stats:  make([]float32, s.Channels*Statistics), StatsKnown: make([]bool, s.Channels*Statistics),
		Statics: make([]float32, s.Statics), StaticsKnown: make([]bool, s.Statics),
		Items: make([]Items, len(s.Items)),
	}
	for i, width := range s.Items {
		in.Items[i] = Items{State: schemas.Absent, Width: width}
	}
	return in
}

// Bytes is the memory of an input of the shape, without items.
func (s Shape) Bytes() int {
	return 4*7*s.Channels*s.Cells + 5*(Statistics*s.Channels+s.Statics)
}
