package gradient

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// step of the central difference, relative to the parameter where that is above 1. The
// error of the difference is about step^2 times the third derivative and 1e-16/step
// times the loss.
const step = 1e-5

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
	at := func(x *float64, v float64) float64 {
		kept := *x
		*x = v
		still.Reset()
		y := loss(still).Value[0]
		*x = kept
		return y
	}
	for i, name := range p.Names {
		values, got := p.Of(nn.Param(i)), t.GradOf(nn.Param(i))
		floor := 1e-4
		for _, g := range got {
			floor = max(floor, 1e-3*math.Abs(g))
		}
		for j := 0; j < len(values); j += 1 + (len(values)-1)/most {
			h := step * max(1, math.Abs(values[j]))
			want := (at(&values[j], values[j]+h) - at(&values[j], values[j]-h)) / (2 * h)
			if e := math.Abs(got[j]-want) / max(floor, math.Abs(want)); e > worst || math.IsNaN(e) {
				worst, where = e, fmt.Sprintf("%s[%d]: %g, the difference gives %g", name, j, got[j], want)
			}
		}
	}
	return worst, where
}
