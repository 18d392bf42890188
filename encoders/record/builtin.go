package record

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/notes"
)

// Builtin is id and version of the encoder in the program that gives the items of a modality
// their content, as it stands in log records and in models; "" where there is none.
func Builtin(m encoders.Modality) string {
	switch m {
	case encoders.ECG:
		return classifier.ID + "/" + classifier.EncoderVersion
	case encoders.Notes:
		return notes.ID + "/" + notes.Version
	case encoders.Imaging:
		return imaging.ID + "/" + imaging.Version
	}
	return ""
}

// BuiltinWidth is how many numbers the vectors of that encoder have, 0 where it gives words that a model counts in as many
// columns as it likes.
func BuiltinWidth(m encoders.Modality) int {
	switch m {
	case encoders.ECG:
		return classifier.VectorWidth
	case encoders.Imaging:
		return imaging.Width
	}
	return 0
}
