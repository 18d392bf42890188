package evidence_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts/evidence"
)

// What was told is held against what the log gives.
func ExampleCompare() {
	told := [][]byte{[]byte(`{"severity":"high","value":8}`)}
	made := [][]byte{[]byte(`{"severity":"high","value":7}`)}
	fmt.Println(evidence.Compare(told, made))
	fmt.Println(evidence.Compare(told, told) == nil)
	// Output:
	// revision 0 differs in value
	// true
}
