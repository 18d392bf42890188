package fusion_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
)

// The shipped model is untrained: its numbers prove the path and mean nothing.
func ExampleModel_Predict() {
	m := fusion.Shipped()
	out := make([]float32, len(m.Config().Tasks))
	m.Predict(fusion.NewScratch(m), []*encoders.Input{m.Shape().New()}, out)
	fmt.Println(m.Trained(), m.Config().Tasks[0].Name, out[0] >= 0 && out[0] <= 1)
	// Output: false mortality true
}
