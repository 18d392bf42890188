package parity_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/parity"
)

// What is not ok says why.
func ExampleWalk() {
	results, err := parity.Walk("../shared/reference/fusemoe")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		if !r.OK {
			fmt.Println(r.Name, r.Err)
		}
	}
}
