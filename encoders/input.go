package encoders

import (
	"github.com/vigil-icu/vigil/schemas"
)

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

// Input is one patient as of one moment. It is filled anew for each prediction
// and may be reused; it belongs to one goroutine.
type Input struct {
	Channels []schemas.Channel
	Mean     []float32 // [len(Channels)][Bins], in canonical units
	Count    []float32 // [len(Channels)][Bins]; 0: the bin is empty
	Statics  schemas.Statics
	States   [NumModalities]schemas.ItemState
	AgeHours [NumModalities]float32 // since the newest item; read where the state is not absent
}

// NewInput returns an input for a model's channels, everything absent.
func NewInput(channels []schemas.Channel) *Input {
	in := &Input{Channels: channels, Mean: make([]float32, len(channels)*Bins), Count: make([]float32, len(channels)*Bins)}
	for m := range in.States {
		in.States[m] = schemas.Absent
	}
	return in
}
