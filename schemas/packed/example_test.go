package packed_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas/packed"
)

// A form is a list of fields, written and read in the same order. The error is looked at
// once, at the end.
func Example() {
	b := packed.AppendString(nil, "bed 4")
	b = packed.AppendInt(b, -77)
	b = packed.AppendFloat(b, 36.5)

	read := func(b []byte) {
		r := packed.NewReader(b)
		bed, seconds, celsius := r.String(), r.Int(), r.Float()
		if err := r.End(); err != nil {
			fmt.Println("refused:", err)
			return
		}
		fmt.Println(bed, seconds, celsius)
	}
	read(b)
	read(b[:len(b)-1])
	// Output:
	// bed 4 -77 36.5
	// refused: byte 8: 4 bytes are needed, 3 are left
}
