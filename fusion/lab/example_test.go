package lab_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/lab"
)

// The true mixture of a seed.
func ExampleTruth() {
	fmt.Println(lab.Truth(lab.Laplace, 1))
	// Output: laplace  w 0.021 beta -0.107 a 1.016 b 1.571 nu 0.165  w 0.064 beta 0.000 a -0.775 b -0.268 nu 0.253
}
