package fleximodal

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Invented is how many subjects [Generate] makes for each part.
type Invented struct{ Train, Validation, Test int }

// Usual is the size of the comparison.
var Usual = Invented{Train: 3000, Validation: 600, Test: 2400}

// The invented set is of pumps that are watched for a week. Two signals go up and down:
// the amplitude of the vibration, read often, and the pressure, read seldom; each
// modality has a level of its own beside it (pitch, flow). What is dangerous depends on
// the regime a pump runs in, and only the inspections tell that one:
//
//	regime      share   risk goes with
//	pulsing     0.5     signals that rise and fall together
//	throttled   0.25    signals that go against each other
//	steady      0.25    levels on the same side of their means
//
// in all of them a little with the level of the vibration. No modality tells more than
// that little alone, and whether the signals go together is to be seen only where their
// times are compared.
const (
	days       = 7
	pulsing    = 0.5
	throttled  = 0.25
	coupling   = 0.9 // correlation of the signals, or its negative
	strength   = 2.5 // of the regime's rule, in logits
	levelRisk  = 0.6 // of a deviation of the vibration's level
	noVib      = 0.12
	noProcess  = 0.12
	noInspect  = 0.2
	unread     = 0.3  // of the fields of a series
	unusable   = 0.05 // of the inspections
	vectorSize = 6
)

// Streams of the generator's draws; the row is the subject.
const (
	nature = iota // of a pump
	vibrationTimes
	processTimes
	inspections
)

// pump is one subject.
type pump struct {
	regime        int
	together      float64 // 1 or -1
	level         [2]float64
	signal, other waves
	failed        bool
	missing       [3]bool // vibration, process, inspection
}

// waves is a sum of two sines of variance 1, by their turns a window and phases.
type waves struct{ turns, phase [2]float64 }

func (w waves) at(t float64) float64 {
	sum := 0.0
	for i := range w.turns {
		sum += math.Sin(2*math.Pi*w.turns[i]*t/days + w.phase[i])
	}
	return sum
}

func drawWaves(r nn.Row, at uint64) waves {
	return waves{
		turns: [2]float64{1 + r.Uniform(at), 2 + r.Uniform(at+1)},
		phase: [2]float64{2 * math.Pi * r.Uniform(at+2), 2 * math.Pi * r.Uniform(at+3)},
	}
}

func drawPump(d nn.Draw, subject int) pump {
	r := d.Row(nature, uint64(subject))
	p := pump{together: 1, level: [2]float64{r.Normal(0), r.Normal(1)}, signal: drawWaves(r, 10), other: drawWaves(r, 20)}
	switch u := r.Uniform(2); {
	case u < pulsing:
	case u < pulsing+throttled:
		p.regime = 1
	default:
		p.regime = 2
	}
	if r.Uniform(3) < 0.5 {
		p.together = -1
	}
	rule := p.together
	switch p.regime {
	case 1:
		rule = -p.together
	case 2:
		rule = math.Tanh(2 * p.level[0] * p.level[1])
	}
	logit := strength*rule + levelRisk*p.level[0]
	p.failed = r.Uniform(4) < 1/(1+math.Exp(-logit))
	p.missing = [3]bool{r.Uniform(5) < noVib, r.Uniform(6) < noProcess, r.Uniform(7) < noInspect}
	if p.missing == [3]bool{true, true, true} {
		p.missing[0] = false
	}
	return p
}

// vibration and pressure as they are, before what reads them errs.
func (p *pump) vibration(t float64) float64 { return p.signal.at(t) }

func (p *pump) pressure(t float64) float64 {
	return p.together*coupling*p.signal.at(t) + math.Sqrt(1-coupling*coupling)*p.other.at(t)
}

// inspection is the vector of one: two of its numbers stand for each regime.
func (p *pump) inspection(r nn.Row, at uint64) (v [vectorSize]float64) {
	for i := range v {
		v[i] = 0.5 * r.Normal(at+uint64(i))
	}
	v[2*p.regime]++
	v[2*p.regime+1]--
	return v
}
