package encoders_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// An input begins with nothing there, and what is present says so.
func ExampleShape_New() {
	in := encoders.Shape{Channels: 1, Cells: encoders.Bins, Items: []encoders.Content{{Width: 768}}}.New()
	in.Series.Count[encoders.Bins-1], in.Series.Mean[encoders.Bins-1] = 12, 0.3 // twelve values in the current hour
	fmt.Println(in.Items[0].State == schemas.Absent, in.Items[0].Width)
	// Output: true 768
}
