package score

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Bootstrap resamples patients with replacement, all stays of a patient together
// (Efron's percentile interval over clusters).
type Bootstrap struct {
	// Draws is how many resamples there are; 1,000 in Vigil's tables.
	Draws int
	Seed  uint64
}

// Interval is a metric's value on the sample itself, and the 2.5th and 97.5th percentiles
// over the resamples.
type Interval struct {
	Value, Low, High float64
	// Undefined counts the resamples without a value, as those without a death, which are
	// left out.
	Undefined int
}

func (i Interval) String() string { return fmt.Sprintf("%.4f (%.4f to %.4f)", i.Value, i.Low, i.High) }

// Interval is that of a metric. patient [N] names whose stay each row is.
func (b Bootstrap) Interval(metric Metric, predicted []float64, outcome []bool, patient []string) Interval {
	return b.over(patient, func(rows []int) float64 {
		p, y := pick(predicted, rows), pick(outcome, rows)
		return metric(p, y)
	})
}

// Difference is the metric of one model minus that of another on the same stays. Every
// resample is the same for both, so that the chance of the draw cancels.
func (b Bootstrap) Difference(metric Metric, one, other []float64, outcome []bool, patient []string) Interval {
	return b.over(patient, func(rows []int) float64 {
		y := pick(outcome, rows)
		return metric(pick(one, rows), y) - metric(pick(other, rows), y)
	})
}

// over is the interval of any statistic of rows, which are drawn patient by patient.
func (b Bootstrap) over(patient []string, statistic func(rows []int) float64) Interval {
	var stays [][]int // of each patient, in order of appearance
	index := map[string]int{}
	rows := make([]int, len(patient))
	for i, name := range patient {
		rows[i] = i
		at, ok := index[name]
		if !ok {
			at = len(stays)
			index[name] = at
			stays = append(stays, nil)
		}
		stays[at] = append(stays[at], i)
	}
	result := Interval{Value: statistic(rows)}
	var values []float64
	for draw := range b.Draws {
		chance := nn.Draw{Seed: b.Seed, Step: uint64(draw)}.Row(0, 0)
		rows = rows[:0]
		for i := range stays {
			rows = append(rows, stays[int(chance.Uniform(uint64(i))*float64(len(stays)))]...)
		}
		if v := statistic(rows); math.IsNaN(v) {
			result.Undefined++
		} else {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	result.Low, result.High = quantile(values, 0.025), quantile(values, 0.975)
	return result
}

// pick is the elements at rows.
func pick[T any](from []T, rows []int) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}

// quantile of sorted values, by straight lines between them.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
