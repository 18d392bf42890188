package fusion_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
)

// The shipped model is untrained: its numbers prove the path and mean nothing.
func ExampleModel_Predict() {
	m := fusion.Shipped()
	var p fusion.Prediction
	m.Predict(fusion.NewScratch(m), encoders.NewInput(m.Channels()), &p)
	fmt.Println(m.Trained(), p.Mortality >= 0 && p.Mortality <= 1)
	// Output: false true
}
