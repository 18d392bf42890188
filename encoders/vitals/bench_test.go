package vitals_test

import (
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// BenchmarkFill is what a score pays for its input with 40 channels, one of them with a
// value in each hour that the model does not read, and what training pays to unpack,
// scale and sum up the same.
func BenchmarkFill(b *testing.B) {
	var channels []vitals.Channel
	for id := schemas.Channel(1); len(channels) < 40; id++ {
		channels = append(channels, vitals.Channel{ID: id, Low: 0.1, High: 1e6, Scale: 1})
	}
	w := window.New()
	for i := range 48 * 60 {
		for k, c := range channels {
			if i%(k+1) == 0 {
				value := float32(20 + i%9)
				if k == 0 && i%60 == 0 {
					value = 0
				}
				w.Add(schemas.Observation{Channel: c.ID, EventTime: admission + schemas.Time(i)*schemas.Minute, Value: value}, 1)
			}
		}
	}
	in, reader := input(channels, encoders.Bins), vitals.NewReader(channels, statics)
	b.Run("serving", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			reader.Fill(in, w, moment(48), &schemas.Statics{})
		}
	})
	reader.Read(&in.Series, w, moment(48))
	packed := vitals.Pack(&in.Series)
	b.Run("training", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			packed.Unpack(&in.Series)
			vitals.Standardise(&in.Series, channels)
			vitals.Statistics(in)
		}
	})
}
