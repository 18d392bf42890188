package nn

import (
	"math"
	"testing"
)

// Three steps by hand. The first moves every parameter by the rate against the sign of
// its gradient, after the decay, whatever the gradient's size.
func TestAdamWByHand(t *testing.T) {
	a := NewAdamW[float64](2, 0.1)
	p := []float64{1, -2}
	a.Step(p, []float64{3, -0.001}, 0.01)
	near(t, "first step", p, []float64{1*(1-0.001) - 0.01, -2*(1-0.001) + 0.01}, 1e-7)

	// m = 0.1 (0.9 * 3 - 1), v = 0.001 (0.999 * 9 + 1), corrected by 1 - 0.81 and 1 - 0.998001.
	before := p[0]
	a.Step(p, []float64{-1, 0}, 0.01)
	m, v := 0.1*(0.9*3-1)/0.19, 0.001*(0.999*9+1)/0.001999
	near(t, "second step", p[:1], []float64{before*0.999 - 0.01*m/(math.Sqrt(v)+1e-8)}, 1e-12)
	if a.Steps != 2 {
		t.Errorf("%d steps", a.Steps)
	}
}

// Decay is decoupled: it does not pass through the moments, and with no gradient it is
// all that moves.
func TestAdamWDecayIsDecoupled(t *testing.T) {
	a := NewAdamW[float32](1, 0.5)
	p := []float32{8}
	for range 3 {
		a.Step(p, []float32{0}, 0.5)
	}
	if p[0] != 8*0.75*0.75*0.75 || a.Mean[0] != 0 || a.Square[0] != 0 {
		t.Errorf("parameter %v, moments %v and %v", p[0], a.Mean[0], a.Square[0])
	}
}

// In float32 and in float64 a badly scaled bowl is left at its bottom.
func TestAdamWFindsTheMinimum(t *testing.T) {
	a, p := NewAdamW[float32](2, 0), []float32{3, -4}
	s := Schedule{Rate: 0.1, Warmup: 10, Steps: 400, Floor: 0.001}
	for it := 1; it <= s.Steps; it++ {
		a.Step(p, []float32{p[0] - 1, 1000 * (p[1] - 2)}, s.At(it))
	}
	near(t, "minimum", []float64{float64(p[0]), float64(p[1])}, []float64{1, 2}, 1e-3)
}

func TestSchedule(t *testing.T) {
	s := Schedule{Rate: 2, Warmup: 4, Steps: 24, Floor: 0.02}
	near(t, "rates", []float64{s.At(1), s.At(4), s.At(14), s.At(24), s.At(30)}, []float64{0.5, 2, 2 * 0.51, 0.04, 0.04}, 1e-12)
	for it := 5; it <= 24; it++ {
		if !(s.At(it) < s.At(it-1)) {
			t.Errorf("the rate does not fall at step %d", it)
		}
	}
	plain := Schedule{Rate: 1, Steps: 10, Floor: 1}
	if plain.At(1) != 1 || plain.At(10) != 1 {
		t.Error("without warm-up and with floor 1 the rate is constant")
	}
}

func TestClip(t *testing.T) {
	g := []float32{3, 4, 0, 0, 0, 0, 0, 0, 12}
	if n := Clip(g, 20); n != 13 || g[0] != 3 {
		t.Errorf("norm %v, %v: a short gradient stays", n, g)
	}
	if n := Clip(g, 6.5); n != 13 || g[0] != 1.5 || g[1] != 2 || g[8] != 6 {
		t.Errorf("norm %v, %v: a long one is halved", n, g)
	}
	g[0] = float32(math.NaN())
	if n := Clip(g, 1); !math.IsNaN(n) || g[8] != 6 {
		t.Errorf("norm %v: a NaN must be seen", n)
	}
}

// The factor is it/(it+10) until it reaches the decay: step 1 takes 10/11 of the way.
func TestAverage(t *testing.T) {
	a := []float64{0}
	Average(a, []float64{11}, 0.99, 1)
	near(t, "step 1", a, []float64{10}, 1e-12)
	Average(a, []float64{22}, 0.99, 990)
	near(t, "step 990, both factors 0.99", a, []float64{10.12}, 1e-12)
	Average(a, []float64{0}, 0.5, 1000)
	near(t, "small decay", a, []float64{5.06}, 1e-12)
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}
