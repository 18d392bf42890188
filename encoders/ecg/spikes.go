package ecg

import (
	"math"
	"slices"
)

// spikes takes the spikes of a pacemaker out of a signal. A spike lasts 2 ms at most (IEC
// 60601-2-27), which a converter and its filters make one to a few samples, and no part of a
// heart beat is as narrow; but in the band of a QRS a spike of 5 mV looks like one. What the
// heart makes of a spike, if anything, comes after it and stays.
type spikes struct {
	levelled        []int16 // the signal without anything narrow
	first, scratch  []int16
	lowest, highest []int16
	forward, back   []int16 // of running
}

// Times in seconds.
const (
	// spikeWidth is the widest spike in a recorded signal.
	spikeWidth = 0.006
	// beside is the time on both sides of a spike over which the signal must be level in
	// comparison. The flanks of a QRS lie within it.
	beside = 0.03
)

// standsOut is how much higher a spike is than the rest of the signal beside it swings. A
// narrow QRS has 0.2 of that at 250 Hz, and 1.7 where three samples at 125 Hz are all of it.
const standsOut = 2

// aboveNoise is how much higher a spike is than what is narrow is on average over the strip.
const aboveNoise = 4

// minSpikeRate is the slowest rate, in Hz, at which a spike is narrower than a QRS.
const minSpikeRate = 100

// remove replaces spikes in x by the level beside them.
func (s *spikes) remove(x []int16, rate float64) {
	if rate < minSpikeRate || len(x) == 0 {
		return
	}
	n := len(x)
	for _, b := range []*[]int16{&s.levelled, &s.first, &s.scratch, &s.lowest, &s.highest} {
		*b = slices.Grow((*b)[:0], n)[:n]
	}
	width := max(3, int(math.Round(spikeWidth*rate))+2)
	// Opening takes narrow peaks away, closing narrow valleys.
	s.running(s.scratch, x, width, 0, lower)
	s.running(s.first, s.scratch, width, width-1, higher)
	s.running(s.scratch, s.first, width, 0, higher)
	s.running(s.levelled, s.scratch, width, width-1, lower)
	reach := int(beside * rate)
	s.running(s.lowest, s.levelled, 2*reach+1, reach, lower)
	s.running(s.highest, s.levelled, 2*reach+1, reach, higher)
	var sum int64
	for i, v := range x {
		d := int64(v) - int64(s.levelled[i])
		sum += max(d, -d)
	}
	noise := aboveNoise * int(sum) / n
	until := 0 // what is replaced already
	for i := 0; i < n; i++ {
		d := int(x[i]) - int(s.levelled[i])
		swing := int(s.highest[i]) - int(s.lowest[i])
		if max(d, -d) <= max(standsOut*swing, noise, 1) {
			continue
		}
		to := min(n, i+width)
		for k := max(until, i-width+1); k < to; k++ {
			x[k] = s.levelled[k]
		}
		until = to
		i = to - 1
	}
}

// lower and higher say which extreme running is to find. Complementing the bits of a number
// turns its order round, without the one value that has no negative.
const (
	lower  int16 = 0
	higher int16 = -1
)

// running fills out with the extreme of x over the w samples that begin back before each one,
// as far as there are any (van Herk, "A fast algorithm for local minimum and maximum filters on
// rectangular and octagonal kernels", Pattern Recognition Letters 1992).
func (s *spikes) running(out, x []int16, w, back int, extreme int16) {
	n := len(x)
	s.forward, s.back = slices.Grow(s.forward[:0], n)[:n], slices.Grow(s.back[:0], n)[:n]
	for from := 0; from < n; from += w {
		to := min(from+w, n)
		v := int16(math.MaxInt16)
		for i := from; i < to; i++ {
			v = min(v, x[i]^extreme)
			s.forward[i] = v
		}
		v = math.MaxInt16
		for i := to - 1; i >= from; i-- {
			v = min(v, x[i]^extreme)
			s.back[i] = v
		}
	}
	for i := range out {
		from, to := i-back, i-back+w-1
		v := s.forward[min(to, n-1)]
		switch {
		case from < 0:
		case to >= n && from/w == (n-1)/w:
			v = s.back[from]
		default:
			v = min(v, s.back[from])
		}
		out[i] = v ^ extreme
	}
}
