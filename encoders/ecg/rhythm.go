package ecg

import (
	"math"
	"slices"
)

// times are the intervals between the beats of a strip.
type times struct {
	rr     []float64 // seconds, from each beat to the next
	sorted []float64
	usual  float64 // the median
}

func (f *Featurer) times() *times {
	t := &times{}
	for i := 1; i < len(f.features.Beats); i++ {
		t.rr = append(t.rr, float64(f.features.Beats[i]-f.features.Beats[i-1])/f.rate)
	}
	t.sorted = slices.Clone(t.rr)
	slices.Sort(t.sorted)
	t.usual = t.sorted[len(t.sorted)/2]
	return t
}

// at is an interval, NaN outside the strip.
func (t *times) at(i int) float64 {
	if i < 0 || i >= len(t.rr) {
		return math.NaN()
	}
	return t.rr[i]
}

// beat tells how a beat lies among the others.
func (t *times) beat(k int) []float64 {
	previous, next := t.at(k-1), t.at(k)
	var local, n float64
	for i := max(0, k-5); i < k-1; i++ {
		local += t.rr[i]
		n++
	}
	local = ratio(local, n)
	// How irregular the strip is without this beat, and how many others come early.
	var rough, pairs, early, others float64
	for i := range t.rr {
		if i == k-1 || i == k {
			continue
		}
		others++
		if t.rr[i] < 0.85*t.usual {
			early++
		}
		if i > 0 && i-1 != k-1 && i-1 != k {
			rough += math.Abs(t.rr[i] - t.rr[i-1])
			pairs++
		}
	}
	return []float64{
		previous / t.usual, next / t.usual, previous, previous / t.at(k-2), previous / next, previous / local,
		(previous + next) / t.usual, t.usual, ratio(rough, pairs*t.usual), ratio(early, others), next / local, t.at(k+1) / t.usual,
	}
}

// strip tells the rhythm of a strip of so many seconds.
func (t *times) strip(seconds float64) []float64 {
	n := float64(len(t.rr))
	var sum, squares, rough, differences, early float64
	for i, v := range t.rr {
		sum += v
		squares += float64(v * v)
		if v < 0.85*t.usual {
			early++
		}
		if i > 0 {
			d := v - t.rr[i-1]
			rough += math.Abs(d)
			differences += float64(d * d)
		}
	}
	mean := sum / n
	deviation := math.Sqrt(max(0, squares/n-float64(mean*mean)))
	return []float64{
		(n + 1) / seconds, t.usual, deviation / mean, ratio(math.Sqrt(ratio(differences, n-1)), t.usual), ratio(rough, (n-1)*t.usual),
		t.sorted[0] / t.usual, t.sorted[len(t.sorted)-1] / t.usual,
		(t.sorted[3*len(t.sorted)/4] - t.sorted[len(t.sorted)/4]) / t.usual,
		t.turns(), t.entropy(), t.alike(), t.lag(mean), early / n,
	}
}

// turns is the share of intervals that are longer or shorter than both beside them: two thirds in
// a random order.
func (t *times) turns() float64 {
	turns, all := 0.0, 0.0
	for i := 1; i+1 < len(t.rr); i++ {
		all++
		if (t.rr[i]-t.rr[i-1])*(t.rr[i]-t.rr[i+1]) > 0 {
			turns++
		}
	}
	return ratio(turns, all)
}

// entropy is that of the intervals over classes of an eighth of the usual one, in bits by the most
// that so many can have.
func (t *times) entropy() float64 {
	if len(t.rr) < 2 {
		return math.NaN()
	}
	classes := map[int]float64{}
	for _, v := range t.rr {
		classes[int(math.Floor(float64(8*v/t.usual)+0.5))]++
	}
	keys := make([]int, 0, len(classes))
	for k := range classes {
		keys = append(keys, k)
	}
	slices.Sort(keys) // sums depend on their order
	h, n := 0.0, float64(len(t.rr))
	for _, k := range keys {
		p := classes[k] / n
		h -= float64(p * math.Log2(p))
	}
	return h / math.Log2(n)
}

// alike is how likely two intervals that are alike are followed by two that are (sample entropy of
// order 1, here as the probability itself).
func (t *times) alike() float64 {
	const tolerance = 0.08
	pairs, both := 1.0, 1.0 // a prior of one, so that few intervals say little
	for i := 0; i+1 < len(t.rr); i++ {
		for k := i + 1; k+1 < len(t.rr); k++ {
			if math.Abs(t.rr[i]-t.rr[k]) < tolerance*t.usual {
				pairs++
				if math.Abs(t.rr[i+1]-t.rr[k+1]) < tolerance*t.usual {
					both++
				}
			}
		}
	}
	return both / pairs
}

// lag is the correlation of an interval with the next.
func (t *times) lag(mean float64) float64 {
	var product, square float64
	for i, v := range t.rr {
		square += float64((v - mean) * (v - mean))
		if i > 0 {
			product += float64((v - mean) * (t.rr[i-1] - mean))
		}
	}
	return ratio(product, square)
}
