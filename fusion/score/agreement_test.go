package score

import (
	"math"
	"testing"
)

// Agreement of pairs is what it is by hand, in one heap or in two.
func TestAgreementByHand(t *testing.T) {
	pairs := [][2]float64{{0.1, 0.2}, {0.4, 0.3}, {0.6, 0.5}, {0.2, 0.2}}
	var all, one, two Agreement
	for i, p := range pairs {
		all.Add(p[0], p[1], 0.35)
		if i%2 == 0 {
			one.Add(p[0], p[1], 0.35)
		} else {
			two.Add(p[0], p[1], 0.35)
		}
	}
	one.Merge(two)
	for _, a := range []Agreement{all, one} {
		if a.N != 4 || a.Across != 1 || math.Abs(a.Difference()-0.075) > 1e-12 || math.Abs(a.Share()-0.25) > 1e-12 || math.Abs(a.Correlation()-0.9567) > 1e-4 {
			t.Errorf("%+v: difference %v, correlation %v", a, a.Difference(), a.Correlation())
		}
	}
}
