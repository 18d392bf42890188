package mimic_test

import (
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/ingest/mimic"
)

// A folder that is not MIMIC-III is one clear error.
func ExampleOpen() {
	_, err := mimic.Open("testdata-that-is-not-there")
	fmt.Println(strings.Contains(err.Error(), "testdata-that-is-not-there"))
	// Output: true
}
