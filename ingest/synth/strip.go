package synth

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// A strip is 10 s at 250 Hz, 200 units a millivolt.
const (
	stripRate    = 250   // Hz
	stripSeconds = 10    // s
	stripGain    = 0.005 // mV a unit
)

// shape is a beat as the first lead sees it, in units, sample by sample, with the R peak at
// shapeBefore.
type shape []float64

const (
	shapeBefore = 80  // samples
	shapeLength = 200 // samples
)

// Beats as sums of bells, which is what a detector of beats needs and not more: P; Q, R, S
// and T; the broad beat of a ventricle that beats by itself.
var (
	atrial      = shapeOf([]wave{{-0.17, 0.025, 0.12}})
	ventricular = shapeOf([]wave{{-0.028, 0.009, -0.12}, {0, 0.011, 1.1}, {0.028, 0.01, -0.25}, {0.24, 0.045, 0.28}})
	broad       = shapeOf([]wave{{-0.02, 0.045, 1.3}, {0.06, 0.05, -0.9}})
	sine        = sineOf(1000) // one period in 4 s
)

// wave is one deflection of a beat, a bell: where its middle is and how wide it is (standard
// deviation), in seconds from the R peak, and how high, in millivolts.
type wave struct{ at, width, height float64 }

// shapeOf draws the waves of a beat.
func shapeOf(waves []wave) shape {
	out := make(shape, shapeLength)
	for i := range out {
		for _, w := range waves {
			d := (float64(i-shapeBefore)/stripRate - w.at) / w.width
			out[i] += w.height / stripGain * math.Exp(-d*d/2)
		}
	}
	return out
}

// sineOf is one period in n samples. A table costs less than a sine for each sample.
func sineOf(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Sin(2 * math.Pi * float64(i) / float64(n))
	}
	return out
}

// leadHeight is how high the leads see a beat. The first lead is II; the next ones see the same
// beats from elsewhere.
var leadHeight = [...]float64{1, -0.7, 0.5}

// strip sends an ECG that follows the heart rate and the rhythm. One in a hundred is flat, as the
// leads are off, and one is nothing but noise, as the patient moves.
func (l *life) strip(t schemas.Time) {
	leads := l.path.Leads
	if len(leads) == 0 {
		leads = []string{"II"}
	}
	s := &schemas.Strip{RateHz: stripRate, Gain: stripGain, Leads: leads}
	state := l.r.IntN(100)
	beats := l.beats()
	for k := range leads {
		samples := make([]int16, stripRate*stripSeconds)
		switch state {
		case 0: // leads off
		case 1:
			for i := range samples {
				samples[i] = int16(150 * l.r.NormFloat64())
			}
		default:
			l.draw(samples, beats, leadHeight[k%len(leadHeight)])
		}
		s.Samples = append(s.Samples, samples)
	}
	l.add(schemas.TopicECG, t, t+stripSeconds*schemas.Second+500, schemas.Event{Strip: s})
}

// beats draws where the R peaks are, in samples. Some lie beyond the strip's ends, so that beats
// are cut off there as in a real one. In atrial fibrillation the intervals are irregular.
func (l *life) beats() []int {
	interval := 60 / math.Max(l.state[heartRate].shown(&usual[heartRate]), 20)
	var at []int
	for s := -0.5 + interval*l.r.Float64(); s < stripSeconds+0.5; {
		at = append(at, int(s*stripRate))
		if l.rhythm == "af" {
			s += interval * (0.6 + 0.8*l.r.Float64())
		} else {
			s += interval * (1 + 0.01*l.r.NormFloat64())
		}
	}
	return at
}

// draw adds the beats to a base line that breathes and is a little noisy.
func (l *life) draw(samples []int16, beats []int, height float64) {
	phase := l.r.IntN(len(sine))
	drawn := make([]float64, len(samples))
	for i := range drawn {
		drawn[i] = 8*sine[(phase+i)%len(sine)] + 2*l.r.NormFloat64()
	}
	switch l.rhythm {
	case "vt":
		add(drawn, beats, broad, height)
	case "af": // the atria flicker, no P wave
		for i := range drawn {
			drawn[i] += 8 * sine[25*(phase+i)%len(sine)] * sine[3*i%len(sine)]
		}
		add(drawn, beats, ventricular, height)
	default:
		add(drawn, beats, atrial, height)
		add(drawn, beats, ventricular, height)
	}
	for i, v := range drawn {
		samples[i] = int16(math.Round(v))
	}
}

// add draws a beat of a shape at each peak.
func add(drawn []float64, beats []int, s shape, height float64) {
	for _, at := range beats {
		for i, v := range s {
			if k := at - shapeBefore + i; k >= 0 && k < len(drawn) {
				drawn[k] += height * v
			}
		}
	}
}
