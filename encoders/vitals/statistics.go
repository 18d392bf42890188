package vitals

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
)

// These are the statistics of a channel in the window at now, in the order of Input.Stats.
// All but the age, in hours, and the counts are on the scale of z.
const (
	Last    = iota // the latest value
	Age            // the full hours from the hour of the latest value to the current one
	Mean           // the mean over all observations
	SD             // the standard deviation over all observations, divided by their number
	Min            // the least value of the window
	Max            // the greatest
	First          // the earliest
	Mean12         // the mean over the observations of the last 12 hours
	Mean6          // the mean over those of the last 6
	Count          // the number of observations
	Count12        // the number in the last 12 hours
	Count6         // the number in the last 6
)

// StatisticNames are their names in their order, as an export has them.
var StatisticNames = [encoders.Statistics]string{
	"last", "age", "mean", "sd", "min", "max", "first", "mean12", "mean6", "count", "count12", "count6",
}

// Statistics fills in.Stats and in.StatsKnown from in.Series. The first seven are known where
// the channel was seen in the window, the two later means where it was seen in their hours,
// and the counts always. What is not known is 0. Sums over cells run from the oldest on, in
// float64, since another order would round otherwise.
func Statistics(in *encoders.Input) {
	for c := range in.Series.Channels {
		StatisticsOf(in, c)
	}
}

// StatisticsOf does what Statistics does for channel c alone.
func StatisticsOf(in *encoders.Input, c int) {
	s := &in.Series
	out := in.Stats[c*encoders.Statistics : (c+1)*encoders.Statistics]
	known := in.StatsKnown[c*encoders.Statistics : (c+1)*encoders.Statistics]
	clear(out)
	var all, half, quarter moments
	least, most := float32(math.Inf(1)), float32(math.Inf(-1))
	for i := range s.Cells {
		at := c*s.Cells + i
		n := float64(s.Count[at])
		if n == 0 {
			continue
		}
		if all.n == 0 {
			out[First] = s.First[at]
		}
		hour := i * encoders.Bins / s.Cells
		out[Last], out[Age] = s.Last[at], float32(encoders.Bins-1-hour)
		least, most = min(least, s.Min[at]), max(most, s.Max[at])
		all.add(n, float64(s.Mean[at]))
		if hour >= encoders.Bins-12 {
			half.add(n, float64(s.Mean[at]))
		}
		if hour >= encoders.Bins-6 {
			quarter.add(n, float64(s.Mean[at]))
		}
	}
	for i := range known {
		known[i] = all.n > 0
	}
	known[Mean12], known[Mean6] = half.n > 0, quarter.n > 0
	known[Count], known[Count12], known[Count6] = true, true, true
	if all.n == 0 {
		return
	}
	mean := all.mean()
	out[Min], out[Max], out[Mean], out[SD] = least, most, float32(mean), deviation(s, c, all.n, mean)
	out[Mean12], out[Mean6] = float32(half.mean()), float32(quarter.mean())
	out[Count], out[Count12], out[Count6] = float32(all.n), float32(half.n), float32(quarter.n)
}

// moments sum up cells, each with as much weight as it has observations.
type moments struct{ n, sum float64 }

func (m *moments) add(n, mean float64) {
	m.n += n
	m.sum += float64(n * mean)
}

// mean is the mean over observations, and 0 where there are none.
func (m *moments) mean() float64 {
	if m.n == 0 {
		return 0
	}
	return m.sum / m.n
}

// deviation is the standard deviation of a channel over its n observations with this mean. The
// squares about it are those within the cells and those of the cells' means.
func deviation(s *encoders.Series, channel int, n, mean float64) float32 {
	squares := 0.0
	for i := channel * s.Cells; i < (channel+1)*s.Cells; i++ {
		d := float64(s.Mean[i]) - mean
		squares += float64(float64(s.Count[i]) * (float64(s.Var[i]) + float64(d*d)))
	}
	return float32(math.Sqrt(squares / n))
}
