package ecg_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// Leads off: a flat line is there and cannot be used.
func ExampleAnalyse() {
	r := ecg.Analyse(&schemas.Strip{RateHz: 250, Leads: []string{"II"}, Samples: [][]int16{make([]int16, 2500)}})
	fmt.Println(r.State, r.HeartRate)
	// Output: unusable 0
}
