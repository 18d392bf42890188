package ecg

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// Wherever samples are missing, by whatever mark, the rate is that of the beats that are there,
// or the strip is unusable.
func TestGaps(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for _, c := range []struct {
		name   string
		fill   func(before int16) int16
		offset int16 // of the whole strip
	}{
		{"no sample", func(int16) int16 { return math.MinInt16 }, 0},
		{"upper rail", func(int16) int16 { return math.MaxInt16 }, 0},
		{"no sample of format 212", func(int16) int16 { return -2048 }, 0},
		{"no sample of format 310", func(int16) int16 { return -512 }, 0},
		{"zero", func(int16) int16 { return 0 }, 0},
		{"zero of an amplifier with an offset", func(int16) int16 { return 0 }, 300},
		{"the last value held", func(before int16) int16 { return before }, 0},
	} {
		usable := 0
		for k := range 120 {
			rate, bpm := []float64{125, 250, 500}[k%3], []float64{40, 75, 110, 150}[k/3%4]
			seconds := []float64{0.004, 0.1, 0.5, 1, 1.5, 3}[k/12%6]
			x := units(heart(10, rate, bpm, uint64(k), nil), 0.005)
			for i := range x {
				x[i] += c.offset
			}
			for range 1 + k%2 {
				from := 1 + int(r.Float64()*(10-seconds)*rate) - 1
				before := x[max(0, from-1)]
				for i := from; i < from+max(1, int(seconds*rate)); i++ {
					x[i] = c.fill(before)
				}
			}
			got := Analyse(strip(rate, x))
			if got.State != schemas.Present {
				continue
			}
			usable++
			if math.Abs(float64(got.HeartRate)-bpm) > 0.05*bpm {
				t.Errorf("%s for %v s at %v Hz: %v/min, want %v; quality %v, beats %v", c.name, seconds, rate, got.HeartRate, bpm, got.Quality, got.Beats)
			}
		}
		if usable < 60 {
			t.Errorf("%s: %d of 120 strips are usable", c.name, usable)
		}
	}
}

// Six gaps of half a second, each other one with a beat in it.
func TestManyGaps(t *testing.T) {
	x := units(heart(10, 250, 75, 1, nil), 0.005)
	for from := 0.9; from < 9; from += 1.5 {
		for i := range 125 {
			x[int(from*250)+i] = math.MinInt16
		}
	}
	if r := Analyse(strip(250, x)); r.State == schemas.Present && math.Abs(float64(r.HeartRate)-75) > 2 {
		t.Errorf("%+v", r)
	}
}

func TestMissing(t *testing.T) {
	none := slices.Repeat([]int16{math.MinInt16}, 2500)
	for name, c := range map[string]struct {
		strip         *schemas.Strip
		flat, missing bool
	}{
		"nothing was sampled":     {strip(250, none), false, true},
		"a lead flat, one absent": {strip(250, none, make([]int16, 2500)), true, false},
		"all leads flat":          {strip(250, make([]int16, 2500), slices.Repeat([]int16{-900}, 2500)), true, false},
		"a flat lead beside one":  {strip(250, make([]int16, 2500), comb(10, 250, 0.8, 200)), false, false},
		"the line of an asystole": {strip(250, units(heart(10, 250, 60, 1, func(int) bool { return false }), 0.005)), true, false},
		"no lead":                 {strip(250), false, false},
		"too short":               {strip(250, make([]int16, 100)), false, false},
	} {
		if r := Analyse(c.strip); r.Flat != c.flat || r.Missing != c.missing {
			t.Errorf("%s: flat %v, missing %v", name, r.Flat, r.Missing)
		}
	}
}

// A silence is told and is no slower rate; where half of the strip is silent there is no rate.
func TestPauses(t *testing.T) {
	for _, c := range []struct {
		bpm      float64
		silent   func(k int) bool // beats that do not come
		pause    float64          // seconds, 0: none is told
		unusable bool
	}{
		{75, func(int) bool { return false }, 0, false},
		{75, func(k int) bool { return k == 5 }, 1.6, false},
		{75, func(k int) bool { return k == 5 || k == 6 }, 2.4, false},
		{75, func(k int) bool { return k < 3 }, 2.7, false},
		{75, func(k int) bool { return k > 9 }, 2.5, false},
		{40, func(k int) bool { return k == 3 }, 3, false},
		{120, func(k int) bool { return k >= 8 && k < 10 }, 1.5, false},
		{75, func(k int) bool { return k > 4 }, 6.5, true}, // of which the noise may be taken for beats
	} {
		r := Analyse(strip(250, units(heart(10, 250, c.bpm, 3, func(k int) bool { return !c.silent(k) }), 0.005)))
		name := fmt.Sprintf("%v/min, %v s", c.bpm, c.pause)
		if (r.State == schemas.Unusable) != c.unusable || !c.unusable && math.Abs(float64(r.Pause)-c.pause) > 0.05 {
			t.Errorf("%s: %s, a pause of %v s", name, r.State, r.Pause)
		}
		if !c.unusable && math.Abs(float64(r.HeartRate)-c.bpm) > 0.02*c.bpm {
			t.Errorf("%s: %v/min", name, r.HeartRate)
		}
	}
}

// Where long intervals are of the rhythm they are in its rate: bigeminy, and fibrillation.
func TestLongIntervalsOfTheRhythm(t *testing.T) {
	for name, intervals := range map[string][]float64{
		"bigeminy":     {0.5, 1.1},
		"trigeminy":    {0.8, 0.5, 1.1},
		"fibrillation": {0.84, 0.7, 0.97, 1.53, 0.68, 0.68, 0.63, 0.81, 0.72, 0.65, 0.77},
	} {
		x := heart(11, 250, 60, 4, func(int) bool { return false })
		at, n, first, last := 0.4, 0, 0.4, 0.0
		for at < 10.5 {
			for i := range x {
				d := (float64(i)/250 - at) / 0.012
				x[i] += math.Exp(-d * d / 2)
			}
			last = at
			at += intervals[n%len(intervals)]
			n++
		}
		want := 60 * float64(n-1) / (last - first)
		if r := Analyse(strip(250, units(x, 0.005))); math.Abs(float64(r.HeartRate)-want) > 1 || r.Pause != 0 {
			t.Errorf("%s: %v/min, want %v; a pause of %v s", name, r.HeartRate, want, r.Pause)
		}
	}
}

// A simulator's line has no noise: between its waves it stands still and nothing is lost.
func TestNoNoise(t *testing.T) {
	for _, rate := range []float64{125, 250, 500} {
		for _, bpm := range []float64{50, 60, 75, 120, 180} {
			x := make([]float64, int(10*rate))
			beats(x, rate, bpm, nil)
			if r := Analyse(strip(rate, units(x, 0.005))); r.State != schemas.Present || math.Abs(float64(r.HeartRate)-bpm) > 0.02*bpm {
				t.Errorf("%v/min at %v Hz: %+v", bpm, rate, r)
			}
		}
	}
}
