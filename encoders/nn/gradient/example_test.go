package gradient_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/nn/gradient"
)

// The gradient of a squared error through a dense layer.
func ExampleCheck() {
	p := new(nn.Params[float64])
	w, b := p.Add("w", 1, 2), p.Add("b", 1)
	copy(p.Values, []float64{0.5, -1, 0.25})
	worst, _ := gradient.Check(p, 10, func(t *nn.Tape[float64]) nn.Tensor[float64] {
		y := t.Linear(t.Input(2, 2, []float64{1, 2 /**/, 3, -1}), w, b)
		return t.SquaredError(y, []float64{1, 0}, []float64{1, 1})
	})
	fmt.Println(worst < 1e-8)
	// Output: true
}
