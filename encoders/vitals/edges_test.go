package vitals_test

import (
	"math"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders/vitals"
)

// column is n values with what is known of them.
func column(n int, value func(i int) float32) (x []float32, known []bool) {
	for i := range n {
		x, known = append(x, value(i)), append(known, true)
	}
	return x, known
}

func TestEdgesFit(t *testing.T) {
	ramp := func(i int) float32 { return float32(i) }
	for _, c := range []struct {
		name  string
		n     int
		value func(i int) float32
		want  []float32
	}{
		{"a ramp", 801, ramp, []float32{0, 100, 200, 300, 400, 500, 600, 700, 800}},
		{"a quantile between two values", 50, ramp, []float32{0, 6.125, 12.25, 18.375, 24.5, 30.625, 36.75, 42.875, 49}},
		{"repeated quantiles", 800, func(i int) float32 { return float32(i / 400) }, []float32{0, 0.5, 1, 1, 1, 1, 1, 1, 1}},
		{"one distinct value", 800, func(int) float32 { return 7 }, []float32{7, 7, 7, 7, 7, 7, 7, 7, 7}},
		{"too few", 49, ramp, []float32{0, 0, 0, 0, 0, 0, 0, 0, 0}},
	} {
		x, known := column(c.n, c.value)
		got := vitals.FitEdges(1, x, known)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: edges %v, want %v", c.name, got, c.want)
		}
		if err := got.Check(1); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What is not known does not count, and features are told apart.
func TestEdgesFitOfSeveral(t *testing.T) {
	var x []float32
	var known []bool
	for i := range 801 {
		x, known = append(x, float32(i), -float32(i), 1e6), append(known, true, i < 60, false)
	}
	got := vitals.FitEdges(3, x, known)
	if got[8] != 800 || got[9] != -59 || got[17] != 0 || slices.Max(got[18:]) != 0 {
		t.Errorf("edges %v", got)
	}
}

func TestEncode(t *testing.T) {
	e := vitals.Edges{0, 1, 3, 4, 4, 4, 4, 4, 4}
	narrow := vitals.Edges{2, 2.00005, 2.00005, 2.00005, 2.00005, 2.00005, 2.00005, 2.00005, 2.00005}
	flat := vitals.Edges{7, 7, 7, 7, 7, 7, 7, 7, 7}
	for _, c := range []struct {
		name  string
		edges vitals.Edges
		x     float32
		known bool
		want  []float32
	}{
		{"on an edge", e, 1, true, []float32{0.5, -0.5, -0.5, 0, 0, 0, 0, 0, 0.5}},
		{"within a bin", e, 2.5, true, []float32{0.5, 0.25, -0.5, 0, 0, 0, 0, 0, 0.5}},
		{"below all", e, -3, true, []float32{-0.5, -0.5, -0.5, 0, 0, 0, 0, 0, 0.5}},
		{"on the last edge", e, 4, true, []float32{0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0.5}},
		{"above all", e, 9, true, []float32{0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0.5}},
		{"not known", e, 2.5, false, []float32{0, 0, 0, 0, 0, 0, 0, 0, -0.5}},
		{"a bin narrower than 1e-4", narrow, 3, true, []float32{0.5, 0, 0, 0, 0, 0, 0, 0, 0.5}},
		{"half of the least width", narrow, 2.00005, true, []float32{0, 0, 0, 0, 0, 0, 0, 0, 0.5}},
		{"no bins", flat, 7, true, []float32{0, 0, 0, 0, 0, 0, 0, 0, 0.5}},
	} {
		got := []float32{9, 9, 9, 9, 9, 9, 9, 9, 9}
		c.edges.Encode(got, []float32{c.x}, []bool{c.known})
		for i := range got {
			if math.Abs(float64(got[i]-c.want[i])) > 1e-2 || c.name[0] != 'h' && got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

func TestEdgesCheck(t *testing.T) {
	nan := float32(math.NaN())
	for name, e := range map[string]vitals.Edges{
		"too short":       {0, 1},
		"not a number":    {0, nan, 1, 1, 1, 1, 1, 1, 1},
		"falling":         {0, 1, 0.5, 1, 1, 1, 1, 1, 1},
		"goes on again":   {0, 1, 1, 2, 2, 2, 2, 2, 2},
		"of two features": {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		if e.Check(1) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Of evenly spread values centre and scale are known.
func TestFitScale(t *testing.T) {
	means, _ := column(1001, func(i int) float32 { return float32(1000-i) / 100 })
	centre, scale, ok := vitals.FitScale(means)
	if !ok || math.Abs(centre-5) > 1e-9 || math.Abs(scale-8/2.563) > 1e-6 {
		t.Errorf("centre %v, scale %v, %v; want 5, %v", centre, scale, ok, 8/2.563)
	}
	if _, _, ok := vitals.FitScale(means[:49]); ok {
		t.Error("49 values gave a scale")
	}
	flat, _ := column(1001, func(int) float32 { return 1 })
	if _, _, ok := vitals.FitScale(flat); ok {
		t.Error("one distinct value gave a scale")
	}
}
