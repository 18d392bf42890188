package score

import (
	"cmp"
	"math"
	"slices"
)

// Metric is a number that says how well predictions [N] fit outcomes [N]; NaN where it is
// not defined.
type Metric func(predicted []float64, outcome []bool) float64

// threshold counts the stays that are predicted at one value, and those above it.
type threshold struct {
	// positives and negatives are the stays predicted at this value.
	positives, negatives int
	// above are the positive stays predicted higher, aboveNegative the negative ones.
	above, aboveNegative int
}

// thresholds lists the distinct predictions from high to low, and how many stays are
// positive and negative in all.
func thresholds(predicted []float64, outcome []bool) (list []threshold, positives, negatives int) {
	if len(predicted) != len(outcome) {
		panic("score: as many predictions as outcomes are wanted")
	}
	order := make([]int, len(predicted))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(predicted[b], predicted[a]) })
	for i, at := range order {
		if i == 0 || predicted[at] != predicted[order[i-1]] {
			list = append(list, threshold{above: positives, aboveNegative: negatives})
		}
		t := &list[len(list)-1]
		if outcome[at] {
			t.positives++
			positives++
		} else {
			t.negatives++
			negatives++
		}
	}
	return list, positives, negatives
}

// AUROC is the probability that a positive stay is predicted higher than a negative one,
// a tie counting half (Mann and Whitney's U over the number of pairs). It is NaN where
// all outcomes are alike.
func AUROC(predicted []float64, outcome []bool) float64 {
	list, positives, negatives := thresholds(predicted, outcome)
	if positives == 0 || negatives == 0 || !finite(predicted) {
		return math.NaN()
	}
	twice := 0
	for _, t := range list {
		twice += t.negatives * (2*t.above + t.positives)
	}
	return float64(twice) / 2 / float64(positives) / float64(negatives)
}

// AveragePrecision is the sum over thresholds of the precision times the step in recall.
// It is NaN where no outcome is positive.
func AveragePrecision(predicted []float64, outcome []bool) float64 {
	list, positives, _ := thresholds(predicted, outcome)
	if positives == 0 || !finite(predicted) {
		return math.NaN()
	}
	sum := 0.0
	for _, t := range list {
		hits := t.above + t.positives
		sum += float64(t.positives) / float64(positives) * float64(hits) / float64(hits+t.aboveNegative+t.negatives)
	}
	return sum
}

// TrapezoidPRC is the area under the precision-recall curve by straight lines between its
// points, beginning at recall 0 and precision 1. It is NaN where no outcome is positive.
func TrapezoidPRC(predicted []float64, outcome []bool) float64 {
	list, positives, _ := thresholds(predicted, outcome)
	if positives == 0 || !finite(predicted) {
		return math.NaN()
	}
	sum, before := 0.0, 1.0
	for _, t := range list {
		hits := t.above + t.positives
		precision := float64(hits) / float64(hits+t.aboveNegative+t.negatives)
		sum += float64(t.positives) / float64(positives) * (before + precision) / 2
		before = precision
	}
	return sum
}

// finite says whether all of x are numbers; a metric of others has no value.
func finite(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}

// F1 is the harmonic mean of precision and recall, where positive means a probability of
// at least 0.5. It is 0 where nothing is, or is called, positive.
func F1(predicted []float64, outcome []bool) float64 {
	hits, wrong := 0, 0
	for i, p := range predicted {
		switch called := p >= 0.5; {
		case called && outcome[i]:
			hits++
		case called != outcome[i]:
			wrong++
		}
	}
	if hits == 0 {
		return 0
	}
	return 2 * float64(hits) / float64(2*hits+wrong)
}

// Macro is the mean of a metric over tasks, each with its own stays. Tasks where it is
// not defined are left out, and used says how many counted; with none the mean is NaN.
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
