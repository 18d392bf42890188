package window_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

func Example() {
	const heartRate = schemas.Channel(0)
	eight, _ := schemas.ParseTime("2026-01-31T08:00:00Z", nil)
	w := window.New()
	w.Add(schemas.Observation{Channel: heartRate, EventTime: eight, Value: 93}, 1)
	w.Add(schemas.Observation{Channel: heartRate, EventTime: eight + schemas.Minute, Value: 193}, 2)
	// The second was a slip of the pen: log record 3 corrects it.
	w.Add(schemas.Observation{Channel: heartRate, EventTime: eight + schemas.Minute, Value: 93.5, Flags: schemas.Corrected}, 3)

	now := eight + schemas.Hour
	for _, logN := range []uint32{2, 3} {
		for _, p := range w.At(now, logN, eight).Append(nil, heartRate) {
			fmt.Println("as of", logN, p.EventTime, p.Value)
		}
	}
	bins := window.NewBins(1)
	w.Bins(now, eight, []schemas.Channel{heartRate}, bins)
	fmt.Println("this hour:", bins.Count[47], "of mean", bins.Mean[47], "from", bins.Min[47], "to", bins.Max[47])
	// Output:
	// as of 2 2026-01-31T08:00:00.000Z 93
	// as of 2 2026-01-31T08:01:00.000Z 193
	// as of 3 2026-01-31T08:00:00.000Z 93
	// as of 3 2026-01-31T08:01:00.000Z 93.5
	// this hour: 2 of mean 93.25 from 93 to 93.5
}
