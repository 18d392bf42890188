package ecg

import (
	"math"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// Result is what a strip says. Where State is unusable the other fields describe what was
// seen, and nothing should follow from them.
type Result struct {
	// HeartRate is in beats per minute, from the mean interval; it is 0 with fewer than two
	// beats.
	HeartRate float32
	// RMSSD is the root mean square of successive differences of the intervals, in
	// milliseconds (Task Force of the ESC and NASPE, Circulation 1996). It is 0 with fewer
	// than three beats.
	RMSSD float32
	// Quality is from 0, where nothing can be used, to 1.
	Quality float32
	// Irregular says that the intervals lie a tenth or more off their median on average, as
	// they do in fibrillation of the atria and with many ectopic beats.
	Irregular bool
	Beats     []int             // the sample of each R peak, in the lead that was used
	Lead      int               // the lead that was used, as an index into Strip.Leads
	State     schemas.ItemState // present or unusable
}

// Limits of a usable strip. With less quality, beats of real strips and noise are not told
// apart.
const (
	minSeconds = 2
	minQuality = 0.7
)

// Analyse reads the strip's best lead. It never fails: a strip of which nothing can be used,
// and no strip at all, says so in State. It may be called from many goroutines, and the
// result is the caller's.
func Analyse(s *schemas.Strip) Result {
	a := analysers.Get().(*Analyser)
	defer analysers.Put(a)
	r := a.Analyse(s)
	r.Beats = slices.Clone(r.Beats)
	return r
}

var analysers = sync.Pool{New: func() any { return new(Analyser) }}

// Analyser does what Analyse does with buffers of its own, so that a second strip of the same
// length allocates nothing. The zero value is ready. It is for one goroutine at a time.
type Analyser struct {
	detector    Detector
	second      second
	beats, best []int
	intervals   []float64
	sorted      []float64
}

// Analyse answers as the function does, but the Beats of the result are good only until the
// next call.
func (a *Analyser) Analyse(s *schemas.Strip) Result {
	best := Result{State: schemas.Unusable}
	if s == nil {
		return best
	}
	for i, samples := range s.Samples {
		r := a.lead(samples, s.RateHz, s.Gain)
		r.Lead = i
		if i == 0 || r.Quality > best.Quality {
			best = r
			a.best, a.beats = a.beats, a.best
		}
	}
	best.State = schemas.Unusable
	if best.Quality >= minQuality && len(best.Beats) > 1 {
		best.State = schemas.Present
	}
	return best
}

// lead reads one lead, with gain in millivolt per unit.
func (a *Analyser) lead(samples []int16, rate, gain float64) Result {
	if !usableRate(rate) || float64(len(samples)) < minSeconds*rate {
		return Result{}
	}
	whole := wholeShare(samples, rate)
	if whole == 0 {
		return Result{}
	}
	a.beats = a.detector.Detect(samples, rate, a.beats[:0])
	r := Result{Beats: a.beats}
	if len(a.beats) < 2 || a.detector.tooLow(a.beats, gain) {
		return r
	}
	agree := agreement(a.beats, a.second.detect(samples, rate), int(0.1*rate))
	r.Quality = float32(whole * agree * standing(a.detector.contrast(a.beats), a.detector.likeness(a.beats, int(0.1*rate))))
	a.rhythm(&r, rate)
	return r
}

// rhythm fills in what the intervals between beats say. Irregularity is judged about the
// median, which a single missed beat does not move.
func (a *Analyser) rhythm(r *Result, rate float64) {
	a.intervals = a.intervals[:0]
	for i := 1; i < len(r.Beats); i++ {
		a.intervals = append(a.intervals, float64(r.Beats[i]-r.Beats[i-1])/rate)
	}
	n := float64(len(a.intervals))
	r.HeartRate = float32(60 * rate * n / float64(r.Beats[len(r.Beats)-1]-r.Beats[0]))
	if len(a.intervals) < 2 {
		return
	}
	a.sorted = append(a.sorted[:0], a.intervals...)
	slices.Sort(a.sorted)
	median := a.sorted[len(a.sorted)/2]
	var off, squares float64
	for i, v := range a.intervals {
		off += math.Abs(v - median)
		if i > 0 {
			d := v - a.intervals[i-1]
			squares += float64(d * d)
		}
	}
	r.RMSSD = float32(1000 * math.Sqrt(squares/(n-1)))
	r.Irregular = len(a.intervals) >= 3 && off >= 0.1*median*n
}
