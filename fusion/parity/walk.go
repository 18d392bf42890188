package parity

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Result of one case. The errors are the largest |got - want| over all outputs;
// each tolerance is what the published index allows at that very element.
type Result struct {
	Name, Group             string
	MaxError64, Tolerance64 float64
	MaxError32, Tolerance32 float64
	OK                      bool
	Skipped                 string // why the case was not computed, "" if it was
	Err                     string // the first thing that is wrong, "" if OK
}

// Walk computes every case under dir in float64 and in float32 and holds both
// against the float64 values of the reference.
func Walk(dir string) ([]Result, error) {
	cases, err := ReadCases(dir)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range cases {
		r := Result{Name: c.Name, Group: c.Group}
		run, ok := groups[c.Group]
		if !ok {
			r.Skipped = "no code for group " + c.Group
			results = append(results, r)
			continue
		}
		var err64, err32 string
		r.MaxError64, r.Tolerance64, err64 = judge(c, run.f64, c.f64)
		r.MaxError32, r.Tolerance32, err32 = judge(c, run.f32, c.f32)
		switch {
		case err64 != "":
			r.Err = "float64: " + err64
		case err32 != "":
			r.Err = "float32: " + err32
		}
		r.OK = r.Err == ""
		results = append(results, r)
	}
	return results, nil
}

// Outputs of a piece, by the name behind the role (out64/ or ref/). The walk wants
// every expected tensor of the case; one that a piece does not compute on purpose
// stands there as nil. Names that the case does not want are passed over.
type Outputs[F nn.Float] map[string][]F

type runner struct {
	f64 func(*Case) (Outputs[float64], error)
	f32 func(*Case) (Outputs[float32], error)
}

// groups maps a group of the index to the piece that computes it.
var groups = map[string]runner{}

// register adds a group: var _ = register("gates", gates[float64], gates[float32]).
func register(group string, f64 func(*Case) (Outputs[float64], error), f32 func(*Case) (Outputs[float32], error)) bool {
	groups[group] = runner{f64, f32}
	return true
}

// judge runs one case in one precision. It returns the largest error, the
// tolerance at that element, and what is wrong, if anything.
func judge[F nn.Float](c *Case, run func(*Case) (Outputs[F], error), tol tolerance) (worst, allowed float64, wrong string) {
	defer func() {
		if p := recover(); p != nil { // a shape or a tensor that the case lacks
			wrong = fmt.Sprint(p)
		}
	}()
	got, err := run(c)
	if err != nil {
		return 0, 0, err.Error()
	}
	for _, want := range []map[string]Tensor{c.out, c.ref} {
		names := make([]string, 0, len(want))
		for name := range want {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			g, ok := got[name]
			switch w := want[name].Values; {
			case !ok:
				wrong = "output " + name + " was not computed"
			case g == nil:
			case len(g) != len(w):
				wrong = fmt.Sprintf("output %s has %d elements, want %d", name, len(g), len(w))
			default:
				for i := range w {
					diff, limit := math.Abs(float64(g[i])-w[i]), tol.of(name)+tol.rel*math.Abs(w[i])
					if float64(g[i]) == w[i] {
						diff = 0 // also infinities
					}
					if diff > worst || i == 0 && allowed == 0 {
						worst, allowed = diff, limit
					}
					if !(diff <= limit) && wrong == "" {
						wrong = fmt.Sprintf("output %s, element %d: %g, want %g within %.3g", name, i, float64(g[i]), w[i], limit)
					}
				}
			}
		}
	}
	return worst, allowed, wrong
}
