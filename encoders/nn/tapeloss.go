package nn

import "math"

// The losses are [1][1]: sums over all elements, each with a weight of its own, added
// up in float64. An element of weight 0 counts for nothing, whatever its target (NaN is
// a target that nobody knows). targets and weights must stay as they are until
// Backward.

// BCE is the binary cross-entropy of logits x [R][C] and targets in [0, 1], [R][C]: sum w
// (log(1 + e^x) - x y). Targets between 0 and 1 are soft labels.
func (t *Tape[F]) BCE(x Tensor[F], targets, weights []F) Tensor[F] {
	return t.pointwise(x, targets, weights, logistic, logisticSlope)
}

// SquaredError is sum w (x - y)^2 of x [R][C] and targets y [R][C].
func (t *Tape[F]) SquaredError(x Tensor[F], targets, weights []F) Tensor[F] {
	return t.pointwise(x, targets, weights, square, squareSlope)
}

// logistic is log(1 + e^v) - v y, in the form that overflows for no v.
func logistic(v, y float64) float64 {
	return math.Max(v, 0) - float64(v*y) + math.Log1p(math.Exp(-math.Abs(v)))
}
func logisticSlope(v, y float64) float64 { return 1/(1+math.Exp(-v)) - y }
func square(v, y float64) float64        { return (v - y) * (v - y) }
func squareSlope(v, y float64) float64   { return 2 * (v - y) }

// pointwise is the sum of a loss over the elements of x, each with its target and weight;
// slope is the derivative of the loss by v.
func (t *Tape[F]) pointwise(x Tensor[F], targets, weights []F, loss, slope func(v, y float64) float64) Tensor[F] {
	if len(targets) != len(x.Value) || len(weights) != len(x.Value) {
		panic("nn: loss: shapes do not fit")
	}
	y := t.New(1, 1, x.Grad != nil)
	var sum float64
	for i, w := range weights {
		if w != 0 {
			sum += float64(float64(w) * loss(float64(x.Value[i]), float64(targets[i])))
		}
	}
	y.Value[0] = F(sum)
	if y.Grad != nil {
		t.Record(func() {
			for i, w := range weights {
				if w != 0 {
					x.Grad[i] += F(y.Grad[0] * F(float64(w)*slope(float64(x.Value[i]), float64(targets[i]))))
				}
			}
		})
	}
	return y
}

// CrossEntropy is the cross-entropy of the softmax over the classes, sum w (log sum_c
// e^x_c - x_class) over the rows of x [R][C]; class [R] has the right column of every
// row, and weights are [R].
func (t *Tape[F]) CrossEntropy(x Tensor[F], class []int, weights []F) Tensor[F] {
	if len(class) != x.Rows || len(weights) != x.Rows {
		panic("nn: CrossEntropy: shapes do not fit")
	}
	y, p := t.New(1, 1, x.Grad != nil), t.Floats(len(x.Value))
	var sum float64
	for r, w := range weights {
		row := p[r*x.Cols : (r+1)*x.Cols]
		copy(row, x.Row(r))
		Softmax(row)
		if w == 0 {
			continue
		}
		top, rest := math.Inf(-1), 0.0
		for _, v := range x.Row(r) {
			top = max(top, float64(v))
		}
		for _, v := range x.Row(r) {
			rest += math.Exp(float64(v) - top)
		}
		sum += float64(float64(w) * (top + math.Log(rest) - float64(x.Row(r)[class[r]])))
	}
	y.Value[0] = F(sum)
	if y.Grad != nil {
		t.Record(func() {
			for r, w := range weights {
				if w == 0 {
					continue
				}
				dx := x.GradRow(r)
				Axpy(dx, w*y.Grad[0], p[r*x.Cols:(r+1)*x.Cols])
				dx[class[r]] -= F(w * y.Grad[0])
			}
		})
	}
	return y
}
