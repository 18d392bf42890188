package encoders_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// An input begins with nothing there; what is present says so.
func ExampleNewInput() {
	heart, _ := schemas.ChannelByName("heart_rate")
	in := encoders.NewInput([]schemas.Channel{heart})
	in.Mean[encoders.Bins-1], in.Count[encoders.Bins-1] = 88, 12 // twelve values in the current hour
	in.States[encoders.Numeric] = schemas.Present
	fmt.Println(in.States[encoders.Numeric], in.States[encoders.ECG])
	// Output: present absent
}
