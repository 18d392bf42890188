package ecg

import "math"

// usableRate says whether a rate, in samples per second, is one at which beats can be found.
// NaN is none, and above 100 kHz no device samples.
func usableRate(rate float64) bool { return rate >= 50 && rate <= 100_000 }

// bandPass is a Butterworth high pass and low pass of second order each, run forward and
// backward, so that peaks stay where they are.
type bandPass struct {
	rate, low, high   float64
	highpass, lowpass biquad
}

// biquad is a filter section of second order with its coefficients normalised to a0 = 1.
type biquad struct{ b0, b1, b2, a1, a2 float64 }

// set computes the sections for a rate and a band, all in Hz, by the bilinear transform (R.
// Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"). A corner
// above 0.45 of the rate is moved there, since a low rate has no such frequencies.
func (f *bandPass) set(rate, low, high float64) {
	if f.rate == rate && f.low == low && f.high == high {
		return
	}
	f.rate, f.low, f.high = rate, low, high
	q := math.Sqrt2 / 2
	section := func(hz float64) (c, alpha, a0 float64) {
		w := 2 * math.Pi * math.Min(hz, 0.45*rate) / rate
		c, alpha = math.Cos(w), math.Sin(w)/(2*q)
		return c, alpha, 1 + alpha
	}
	c, alpha, a0 := section(low)
	f.highpass = biquad{(1 + c) / 2 / a0, -(1 + c) / a0, (1 + c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0}
	c, alpha, a0 = section(high)
	f.lowpass = biquad{(1 - c) / 2 / a0, (1 - c) / a0, (1 - c) / 2 / a0, -2 * c / a0, (1 - alpha) / a0}
}

// apply filters samples into out, of the same length.
func (f *bandPass) apply(out []float64, samples []int16) {
	// The first sample is taken as the level before it, so that the begin is no step.
	level := float64(samples[0])
	for i, v := range samples {
		out[i] = float64(v) - level
	}
	f.highpass.forward(out)
	f.lowpass.forward(out)
	f.highpass.backward(out)
	f.lowpass.backward(out)
}

// forward filters x in place, in the transposed direct form II.
func (q *biquad) forward(x []float64) {
	b0, b1, b2, a1, a2 := q.b0, q.b1, q.b2, q.a1, q.a2
	var s1, s2 float64
	for i, v := range x {
		y := float64(b0*v) + s1
		s1 = float64(b1*v) - float64(a1*y) + s2
		s2 = float64(b2*v) - float64(a2*y)
		x[i] = y
	}
}

// backward filters x from its end, which takes back the delay of forward.
func (q *biquad) backward(x []float64) {
	b0, b1, b2, a1, a2 := q.b0, q.b1, q.b2, q.a1, q.a2
	var s1, s2 float64
	for i := len(x) - 1; i >= 0; i-- {
		v := x[i]
		y := float64(b0*v) + s1
		s1 = float64(b1*v) - float64(a1*y) + s2
		s2 = float64(b2*v) - float64(a2*y)
		x[i] = y
	}
}

// movingMean fills out with the mean of x, which must not be negative, over w samples around
// each one. Beyond the ends x counts as 0.
func movingMean(out, x []float64, w int) {
	w = max(w, 1)
	ahead := w / 2
	var sum float64
	for i := range min(ahead, len(x)) {
		sum += x[i]
	}
	for i := range x {
		if add := i + ahead; add < len(x) {
			sum += x[add]
		}
		if drop := i + ahead - w; drop >= 0 {
			sum -= x[drop]
		}
		out[i] = math.Max(sum, 0) / float64(w)
	}
}
