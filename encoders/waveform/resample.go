package waveform

import (
	"errors"
	"fmt"
	"math"
)

// Resampler changes the rate of a signal by a ratio of whole numbers, as it comes, in chunks of any
// size: a low pass of windowed sinc, of which each output needs only every so many-th weight (a
// polyphase filter; Crochiere and Rabiner, Multirate Digital Signal Processing, 1983). Output k is
// at the time k by the new rate. The filter reaches to both sides, so that the last outputs come by
// Flush. A missing sample, NaN, makes the outputs missing that would lean on it.
type Resampler struct {
	up, down int
	half     int         // input samples on each side of an output
	phases   [][]float64 // weights of the inputs around an output, by its place between two of them
	recent   []float64   // inputs from first on
	first    int64
	out      int64 // the next output
	in       int64 // inputs so far
}

// maxRatio bounds both sides of a ratio, and so the table of weights.
const maxRatio = 4096

// crossings is how many zeros of the sinc are on each side, and the part of the narrower band that
// is passed.
const (
	crossings = 16
	passed    = 0.92
)

// NewResampler makes from samples at one rate, in whole hertz, such at another.
func NewResampler(from, to int) (*Resampler, error) {
	if from < 1 || to < 1 {
		return nil, fmt.Errorf("resampling from %d to %d Hz: want both above 0", from, to)
	}
	a, b := from, to
	for b != 0 {
		a, b = b, a%b
	}
	r := &Resampler{up: to / a, down: from / a}
	if max(r.up, r.down) > maxRatio {
		return nil, fmt.Errorf("resampling from %d to %d Hz is by %d/%d: want a ratio of numbers up to %d", from, to, r.up, r.down, maxRatio)
	}
	// In units of the input's rate the band of both is half of this.
	band := passed * min(1, float64(r.up)/float64(r.down))
	r.half = int(math.Ceil(crossings / band))
	for phase := range r.up {
		offset := float64(phase) / float64(r.up)
		weights := make([]float64, 2*r.half)
		var sum float64
		for i := range weights {
			x := float64(i-r.half+1) - offset
			weights[i] = float64(sinc(float64(band*x)) * hann(x/float64(r.half)))
			sum += weights[i]
		}
		for i := range weights { // a level stays what it is
			weights[i] /= sum
		}
		r.phases = append(r.phases, weights)
	}
	r.recent = make([]float64, 0, 4*r.half)
	return r, nil
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// hann is a window from -1 to 1.
func hann(x float64) float64 {
	if math.Abs(x) >= 1 {
		return 0
	}
	return 0.5 + float64(0.5*math.Cos(math.Pi*x))
}

// Push takes samples and appends to dst the outputs that they complete.
func (r *Resampler) Push(dst, samples []float64) []float64 {
	for _, v := range samples {
		r.recent = append(r.recent, v)
		r.in++
		for r.centre()+int64(r.half) < r.in {
			dst = append(dst, r.output())
		}
	}
	return dst
}

// Flush appends the last outputs, up to the time of the last sample; beyond it the last value is
// held. The resampler begins anew.
func (r *Resampler) Flush(dst []float64) []float64 {
	for r.in > 0 && r.centre() < r.in {
		dst = append(dst, r.output())
	}
	r.recent, r.first, r.out, r.in = r.recent[:0], 0, 0, 0
	return dst
}

// centre is the input at or before the next output.
func (r *Resampler) centre() int64 { return r.out * int64(r.down) / int64(r.up) }

// output is the next output. Inputs that no later one needs are forgotten.
func (r *Resampler) output() float64 {
	centre := r.centre()
	weights := r.phases[r.out*int64(r.down)%int64(r.up)]
	var sum float64
	for i, w := range weights {
		if w == 0 {
			continue
		}
		at := min(max(centre+int64(i-r.half+1), 0), r.in-1)
		sum += float64(w * r.recent[max(at-r.first, 0)])
	}
	r.out++
	// The first sample is held in front of the begin, so that it is kept as long as it is needed.
	if drop := r.centre() - int64(r.half) - r.first; drop > int64(r.half) {
		r.recent = r.recent[:copy(r.recent, r.recent[drop:])]
		r.first += drop
	}
	return sum
}

// Biquad is a filter section of second order that takes samples as they come. A missing sample, NaN,
// gives a missing one, and behind it the filter begins anew.
type Biquad struct {
	b0, b1, b2, a1, a2 float64
	s1, s2             float64
	running            bool
	level              float64 // what a steady input gives, for a begin without a step
}

// Kind is what a filter lets pass.
type Kind uint8

// Kinds of filters. A notch takes out one frequency, as the hum of the mains.
const (
	LowPass Kind = iota
	HighPass
	Notch
)

// NewBiquad computes a section by the bilinear transform (R. Bristow-Johnson, "Cookbook formulae for
// audio EQ biquad filter coefficients"). With a quality of 1/sqrt(2) a pass is Butterworth's.
func NewBiquad(kind Kind, rate, hz, quality float64) (*Biquad, error) {
	if !(rate > 0 && hz > 0 && hz < rate/2 && quality > 0) || math.IsInf(rate, 0) || math.IsInf(quality, 0) {
		return nil, fmt.Errorf("a filter at %v Hz with a quality of %v for samples at %v Hz: want a frequency between 0 and half of the rate, and a quality above 0", hz, quality, rate)
	}
	w := 2 * math.Pi * hz / rate
	c, alpha := math.Cos(w), math.Sin(w)/(2*quality)
	a0 := 1 + alpha
	q := &Biquad{a1: -2 * c / a0, a2: (1 - alpha) / a0}
	switch kind {
	case LowPass:
		q.b0, q.b1, q.b2, q.level = (1-c)/2/a0, (1-c)/a0, (1-c)/2/a0, 1
	case HighPass:
		q.b0, q.b1, q.b2 = (1+c)/2/a0, -(1+c)/a0, (1+c)/2/a0
	case Notch:
		q.b0, q.b1, q.b2, q.level = 1/a0, -2*c/a0, 1/a0, 1
	default:
		return nil, errors.New("a filter of no kind: want LowPass, HighPass or Notch")
	}
	return q, nil
}

// Filter filters x in place.
func (q *Biquad) Filter(x []float64) {
	for i, v := range x {
		if math.IsNaN(v) {
			q.running = false
			continue
		}
		if !q.running { // as if the first sample had always been there
			y := float64(q.level * v)
			q.s2 = float64(q.b2*v) - float64(q.a2*y)
			q.s1 = float64(q.b1*v) - float64(q.a1*y) + q.s2
			q.running = true
		}
		y := float64(q.b0*v) + q.s1
		q.s1 = float64(q.b1*v) - float64(q.a1*y) + q.s2
		q.s2 = float64(q.b2*v) - float64(q.a2*y)
		x[i] = y
	}
}
