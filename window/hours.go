package window

import (
	"github.com/vigil-icu/vigil/schemas"
)

// Hours fills mean and count, both [len(channels)][HourBins], with the means of the
// values themselves, in the bins of Bins. An empty bin has mean 0 and count 0. It
// allocates nothing.
//
// A mean is float32(sum / (count * 2^24)), computed in float64 from an int64
// sum of values scaled by 2^24 and rounded to even: exact for |value| >= 0.5,
// to 6e-8 below, as long as the sum of a bin's values stays below 2^39 (beyond
// it the sum wraps; a single value saturates at 2^30).
func (w *Window) Hours(asOf, from schemas.Time, channels []schemas.Channel, mean, count []float32) {
	mean, count = mean[:len(channels)*HourBins], count[:len(channels)*HourBins]
	clear(mean)
	clear(count)
	w.eachBin(asOf, from, channels, func(i int, c *cell) {
		mean[i], count[i] = meanOf(c.plain, c.count), float32(c.count)
	})
}
