package record

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// AnalyseStrip is the QRS detector in the words of a log record.
func AnalyseStrip(s *schemas.Strip) Analysis {
	r := ecg.Analyse(s)
	return Analysis{HeartRate: r.HeartRate, Quality: r.Quality, State: r.State, Label: rhythm(&r)}
}

// rhythm says for people what a strip shows. A rhythm is named only where beats can be told from
// noise; a flat line is asystole or leads that are off, which the strip does not tell apart.
func rhythm(r *ecg.Result) string {
	var label string
	switch {
	case r.Missing:
		return "no signal"
	case r.Flat:
		return "flat"
	case r.State != schemas.Present && r.Pause == 0:
		return "unreadable"
	case r.State != schemas.Present:
		label = "unreadable"
	case r.Irregular:
		label = "irregular"
	default:
		label = "regular"
	}
	if r.Pause > 0 {
		label += fmt.Sprintf(", pause of %.1f s", r.Pause)
	}
	return label
}
