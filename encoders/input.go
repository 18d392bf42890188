package encoders

import "github.com/vigil-icu/vigil/schemas"

// Bins is the number of hour bins of a window: bin 47 is the current hour.
const Bins = 48

// Modality is one of the kinds of data that the model fuses. The numbers are in model
// files, so that new ones are only appended.
type Modality uint8

// Modalities.
const (
	Numeric Modality = iota // vitals, labs, settings, drips, fluids; statics with them
	ECG
	Notes
	Imaging
	NumModalities
)

// Names are those of the modalities, as they stand in a score.
var Names = [NumModalities]string{"numeric", "ecg", "notes", "imaging"}

// ModalityOf is the modality of a kind of record; all that is no item is numeric.
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

// Input is one patient as of one moment. It is filled anew for each prediction and may be
// reused; it belongs to one goroutine.
type Input struct {
	Series Series
	// Stats are [Series.Channels][Statistics], statistics of the window as of now, see
	// vitals.Statistics; StatsKnown says which of them there are.
	Stats      []float32
	StatsKnown []bool // [Series.Channels][Statistics]
	// Statics are attributes of the stay, in the order of the model's list; StaticsKnown
	// says which of them there are.
	Statics      []float32
	StaticsKnown []bool
	// Hours is for how long there is data, at most 48.
	Hours float32
	// Items are those of every item modality, in the model's order.
	Items []Items
}

// Shape is what an [Input] has room for.
type Shape struct {
	Channels, Cells, Statics int
	// Items is what is read of each item modality.
	Items []Content
}

// New returns an input of the shape in which everything is absent.
func (s Shape) New() *Input {
	in := &Input{
		Series: NewSeries(s.Channels, s.Cells),
		Stats:  make([]float32, s.Channels*Statistics), StatsKnown: make([]bool, s.Channels*Statistics),
		Statics: make([]float32, s.Statics), StaticsKnown: make([]bool, s.Statics),
		Items: make([]Items, len(s.Items)),
	}
	for i, c := range s.Items {
		in.Items[i] = Items{State: schemas.Absent, Width: c.Width, Buckets: c.Buckets, Encoder: c.Encoder}
	}
	return in
}

// Bytes is the memory of an input of the shape, without its items.
func (s Shape) Bytes() int {
	return 4*7*s.Channels*s.Cells + 5*(Statistics*s.Channels+s.Statics)
}
