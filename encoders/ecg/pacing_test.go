package ecg

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// heart is an ECG in millivolt with noise of 0.02 mV and a wandering line. Only the beats that
// captured names are in it; nil: all.
func heart(seconds, rate, bpm float64, seed uint64, captured func(k int) bool) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	x := make([]float64, int(seconds*rate))
	for i := range x {
		x[i] = 0.02*r.NormFloat64() + 0.03*math.Sin(2*math.Pi*0.3*float64(i)/rate)
	}
	beats(x, rate, bpm, captured)
	return x
}

// beats adds waves of P, Q, R, S and T.
func beats(x []float64, rate, bpm float64, captured func(k int) bool) {
	seconds := float64(len(x)) / rate
	for k, beat := 0, firstBeat; beat < seconds; k, beat = k+1, beat+60/bpm {
		if captured != nil && !captured(k) {
			continue
		}
		for _, wave := range []struct{ at, width, height float64 }{
			{-0.16, 0.02, 0.12}, {-0.025, 0.008, -0.12}, {0, 0.011, 1.1}, {0.028, 0.009, -0.25}, {0.22 * math.Sqrt(60/bpm), 0.045, 0.3},
		} {
			at := beat + wave.at
			for i := max(0, int((at-5*wave.width)*rate)); i < min(len(x), int((at+5*wave.width)*rate)); i++ {
				d := (float64(i)/rate - at) / wave.width
				x[i] += wave.height * math.Exp(-d*d/2)
			}
		}
	}
}

const firstBeat = 0.3 // seconds

func units(x []float64, gain float64) []int16 {
	out := make([]int16, len(x))
	for i, v := range x {
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(v/gain))))
	}
	return out
}

// pace adds spikes of a height and a width in samples before every beat, and of both
// chambers if it is to.
func pace(x []float64, rate, bpm, height float64, width int, both bool) {
	spike := func(at float64) {
		for i := max(0, int(at*rate)); i < min(len(x), int(at*rate)+width); i++ {
			x[i] += height
		}
	}
	for beat := firstBeat - 0.04; beat < float64(len(x))/rate; beat += 60 / bpm {
		spike(beat)
		if both {
			spike(beat - 0.15)
		}
	}
}

// A pacemaker's spikes are no beats: without capture there is no heart rate, with capture of
// every or every other spike it is that of the beats.
func TestPacing(t *testing.T) {
	for name, c := range map[string]struct {
		captured func(k int) bool
		share    float64 // of the pacemaker's rate
	}{
		"none captured":  {func(int) bool { return false }, 0},
		"all captured":   {nil, 1},
		"every other is": {func(k int) bool { return k%2 == 0 }, 0.5},
	} {
		strips, usable := 0, 0
		for _, rate := range []float64{100, 125, 250, 360, 500, 1000} {
			for _, bpm := range []float64{40, 70, 120} {
				clean := heart(10, rate, bpm, 1, c.captured)
				for _, height := range []float64{-5, 0.5, 2, 200} { // mV
					for _, width := range []int{1, 2, int(math.Round(0.002 * rate))} {
						for _, both := range []bool{false, true} {
							x := slices.Clone(clean)
							pace(x, rate, bpm, height, width, both)
							for _, gain := range []float64{0.005, 0.001} {
								r := Analyse(&schemas.Strip{RateHz: rate, Gain: gain, Samples: [][]int16{units(x, gain)}})
								want := c.share * bpm
								strips++
								switch {
								case r.State != schemas.Present:
								case math.Abs(float64(r.HeartRate)-want) > 0.03*want:
									t.Errorf("%s: %v/min at %v Hz, %v mV, %d samples, both chambers %v, gain %v: %v/min of quality %v",
										name, bpm, rate, height, width, both, gain, r.HeartRate, r.Quality)
								default:
									usable++
								}
								if c.share == 0 && !r.Flat {
									t.Errorf("%s: %v/min at %v Hz, %v mV, %d samples, gain %v: not flat", name, bpm, rate, height, width, gain)
								}
							}
						}
					}
				}
			}
		}
		if c.share > 0 && float64(usable) < 0.9*float64(strips) {
			t.Errorf("%s: %d of %d strips are usable", name, usable, strips)
		}
	}
}

// Spikes on a line without any noise, as a simulator sends them.
func TestPacingOfASimulator(t *testing.T) {
	x := make([]float64, 5000)
	pace(x, 500, 70, 5, 1, false)
	if r := Analyse(strip(500, units(x, 0.005))); r.State != schemas.Unusable || !r.Flat {
		t.Errorf("%+v", r)
	}
}
