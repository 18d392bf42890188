package record

import (
	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// AnalyseStrip is the QRS detector in the words of a log record.
func AnalyseStrip(s *schemas.Strip) Analysis {
	r := ecg.Analyse(s)
	label := "regular"
	if r.Irregular {
		label = "irregular"
	}
	return Analysis{HeartRate: r.HeartRate, Quality: r.Quality, State: r.State, Label: label}
}
