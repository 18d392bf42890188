package synth

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// A strip is 10 s of lead II at 250 Hz, 200 units a millivolt.
const (
	stripRate    = 250
	stripSeconds = 10
	stripGain    = 0.005
)

// wave is one deflection of a beat: where, how wide (seconds from the R peak), how
// high (millivolt).
type wave struct{ at, width, height float64 }

var (
	narrow = []wave{{-0.17, 0.025, 0.12}, {-0.028, 0.009, -0.12}, {0, 0.011, 1.1}, {0.028, 0.01, -0.25}, {0.24, 0.045, 0.28}}
	broad  = []wave{{-0.02, 0.045, 1.3}, {0.06, 0.05, -0.9}}
)

// strip invents an ECG that follows the heart rate and the rhythm; now and then
// the leads are off.
func (l *life) strip(t schemas.Time) {
	samples := make([]int16, stripRate*stripSeconds)
	if l.r.IntN(60) > 0 {
		l.beats(samples)
	}
	l.add(schemas.TopicECG, t, t+stripSeconds*schemas.Second+500,
		schemas.Event{Strip: &schemas.Strip{RateHz: stripRate, Gain: stripGain, Leads: []string{"II"}, Samples: [][]int16{samples}}})
}

func (l *life) beats(samples []int16) {
	interval := 60 / math.Max(l.state["heart_rate"].value, 20)
	waves := narrow
	if l.rhythm == "vt" {
		waves = broad
	}
	phase := 2 * math.Pi * l.r.Float64()
	for i := range samples {
		drift := 8 * math.Sin(phase+2*math.Pi*0.25*float64(i)/stripRate)
		samples[i] = int16(drift + 2*l.r.NormFloat64())
	}
	for at := interval * l.r.Float64(); at < stripSeconds+0.3; {
		for k, w := range waves {
			if k == 0 && l.rhythm == "af" {
				continue // no P wave
			}
			from, to := int((at+w.at-4*w.width)*stripRate), int((at+w.at+4*w.width)*stripRate)
			for i := max(0, from); i < min(to, len(samples)); i++ {
				d := (float64(i)/stripRate - at - w.at) / w.width
				samples[i] += int16(w.height / stripGain * math.Exp(-d*d/2))
			}
		}
		next := interval * (1 + 0.01*l.r.NormFloat64())
		if l.rhythm == "af" {
			next = interval * (0.65 + 0.7*l.r.Float64())
		}
		at += next
	}
}
