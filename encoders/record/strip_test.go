package record

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// A rhythm is named only where there are beats.
func TestStripLabels(t *testing.T) {
	const rate = 250
	beats := func(silent func(i int) bool) []int16 {
		x := make([]int16, 10*rate)
		for i := range x {
			d := (math.Mod(float64(i)/rate, 0.8) - 0.4) / 0.012
			x[i] = int16(10 * math.Sin(15*float64(i)/rate))
			if !silent(i) {
				x[i] += int16(200 * math.Exp(-d*d/2))
			}
		}
		return x
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]int16, 10*rate)
	for i := range noise {
		noise[i] = int16(100 * random.NormFloat64())
	}
	for _, c := range []struct {
		label   string
		state   schemas.ItemState
		samples []int16
	}{
		{"regular", schemas.Present, beats(func(int) bool { return false })},
		{"regular, pause of 2.4 s", schemas.Present, beats(func(i int) bool { return i > 1000 && i < 1400 })},
		{"flat", schemas.Unusable, make([]int16, 10*rate)},
		{"flat", schemas.Unusable, slices.Repeat([]int16{-700}, 10*rate)},
		{"no signal", schemas.Unusable, slices.Repeat([]int16{math.MinInt16}, 10*rate)},
		{"unreadable", schemas.Unusable, noise},
		{"unreadable", schemas.Unusable, nil},
	} {
		a := AnalyseStrip(&schemas.Strip{RateHz: rate, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{c.samples}})
		if a.Label != c.label || a.State != c.state || a.State == schemas.Present && a.HeartRate == 0 {
			t.Errorf("%+v, want %s, %s", a, c.label, c.state)
		}
	}
}
