package ecg

import (
	"math"
	"slices"
)

// Detector finds beats after Pan and Tompkins ("A Real-Time QRS Detection Algorithm", IEEE
// Transactions on Biomedical Engineering, 1985): it takes a band, the slope in it, squares and
// integrates that, and compares the peaks with thresholds that follow the beats and what lies
// between them; where a beat seems to be missing it searches back. Its zero value is ready.
// It keeps its buffers, so that a second strip of the same length allocates nothing, and is
// for one goroutine at a time.
type Detector struct {
	filter bandPass
	band   []float64 // the signal from 5 to 15 Hz, in the samples' units
	power  []float64 // the squared slope, integrated
	peaks  []peak
	taken  []int32   // the peaks that are beats, as indices
	slope  []float64 // the squared slope
	sorted []float64
	shape  []float64 // the sum of all beats, see likeness
}

// peak is a local maximum of the integrated power.
type peak struct {
	at    int
	high  float64 // the root of the integrated power, which grows with the amplitude
	steep float64 // the largest slope near it, which tells a T wave from a beat
	beat  bool
}

// Times of the detector in seconds, those of the paper but for snapReach.
const (
	integrate  = 0.15 // the width of the integration, about that of the widest QRS
	refractory = 0.2  // no heart beats again sooner
	tWave      = 0.36 // up to here a less steep peak is the T wave of the last beat
	snapReach  = 0.1  // how far an R peak may be from the peak of its integrated power
	missed     = 1.66 // in usual intervals and not in seconds: after so long a beat is searched for
)

// Detect appends the samples of the R peaks to dst, in order. The rate is in samples per
// second. It finds none where the rate is below 50 or beyond any device's, and where there
// is less than half a second.
func (d *Detector) Detect(samples []int16, rate float64, dst []int) []int {
	if !usableRate(rate) || float64(len(samples)) < rate/2 {
		return dst
	}
	d.transform(samples, rate)
	d.findPeaks(int(refractory * rate))
	d.choose(rate)
	reach := int(snapReach * rate)
	for _, k := range d.taken {
		at := snap(d.band, d.peaks[k].at, reach)
		// Two peaks of the power lie further apart than the refractory time, but the deflections
		// that they come from may not: of two such, one is a beat.
		if n := len(dst); n > 0 && float64(at-dst[n-1]) < refractory*rate {
			if at > dst[n-1] && math.Abs(d.band[at]) > math.Abs(d.band[dst[n-1]]) {
				dst[n-1] = at
			}
			continue
		}
		dst = append(dst, at)
	}
	return dst
}

// transform fills band, slope and power.
func (d *Detector) transform(samples []int16, rate float64) {
	n := len(samples)
	d.band, d.power = slices.Grow(d.band[:0], n)[:n], slices.Grow(d.power[:0], n)[:n]
	d.filter.set(rate, 5, 15)
	d.filter.apply(d.band, samples)
	// The slope is taken over a fixed time, so that the rate does not matter.
	step := max(1, int(math.Round(0.01*rate)))
	d.slope = slices.Grow(d.slope[:0], n)[:n]
	for i := range d.slope {
		v := d.band[min(i+step, n-1)] - d.band[max(i-step, 0)]
		d.slope[i] = v * v
	}
	movingMean(d.power, d.slope, int(integrate*rate))
}

// findPeaks lists the local maxima of the power. Of those nearer to each other than apart it
// keeps only the highest.
func (d *Detector) findPeaks(apart int) {
	d.peaks = d.peaks[:0]
	p := d.power
	for i := range p {
		if i > 0 && p[i] < p[i-1] || i+1 < len(p) && p[i] <= p[i+1] || p[i] == 0 {
			continue
		}
		high := math.Sqrt(p[i])
		if k := len(d.peaks) - 1; k >= 0 && i-d.peaks[k].at < apart {
			if high > d.peaks[k].high {
				d.peaks[k] = peak{at: i, high: high}
			}
			continue
		}
		d.peaks = append(d.peaks, peak{at: i, high: high})
	}
	for k := range d.peaks {
		q := &d.peaks[k]
		for i := max(0, q.at-apart/2); i < min(len(p), q.at+apart/2+1); i++ {
			q.steep = math.Max(q.steep, d.slope[i])
		}
		q.steep = math.Sqrt(q.steep)
	}
}

