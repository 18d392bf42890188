package parity

import (
	"testing"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// twins are the pieces in plain Go, written for clarity, one row after another, without
// gradients: a second judge of the vectors, and of the production layers.
var twins = map[string]runner{}

func registerTwin(group string, f64 func(*Case) (Outputs[float64], error), f32 func(*Case) (Outputs[float32], error)) bool {
	twins[group] = runner{f64, f32, false}
	return true
}

func TestLayersAgainstTheVectors(t *testing.T) { report(t, groups) }

func TestTwinsAgainstTheVectors(t *testing.T) { report(t, twins) }

// report walks the vectors and prints what a group's cases come to.
func report(t *testing.T, runners map[string]runner) {
	cases, err := ReadCases(opendata.Reference(t))
	if err != nil {
		t.Fatal(err)
	}
	type count struct {
		ok, bad                 int
		float64, float32, slope float64
		worst                   float64 // of its tolerance
	}
	counts := map[string]*count{}
	var order []string
	for _, r := range walk(cases, runners) {
		n := counts[r.Group]
		if n == nil {
			n = &count{}
			counts[r.Group] = n
			order = append(order, r.Group)
		}
		n.float64, n.float32, n.slope = max(n.float64, r.Float64.Max), max(n.float32, r.Float32.Max), max(n.slope, r.Gradient.Max)
		if w := r.Worst(); w.Tolerance > 0 {
			n.worst = max(n.worst, w.ratio())
		}
		if r.OK {
			n.ok++
			continue
		}
		n.bad++
		t.Errorf("%s: %s", r.Name, r.Err)
	}
	if len(order) < 12 {
		t.Errorf("only the groups %v are there", order)
	}
	for _, g := range order {
		n := counts[g]
		t.Logf("%-15s ok %3d, not ok %3d; worst float64 %.2g, float32 %.2g, gradients %.2g; the nearest to its tolerance at %.2f of it", g, n.ok, n.bad, n.float64, n.float32, n.slope, n.worst)
	}
}
