package fusion_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

// The untrained model: its numbers prove the path and mean nothing.
func ExampleModel_Predict() {
	m := fusion.Untrained()
	out := make([]float32, len(m.Config().Tasks))
	m.Predict(fusion.NewScratch(m), []*encoders.Input{m.Shape().New()}, out)
	fmt.Println(m.Trained(), m.Config().Tasks[0].Name, out[0] >= 0 && out[0] <= 1)
	// Output: false mortality true
}

// A step down the gradient of one stay's loss makes that loss smaller.
func ExampleNetwork_Loss() {
	c := *fusion.Untrained().Config()
	n, err := fusion.NewNetwork[float32](&c)
	if err != nil {
		fmt.Println(err)
		return
	}
	n.Init(1)
	labels := fusion.Labels{Values: make([]float32, len(c.Tasks)), Share: 1}
	labels.Known = fusion.CountKnown(labels.Values, len(c.Tasks))
	stays := []*encoders.Input{n.Shape().New()}

	t := nn.NewTape(n.Params(), true)
	loss := func() nn.Tensor[float32] {
		t.Reset()
		return n.Loss(t, n.Forward(t, stays, nil), labels)
	}
	before := loss()
	first := before.Value[0]
	t.Backward(before)
	nn.Axpy(n.Params().Values, -0.01, t.Grads())
	fmt.Println(loss().Value[0] < first)
	// Output: true
}
