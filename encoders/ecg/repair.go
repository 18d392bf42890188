package ecg

import (
	"math"
	"slices"
)

// repair makes a signal in which beats can be looked for: what is no measurement and what is
// of a pacemaker is bridged, each by a straight line or the level around it. Its zero value is
// ready. It keeps its buffers.
type repair struct {
	signal []int16 // the repaired samples
	marked []bool  // no sample was taken
	still  []bool  // the signal stands still for so long that it may have been lost
	gaps   []gap   // of both kinds, wide enough to hide a beat, in order
	lost   int     // samples that are marked or still

	spikes spikes
}

// gap is the samples [from, to).
type gap struct {
	from, to int
	marked   bool // some of it is not a measurement
}

// Times in seconds.
const (
	// hiding is how long a gap must be to hide a narrow QRS.
	hiding = 0.05
	// A signal that stands still for stillLong has lost its leads, or its amplifier is at a rail.
	// Where noise moves it, so that it otherwise never stands still for stillNoise, stillShort is
	// enough.
	stillLong, stillShort, stillNoise = 1, 0.2, 0.05
)

// noisyTurns is how often, in a second, noise makes a signal rise and fall. The five waves of a
// beat have ten turns.
const noisyTurns = 30

// apply fills all fields from the samples of a lead.
func (p *repair) apply(samples []int16, rate float64) {
	p.signal = append(p.signal[:0], samples...)
	p.marked = cleared(p.marked, len(samples))
	p.still = cleared(p.still, len(samples))
	for i, v := range samples {
		p.marked[i] = v == math.MinInt16 || v == math.MaxInt16
	}
	p.markPlateaus(slices.Min[[]int16])
	p.markPlateaus(slices.Max[[]int16])
	bridge(p.signal, p.marked)
	p.spikes.remove(p.signal, rate)
	p.findStill(rate)
	bridge(p.signal, p.still)
	p.lost, p.gaps = 0, p.gaps[:0]
	for i := 0; i < len(samples); i++ {
		from, marked := i, false
		for ; i < len(samples) && (p.marked[i] || p.still[i]); i++ {
			marked = marked || p.marked[i]
		}
		p.lost += i - from
		if float64(i-from) >= hiding*rate {
			p.gaps = append(p.gaps, gap{from, i, marked})
		}
	}
}

// markPlateaus marks the lowest or the highest value where it is a code for "no sample", as
// converters of fewer bits have them: it is held for three samples and more, and the signal
// always jumps there and back by half of all that it swings otherwise, and is elsewhere most of
// the time. A QRS that is cut off at
// the end of a converter's range comes and goes by a slope.
func (p *repair) markPlateaus(extreme func([]int16) int16) {
	if len(p.signal) == 0 {
		return
	}
	// The full scale is bridged first, so that it is not the extreme.
	bridge(p.signal, p.marked)
	code := extreme(p.signal)
	low, high := 0, 0
	first := true
	for _, v := range p.signal {
		if v == code {
			continue
		}
		if first {
			low, high, first = int(v), int(v), false
		}
		low, high = min(low, int(v)), max(high, int(v))
	}
	if first {
		return // nothing but this value: still
	}
	jumps := func(i int) bool {
		if i < 0 || i >= len(p.signal) {
			return true
		}
		d := int(p.signal[i]) - int(code)
		return 2*max(d, -d) >= high-low
	}
	held, count := false, 0
	for i := 0; i < len(p.signal); i++ {
		from := i
		for i < len(p.signal) && p.signal[i] == code {
			i++
		}
		if i == from {
			continue
		}
		if !jumps(from-1) || !jumps(i) {
			return
		}
		held = held || i-from >= 3
		count += i - from
	}
	if !held || 2*count > len(p.signal) {
		return
	}
	for i, v := range p.signal {
		p.marked[i] = p.marked[i] || v == code
	}
}

// findStill fills still. What is marked does not count.
func (p *repair) findStill(rate float64) {
	enough := stillLong * rate
	if p.noisy(rate) {
		enough = stillShort * rate
	}
	p.eachRun(func(from, to int) {
		if float64(to-from) >= math.Floor(enough) {
			for i := from; i < to; i++ {
				p.still[i] = true
			}
		}
	})
}

// noisy says whether the signal has noise enough never to stand still. Waves without noise turn
// at their tops only.
func (p *repair) noisy(rate float64) bool {
	still, ever := 0, false
	p.eachRun(func(from, to int) {
		if n := float64(to - from); n >= stillNoise*rate {
			still += to - from
			ever = ever || n < stillShort*rate
		}
	})
	turns, rising := 0, 0
	for i := 1; i < len(p.signal); i++ {
		if d := int(p.signal[i]) - int(p.signal[i-1]); d != 0 {
			if d*rising < 0 {
				turns++
			}
			rising = d
		}
	}
	return !ever && float64(turns)*rate >= noisyTurns*float64(len(p.signal)-still)
}

// eachRun calls f for every stretch of equal samples of which none is marked.
func (p *repair) eachRun(f func(from, to int)) {
	for from, i := 0, 0; i < len(p.signal); from = i {
		for i++; i < len(p.signal) && p.signal[i] == p.signal[from] && p.marked[i] == p.marked[from]; i++ {
		}
		if !p.marked[from] {
			f(from, i)
		}
	}
}

// whole is 1 for a strip that is whole and 0 for one of which half or more is lost.
func (p *repair) whole() float64 {
	return max(0, 1-2*float64(p.lost)/float64(len(p.signal)))
}

// measured is how many samples are measurements, among them those of a signal that stands still.
func (p *repair) measured() int {
	n := 0
	for _, m := range p.marked {
		if !m {
			n++
		}
	}
	return n
}

// between says whether a gap lies between two samples, and whether some of it is marked.
func (p *repair) between(from, to int) (any, marked bool) {
	for _, g := range p.gaps {
		if g.from < to && g.to > from {
			any, marked = true, marked || g.marked
		}
	}
	return any, marked
}

// hidden says whether a sample lies in a gap.
func (p *repair) hidden(at int) bool {
	any, _ := p.between(at, at+1)
	return any
}

// bridge draws a straight line over what is marked, or holds the level at the strip's ends.
func bridge(x []int16, marked []bool) {
	for i := 0; i < len(x); i++ {
		from := i
		for i < len(x) && marked[i] {
			i++
		}
		if i == from || i-from == len(x) {
			continue
		}
		before, after := float64(x[max(from-1, 0)]), float64(x[min(i, len(x)-1)])
		if from == 0 {
			before = after
		}
		if i == len(x) {
			after = before
		}
		for k := from; k < i; k++ {
			x[k] = int16(math.Round(before + float64((after-before)*(float64(k-from+1)/float64(i-from+1)))))
		}
	}
}

func cleared(b []bool, n int) []bool {
	b = slices.Grow(b[:0], n)[:n]
	clear(b)
	return b
}
