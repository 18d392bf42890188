package ecg

import (
	"math"
	"slices"
)

// Detector finds beats after Pan and Tompkins (IEEE Trans. Biomed. Eng. 1985): band
// pass, slope, square, integrate, thresholds that follow the beats and what lies
// between them, search back. It keeps its buffers, so that a second strip of the
// same length allocates nothing; it is for one goroutine at a time.
type Detector struct {
	filter bandPass
	band   []float64 // 5 to 15 Hz, in the samples' units
	power  []float64 // squared slope, integrated
	peaks  []peak
	taken  []int32   // into peaks: the beats
	slope  []float64 // squared
	sorted []float64
	shape  []float64 // of a beat, see likeness
}

// peak is a local maximum of the integrated power.
type peak struct {
	at    int
	high  float64 // root of the integrated power: grows with the amplitude
	steep float64 // largest slope near it, tells a T wave from a beat
	beat  bool
}

// Times of the detector, in seconds.
const (
	integrate  = 0.15
	refractory = 0.2
	tWave      = 0.36 // until here a less steep peak is the T wave of the last beat
	snapReach  = 0.1
	missed     = 1.66 // of the usual interval: a beat is looked for in the gap
)

// Detect appends the samples of the R peaks to dst, in order. rate is in Hz, at
// least 50; where there are fewer than 0.5 s it finds none.
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
		if n := len(dst); n > 0 && at <= dst[n-1] {
			continue
		}
		dst = append(dst, at)
	}
	return dst
}

// transform fills band and power.
func (d *Detector) transform(samples []int16, rate float64) {
	n := len(samples)
	d.band, d.power = slices.Grow(d.band[:0], n)[:n], slices.Grow(d.power[:0], n)[:n]
	d.filter.set(rate, 5, 15)
	d.filter.apply(d.band, samples)
	// The slope over a fixed time, so that the rate does not matter.
	step := max(1, int(math.Round(0.01*rate)))
	d.slope = slices.Grow(d.slope[:0], n)[:n]
	for i := range d.slope {
		v := d.band[min(i+step, n-1)] - d.band[max(i-step, 0)]
		d.slope[i] = v * v
	}
	movingMean(d.power, d.slope, int(integrate*rate))
}

// findPeaks lists the local maxima of the power, of those nearer than apart only the
// highest.
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

// choose marks the peaks that are beats.
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

// levelShare: a beat is this far above what lies between beats, towards their usual
// height (both as roots of the power).
const levelShare = 0.3

func (d *Detector) take(k int) {
	d.peaks[k].beat = true
	d.taken = append(d.taken, int32(k))
}

// levels guesses what a beat and what lies between them look like, from the first
// ten seconds: the usual one of each second's highest peaks, and half the mean.
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

// usualInterval is the mean of the last eight intervals, in samples.
func (d *Detector) usualInterval() float64 {
	n := len(d.taken)
	if n < 2 {
		return 0
	}
	from := max(0, n-9)
	return float64(d.peaks[d.taken[n-1]].at-d.peaks[d.taken[from]].at) / float64(n-1-from)
}

// searchBack is the highest peak between two that is above a lower threshold, -1 if
// there is none.
func (d *Detector) searchBack(last, next int, threshold, rate float64) int {
	best := -1
	for k := last + 1; k < next; k++ {
		if d.peaks[k].high > threshold && !d.isTWave(last, k, rate) && (best < 0 || d.peaks[k].high > d.peaks[best].high) {
			best = k
		}
	}
	return best
}

// isTWave: soon after a beat, and less than half as steep.
func (d *Detector) isTWave(last, k int, rate float64) bool {
	return float64(d.peaks[k].at-d.peaks[last].at) < tWave*rate && d.peaks[k].steep < d.peaks[last].steep/2
}

// snap moves a peak of the power to the largest deflection near it.
func snap(band []float64, p, reach int) int {
	best := p
	for i := max(0, p-reach); i < min(len(band), p+reach+1); i++ {
		if math.Abs(band[i]) > math.Abs(band[best]) {
			best = i
		}
	}
	return best
}
