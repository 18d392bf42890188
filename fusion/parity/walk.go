package parity

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Error is |got - want|, and what the published index allows, at the element of a case
// that comes nearest to its tolerance or passes it furthest.
type Error struct{ Max, Tolerance float64 }

// ratio is that of the error to what is allowed; above 1 it is too large.
func (e Error) ratio() float64 {
	if e.Max == 0 {
		return 0
	}
	return e.Max / e.Tolerance
}

// Result is that of one case: its outputs in float64 and in float32, and its gradients in
// float64.
type Result struct {
	Name, Group                string
	Float64, Float32, Gradient Error
	// Gradients says whether the case has any.
	Gradients bool
	OK        bool
	// Err is the first thing that is wrong, "" if OK.
	Err string
}

// Worst is the one of the three errors that is nearest to its tolerance, or furthest
// beyond.
func (r *Result) Worst() Error {
	worst := r.Float64
	for _, e := range []Error{r.Float32, r.Gradient} {
		if !(e.ratio() <= worst.ratio()) || worst.Tolerance == 0 {
			worst = e
		}
	}
	return worst
}

// Walk computes every case under dir in float64 and in float32 and holds both against the
// float64 values of the reference, and so the gradients in float64. The error is that of
// a directory that cannot be read; a case that fails is a Result that is not OK.
func Walk(dir string) ([]Result, error) {
	cases, err := ReadCases(dir)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, errors.New("index.json names no case")
	}
	return walk(cases, groups), nil
}

// walk is Walk of cases that were read, with the pieces to compute them.
func walk(cases []*Case, groups map[string]runner) []Result {
	var results []Result
	for _, c := range cases {
		r := Result{Name: c.Name, Group: c.Group}
		if run, ok := groups[c.Group]; ok {
			r.compute(c, run)
		} else {
			r.Err = fmt.Sprintf("no code for group %q", c.Group)
		}
		r.OK = r.Err == ""
		results = append(results, r)
	}
	return results
}

// compute runs a case in both precisions and keeps the first thing that is wrong.
func (r *Result) compute(c *Case, run runner) {
	got64, wrong64 := outputs(c, run.f64)
	got32, wrong32 := outputs(c, run.f32)
	if wrong64 == "" {
		r.Float64, wrong64 = compare(c.f64, got64, "output", "", c.out, c.ref)
	}
	if wrong32 == "" {
		r.Float32, wrong32 = compare(c.f32, got32, "output", "", c.out, c.ref)
	}
	wrongGradient := ""
	if r.Gradients = len(c.grad) > 0 && run.gradients; r.Gradients && got64 != nil {
		r.Gradient, wrongGradient = compare(c.grad64, got64, "gradient", gradient, c.grad)
	}
	switch {
	case wrong64 != "":
		r.Err = "float64: " + wrong64
	case wrong32 != "":
		r.Err = "float32: " + wrong32
	case wrongGradient != "":
		r.Err = "float64: " + wrongGradient
	}
}

// Outputs are those of a piece, by the name behind the role (out64/ or ref/); gradients
// stand under "grad/" and theirs. The walk wants every expected tensor of the case; one
// that a piece does not compute on purpose stands there as nil. Names that the case does
// not want are passed over.
type Outputs[F nn.Float] map[string][]F

// gradient stands before the name of a gradient.
const gradient = "grad/"

// runner computes a piece in both precisions.
type runner struct {
	f64 func(*Case) (Outputs[float64], error)
	f32 func(*Case) (Outputs[float32], error)

	// gradients says whether it computes them.
	gradients bool
}

// groups maps a group of the index to the piece that computes it.
var groups = map[string]runner{}

// register adds a group: var _ = register("gates", runGates[float64], runGates[float32]).
func register(group string, f64 func(*Case) (Outputs[float64], error), f32 func(*Case) (Outputs[float32], error)) bool {
	groups[group] = runner{f64, f32, true}
	return true
}

// outputs is what a piece gives in one precision, or what is wrong. A shape or a tensor
// that the case lacks panics in the piece, and is what is wrong with the case.
func outputs[F nn.Float](c *Case, run func(*Case) (Outputs[F], error)) (got Outputs[F], wrong string) {
	defer func() {
		if p := recover(); p != nil { // a shape or a tensor that the case lacks
			got, wrong = nil, fmt.Sprint(p)
		}
	}()
	got, err := run(c)
	if err != nil {
		return nil, err.Error()
	}
	return got, ""
}

// compare holds what was computed against every tensor that is wanted. It returns the
// worst error, and what is wrong, if anything.
func compare[F nn.Float](tol tolerance, got Outputs[F], kind, prefix string, wanted ...map[string]Tensor) (e Error, wrong string) {
	for _, want := range wanted {
		names := slices.Sorted(maps.Keys(want))
		for _, name := range names {
			g, ok := got[prefix+name]
			switch w := want[name].Values; {
			case !ok:
				wrong = fmt.Sprintf("%s %s was not computed", kind, name)
			case g == nil:
			case len(g) != len(w):
				wrong = fmt.Sprintf("%s %s has %d elements, want %d", kind, name, len(g), len(w))
			default:
				for i := range w {
					diff, limit := math.Abs(float64(g[i])-w[i]), tol.absolute(name)+tol.rel*math.Abs(w[i])
					if float64(g[i]) == w[i] {
						diff = 0 // also infinities
					}
					if at := (Error{diff, limit}); !(at.ratio() <= e.ratio()) || e.Tolerance == 0 {
						e = at
					}
					if !(diff <= limit) && wrong == "" {
						wrong = fmt.Sprintf("%s %s, element %d: %g, want %g within %.3g", kind, name, i, float64(g[i]), w[i], limit)
					}
				}
			}
		}
	}
	return e, wrong
}
