package record

import (
	"fmt"
	"sync"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/schemas"
)

// stripReaders are encoders of strips with buffers of their own.
var stripReaders = sync.Pool{New: func() any { return classifier.NewReader(classifier.Shipped()) }}

// AnalyseStrip is the encoder of strips in the words of a log record.
func AnalyseStrip(s *schemas.Strip) Analysis {
	reader := stripReaders.Get().(*classifier.Reader)
	defer stripReaders.Put(reader)
	r := reader.Encode(s)
	return Analysis{
		HeartRate: r.HeartRate, Quality: r.Quality, State: r.State, Label: rhythm(&r.Result),
		Encoder: Builtin(encoders.ECG), Findings: r.Findings, Vector: r.Vector,
	}
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
