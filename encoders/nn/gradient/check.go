package gradient

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Check runs a loss [1][1] on a tape over p, backward once, and compares the gradient of
// the parameters with differences. It returns the largest relative error and the
// element that has it, as name[i]. An error is relative to the gradient at that
// element, or to a thousandth of the largest gradient in the same parameter, or to
// 1e-4, whichever is largest: below these a difference in float64 has no digits left.
// Of a parameter with more than most elements every n-th is looked at.
func Check(p *nn.Params[float64], most int, loss func(t *nn.Tape[float64]) nn.Tensor[float64]) (worst float64, where string) {
	t := nn.NewTape(p, true)
	t.Backward(loss(t))
	still := nn.NewTape(p, false)
	for i, name := range p.Names {
		values, got := p.Value(nn.Param(i)), t.Grad(nn.Param(i))
		floor := 1e-4
		for _, g := range got {
			floor = max(floor, 1e-3*math.Abs(g))
		}
		for j := 0; j < len(values); j += 1 + (len(values)-1)/most {
			kept := values[j]
			e, want := nearest(got[j], floor, func(h float64) float64 {
				values[j] = kept + h
				still.Reset()
				return loss(still).Value[0]
			})
			values[j] = kept
			if e > worst || math.IsNaN(e) {
				worst, where = e, fmt.Sprintf("%s[%d]: %g, the difference gives %g", name, j, got[j], want)
			}
		}
	}
	return worst, where
}

// good is an error with which no other step is tried.
const good = 1e-7

// nearest is the relative error of a gradient against differences of f around 0. The
// first is of fourth order, f(-2h) to f(2h) with h 1e-3. A kink within its step (a
// ReLU, a change among the top k) spoils it: then smaller steps of second order are
// taken, of which the one that agrees best counts. A wrong gradient agrees with none.
func nearest(got, floor float64, f func(h float64) float64) (e, want float64) {
	const h = 1e-3
	want = (float64(8*(f(h)-f(-h))) - (f(2*h) - f(-2*h))) / (12 * h)
	e = math.Abs(got-want) / max(floor, math.Abs(want))
	for _, h := range []float64{1e-5, 1e-6} {
		if e <= good {
			break
		}
		w := (f(h) - f(-h)) / (2 * h)
		if closer := math.Abs(got-w) / max(floor, math.Abs(w)); !(closer >= e) {
			e, want = closer, w
		}
	}
	return e, want
}
