package score

import "math"

// Macro is the mean of a metric over tasks, each with its own stays; tasks where it is
// not defined are left out. Used says how many counted.
func Macro(metric Metric, predicted [][]float64, outcome [][]bool) (mean float64, used int) {
	sum := 0.0
	for task := range predicted {
		if v := metric(predicted[task], outcome[task]); !math.IsNaN(v) {
			sum += v
			used++
		}
	}
	return sum / float64(used), used // 0/0 is NaN
}

// Micro is the metric over the predictions of all tasks taken together.
func Micro(metric Metric, predicted [][]float64, outcome [][]bool) float64 {
	var p []float64
	var y []bool
	for task := range predicted {
		p, y = append(p, predicted[task]...), append(y, outcome[task]...)
	}
	return metric(p, y)
}