// choose marks the peaks that are beats. It follows two levels, of beats and of what lies
// between them, as they drift through the strip; a beat counts at most twice its level, so
// that one spike of an artefact does not hide the beats behind it.
func (d *Detector) choose(rate float64) {
	d.taken = d.taken[:0]
	signal, noise := d.levels(rate)
	usual := 0.0 // interval, in samples
	last := -1
	for k := 0; k < len(d.peaks); k++ {
		q := &d.peaks[k]
		threshold := noise + float64(levelShare*(signal-noise))
		if last >= 0 && usual > 0 && float64(q.at-d.peaks[last].at) > missed*usual {
			if found := d.searchBack(last, k, threshold/2, rate); found >= 0 {
				signal += float64(0.25 * (math.Min(d.peaks[found].high, 2*signal) - signal))
				d.take(found)
				last = found
				threshold = noise + float64(levelShare*(signal-noise))
			}
		}
		if q.high < threshold || last >= 0 && d.isTWave(last, k, rate) {
			noise += float64(0.125 * (math.Min(q.high, signal) - noise))
			continue
		}
		signal += float64(0.125 * (math.Min(q.high, 2*signal) - signal))
		d.take(k)
		last = k
		usual = d.usualInterval()
	}
}

// levelShare is how far a beat must stand above what lies between beats, as a share of the way
// to the beats' usual height; both are roots of the power.
const levelShare = 0.3

// take counts a peak as a beat.
func (d *Detector) take(k int) {
	d.peaks[k].beat = true
	d.taken = append(d.taken, int32(k))
}

// levels guesses what a beat and what lies between beats look like, from the first ten
// seconds, as roots of the power. A beat is the median of the highest power in each 1.5 s, in
// which even a slow heart beats once; what lies between is half the mean.
func (d *Detector) levels(rate float64) (signal, noise float64) {
	d.sorted = d.sorted[:0]
	n := min(len(d.power), int(10*rate))
	block := max(1, int(1.5*rate))
	var sum float64
	for from := 0; from+block/2 < n || from == 0; from += block {
		d.sorted = append(d.sorted, slices.Max(d.power[from:min(n, from+block)]))
	}
	for _, v := range d.power[:n] {
		sum += v
	}
	slices.Sort(d.sorted)
	return math.Sqrt(d.sorted[len(d.sorted)/2]), math.Sqrt(sum/float64(n)) / 2
}

// usualInterval is the mean of the last eight intervals, in samples, or 0 before there is one.
func (d *Detector) usualInterval() float64 {
	n := len(d.taken)
	if n < 2 {
		return 0
	}
	from := max(0, n-9)
	return float64(d.peaks[d.taken[n-1]].at-d.peaks[d.taken[from]].at) / float64(n-1-from)
}

// searchBack is the highest peak between two that is above a lower threshold, or -1 if there
// is none. The beat that it finds was too low for the threshold of its neighbours.
func (d *Detector) searchBack(last, next int, threshold, rate float64) int {
	best := -1
	for k := last + 1; k < next; k++ {
		if d.peaks[k].high > threshold && !d.isTWave(last, k, rate) && (best < 0 || d.peaks[k].high > d.peaks[best].high) {
			best = k
		}
	}
	return best
}

// isTWave says whether a peak is the T wave of the last beat: it comes soon after the beat and
// is less than half as steep.
func (d *Detector) isTWave(last, k int, rate float64) bool {
	return float64(d.peaks[k].at-d.peaks[last].at) < tWave*rate && d.peaks[k].steep < d.peaks[last].steep/2
}

// snap moves a peak of the power to the largest deflection of the band near it, because the
// integration leaves its peak somewhere in the QRS.
func snap(band []float64, p, reach int) int {
	best := p
	for i := max(0, p-reach); i < min(len(band), p+reach+1); i++ {
		if math.Abs(band[i]) > math.Abs(band[best]) {
			best = i
		}
	}
	return best
}
