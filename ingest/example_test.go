package ingest_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/ingest"
)

// A gateway that writes raw topics itself must put a patient where Vigil looks.
func ExamplePartitionOf() {
	fmt.Println(ingest.PartitionOf([]byte("site:42"), 8))
	// Output: 1
}
