package vitals_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// A window is read as the cells, the statistics and the statics of a model.
func Example() {
	lactate, _ := schemas.ChannelByName("lactate")
	channels := []vitals.Channel{{ID: lactate, Low: 0.2, High: 35, Centre: 0.693, Scale: 0.679}}

	admission := 400_000 * schemas.Hour
	w := window.New()
	w.Add(schemas.Observation{Channel: lactate, EventTime: admission + 30*schemas.Minute, Value: 2}, 1)
	w.Add(schemas.Observation{Channel: lactate, EventTime: admission + 5*schemas.Hour, Value: 4}, 2)

	in := encoders.Shape{Channels: 1, Cells: encoders.Bins}.New()
	now := vitals.Moment{AsOf: admission + 8*schemas.Hour, From: admission, Admission: admission}
	vitals.NewReader(channels, nil).Fill(in, w, now, &schemas.Statics{})
	fmt.Printf("%g hours, %g values, the last %.2f scales above the centre, %g hours ago\n",
		in.Hours, in.Stats[vitals.Count], in.Stats[vitals.Last], in.Stats[vitals.Age])
	// Output: 8 hours, 2 values, the last 1.02 scales above the centre, 2 hours ago
}
