package kafka_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/ingest/kafka"
)

// A gateway that writes raw topics itself must put a patient where Vigil looks.
func ExamplePartitionOf() {
	fmt.Println(kafka.PartitionOf([]byte("site:42"), 8))
	// Output: 1
}
