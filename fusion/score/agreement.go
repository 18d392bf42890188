package score

import "math"

// Agreement counts how alike two models' risks of the same stays at the same moments are.
type Agreement struct {
	N uint64
	// Across is how often one of the two is at the threshold or above, and the other below.
	Across uint64

	apart, x, y, xx, yy, xy float64
}

// Add counts one pair.
func (a *Agreement) Add(x, y, threshold float64) {
	a.N++
	if (x >= threshold) != (y >= threshold) {
		a.Across++
	}
	a.apart += math.Abs(x - y)
	a.x, a.y = a.x+x, a.y+y
	a.xx, a.yy, a.xy = a.xx+float64(x*x), a.yy+float64(y*y), a.xy+float64(x*y)
}

// Merge counts what another one has counted.
func (a *Agreement) Merge(o Agreement) {
	a.N, a.Across, a.apart = a.N+o.N, a.Across+o.Across, a.apart+o.apart
	a.x, a.y, a.xx, a.yy, a.xy = a.x+o.x, a.y+o.y, a.xx+o.xx, a.yy+o.yy, a.xy+o.xy
}

// Difference is the mean absolute difference, NaN of nothing.
func (a *Agreement) Difference() float64 { return a.apart / float64(a.N) }

// Share is the share of pairs across the threshold, NaN of nothing.
func (a *Agreement) Share() float64 { return float64(a.Across) / float64(a.N) }

// Correlation is Pearson's, NaN where one of the two never moves.
func (a *Agreement) Correlation() float64 {
	n := float64(a.N)
	return (float64(n*a.xy) - float64(a.x*a.y)) / math.Sqrt((float64(n*a.xx)-float64(a.x*a.x))*(float64(n*a.yy)-float64(a.y*a.y)))
}
