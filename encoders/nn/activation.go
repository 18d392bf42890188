package nn

import "math"

// GELU replaces x by x Phi(x), the exact form with erf.
func GELU[F Float](x []F) {
	for i, v := range x {
		x[i] = F(0.5 * float64(v) * (1 + math.Erf(float64(v)/math.Sqrt2)))
	}
}

// Softmax replaces x by its softmax; the largest element is taken out first.
func Softmax[F Float](x []F) {
	if len(x) == 0 {
		return
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	var sum float64
	for i, v := range x {
		e := math.Exp(float64(v - top))
		x[i] = F(e)
		sum += e
	}
	for i := range x {
		x[i] = F(float64(x[i]) / sum)
	}
}

// Sigmoid of one number.
func Sigmoid[F Float](v F) F { return F(1 / (1 + math.Exp(-float64(v)))) }
