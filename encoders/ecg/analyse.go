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
	// HeartRate is in beats per minute, from the mean interval between beats that follow each
	// other: no pause is between them, and no gap in which a beat may have been. It is 0
	// without such an interval.
	HeartRate float32
	// RMSSD is the root mean square of successive differences of these intervals, in
	// milliseconds (Task Force of the ESC and NASPE, Circulation 1996). It is 0 where no two
	// of them meet.
	RMSSD float32
	// Quality is from 0, where nothing can be used, to 1.
	Quality float32
	// Irregular says that the intervals lie a tenth or more off their median on average, as
	// they do in fibrillation of the atria and with many ectopic beats.
	Irregular bool
	// Pause is the longest silence, in seconds: a second or more without a beat, much longer
	// than the usual interval. It is 0 where there is none, and where beats may have been in
	// samples that are missing. A signal that stands still is silent too.
	Pause float32
	// Flat says that no lead shows any deflection as high as a QRS: asystole, or leads that
	// are off.
	Flat bool
	// Missing says that of half of each lead or more no sample was taken.
	Missing bool
	Beats   []int             // the sample of each R peak, in the lead that was used
	Lead    int               // the lead that was used, as an index into Strip.Leads
	State   schemas.ItemState // present or unusable
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
	repair      repair
	detector    Detector
	second      second
	beats, best []int
	intervals   []interval
	sorted      []float64
}

// interval is the time between two beats.
type interval struct {
	seconds float64
	follow  bool // the beats follow each other
	unknown bool // samples are missing between them
}

// Analyse answers as the function does, but the Beats of the result are good only until the
// next call.
func (a *Analyser) Analyse(s *schemas.Strip) Result {
	best := Result{State: schemas.Unusable}
	if s == nil {
		return best
	}
	flat, missing := len(s.Samples) > 0, len(s.Samples) > 0
	for i, samples := range s.Samples {
		r := a.lead(samples, s.RateHz, s.Gain)
		r.Lead = i
		flat, missing = flat && (r.Flat || r.Missing), missing && r.Missing
		if i == 0 || r.Quality > best.Quality {
			best = r
			a.best, a.beats = a.beats, a.best
		}
	}
	best.State = schemas.Unusable
	if best.Quality >= minQuality && best.HeartRate > 0 {
		best.State = schemas.Present
	}
	best.Flat, best.Missing = flat && !missing && best.State == schemas.Unusable, missing
	return best
}

// lead reads one lead, with gain in millivolt per unit.
func (a *Analyser) lead(samples []int16, rate, gain float64) Result {
	if !usableRate(rate) || float64(len(samples)) < minSeconds*rate {
		return Result{}
	}
	a.repair.apply(samples, rate)
	if 2*a.repair.measured() <= len(samples) {
		return Result{Missing: true}
	}
	a.beats = a.detector.Detect(a.repair.signal, rate, a.beats[:0])
	a.beats = slices.DeleteFunc(a.beats, a.repair.hidden)
	r := Result{Beats: a.beats, Flat: a.detector.flat(gain)}
	whole := a.repair.whole()
	if whole == 0 || len(a.beats) < 2 || a.detector.tooLow(a.beats, gain) {
		return r
	}
	silent := a.rhythm(&r, rate)
	if silent > float64(a.repair.measured())/rate/2 {
		return r // a few beats, and then none
	}
	agree := agreement(a.beats, a.second.detect(a.repair.signal, rate), int(0.1*rate))
	r.Quality = float32(whole * agree * standing(a.detector.contrast(a.beats), a.detector.likeness(a.beats, int(0.1*rate))))
	return r
}

// A pause is an interval of minPause or more that is pauseShare times the usual one. In
// bigeminy the long intervals are usual, so the upper quartile of at least fewIntervals tells
// what is; of fewer no interval is a pause, only what is before the first beat and after the
// last. Where the rhythm is irregular, as in fibrillation of the atria, long intervals are of
// it, and a pause is longer.
const (
	minPause, irregularPause = 1, 3 // seconds
	pauseShare               = 1.66
	fewIntervals             = 4
	irregularSpread          = 0.1
)

// rhythm fills in what the intervals between beats say, and returns the seconds that are
// silent.
func (a *Analyser) rhythm(r *Result, rate float64) (silent float64) {
	a.intervals, a.sorted = a.intervals[:0], a.sorted[:0]
	for i := 1; i < len(r.Beats); i++ {
		gap, unknown := a.repair.between(r.Beats[i-1], r.Beats[i])
		v := interval{float64(r.Beats[i]-r.Beats[i-1]) / rate, !gap, unknown}
		a.intervals = append(a.intervals, v)
		if v.follow {
			a.sorted = append(a.sorted, v.seconds)
		}
	}
	n := len(a.sorted)
	if n == 0 {
		return 0
	}
	slices.Sort(a.sorted)
	usual := a.sorted[n-1]
	if n >= fewIntervals {
		usual = a.sorted[3*(n-1)/4]
	}
	long := max(minPause, pauseShare*usual)
	if spread(below(a.sorted, long)) >= irregularSpread {
		long = max(irregularPause, long)
	}
	silence := func(seconds float64, unknown bool) {
		if seconds >= long && !unknown {
			silent += seconds
			r.Pause = max(r.Pause, float32(seconds))
		}
	}
	first, last, end := r.Beats[0], r.Beats[len(r.Beats)-1], len(a.repair.signal)
	_, unknown := a.repair.between(0, first)
	silence(float64(first)/rate, unknown)
	for i := range a.intervals {
		v := &a.intervals[i]
		silence(v.seconds, v.unknown)
		v.follow = v.follow && v.seconds < long
	}
	_, unknown = a.repair.between(last, end)
	silence(float64(end-last)/rate, unknown)

	var sum, squares, pairs float64
	for i, v := range a.intervals {
		if !v.follow {
			continue
		}
		sum += v.seconds
		if i > 0 && a.intervals[i-1].follow {
			d := v.seconds - a.intervals[i-1].seconds
			squares += float64(d * d)
			pairs++
		}
	}
	usable := below(a.sorted, long)
	r.HeartRate = float32(60 * float64(len(usable)) / sum)
	if pairs > 0 {
		r.RMSSD = float32(1000 * math.Sqrt(squares/pairs))
	}
	r.Irregular = len(usable) >= 3 && spread(usable) >= irregularSpread
	return silent
}

// below is the part of sorted values that is below a limit.
func below(sorted []float64, limit float64) []float64 {
	n, _ := slices.BinarySearch(sorted, limit)
	return sorted[:n]
}

// spread is how far sorted values lie off their median on average, as a share of it. The
// median is not moved by a single missed beat.
func spread(sorted []float64) float64 {
	median := sorted[len(sorted)/2]
	var off float64
	for _, v := range sorted {
		off += math.Abs(v - median)
	}
	return off / (median * float64(len(sorted)))
}
