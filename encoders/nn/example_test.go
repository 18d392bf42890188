package nn_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// A dense layer of two outputs on a batch of two rows, and the gradient of its
// weights where both outputs count once.
func ExamplePack() {
	w, b := []float32{1, 2, 3 /**/, 4, 5, 6}, []float32{0.5, -0.5}
	x, y := []float32{1, 0, 1 /**/, 0, 1, 0}, make([]float32, 4)
	nn.Pack(w, b, 2, 3).Rows(y, x, 2)
	dw := make([]float32, 6)
	nn.MatMulTA(dw, []float32{1, 1, 1, 1}, x, 2, 2, 3)
	fmt.Println(y, dw)
	// Output: [4.5 9.5 2.5 4.5] [1 1 1 1 1 1]
}

// A tape that records: the loss of one logit, and its gradients by weight and bias.
func ExampleTape() {
	var p nn.Params[float32]
	w, b := p.Add("w", 1, 2), p.Add("b", 1)
	copy(p.Value(w), []float32{0.5, -0.5})

	t := nn.NewTape(&p, true)
	logit := t.Linear(t.Input(1, 2, []float32{3, 3}), w, b)
	loss := t.BCE(logit, []float32{1}, []float32{1})
	t.Backward(loss)
	fmt.Printf("%.3f %v %v\n", loss.Value[0], t.Grad(w), t.Grad(b))
	// Output: 0.693 [-1.5 -1.5] [-0.5]
}
