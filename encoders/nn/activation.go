package nn

import "math"

// Exp replaces every element of x [N] by its exponential. In float32 it is the polynomial
// of [exp32], within 1 ulp of the exact value; in float64 it is math.Exp.
func Exp[F Float](x []F) {
	if isSingle[F]() && expFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = exp(v)
	}
}

// GELU replaces every element of x [N] by x Phi(x), where Phi is the normal distribution
// function: the exact form with erf (Hendrycks and Gimpel 2016), which the paper's
// experts use, and not the approximation with tanh.
func GELU[F Float](x []F) {
	if isSingle[F]() && geluFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = F(v * phi(v))
	}
}

// GELUBackward adds to dx [N] the gradient of [GELU] at x [N], given that of its output
// dy [N]: dx += dy (Phi(x) + x phi(x)), with phi the normal density. x is the input as it
// was before GELU replaced it.
func GELUBackward[F Float](dx, x, dy []F) {
	if len(dx) != len(x) || len(dy) != len(x) {
		panic("nn: GELUBackward: shapes do not fit")
	}
	if isSingle[F]() && geluBackwardFast(single(dx), single(x), single(dy)) {
		return
	}
	for i, v := range x {
		slope := fma(F(v*density), exp(F(v*F(v*-0.5))), phi(v))
		dx[i] = fma(dy[i], slope, dx[i])
	}
}

// density is the normal density at 0, 1/sqrt(2 pi).
const density = 0.39894228040143267794

// phi is the normal distribution function, (1 + erf(x/sqrt(2)))/2.
func phi[F Float](v F) F {
	if isSingle[F]() {
		return F(fma32(0.5, erf32(float32(float32(v)*(1/math.Sqrt2))), 0.5))
	}
	return F(0.5 * (1 + math.Erf(float64(v)/math.Sqrt2)))
}

// ReLU replaces every negative element of x [N] by 0.
func ReLU[F Float](x []F) {
	if isSingle[F]() && reluFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// ReLUBackward adds dy [N] to dx [N] where x [N] is above 0. x may be the input of [ReLU]
// or its output, since both are above 0 in the same places. At 0 the gradient is 0.
func ReLUBackward[F Float](dx, x, dy []F) {
	if len(dx) != len(x) || len(dy) != len(x) {
		panic("nn: ReLUBackward: shapes do not fit")
	}
	for i, v := range x {
		if v > 0 {
			dx[i] += dy[i]
		}
	}
}

// Sigmoid is 1/(1 + e^-v), the probability that belongs to the logit v.
func Sigmoid[F Float](v F) F { return 1 / (1 + exp(-v)) }

// Sigmoids replaces every element of x [N] by its [Sigmoid].
func Sigmoids[F Float](x []F) {
	if isSingle[F]() && sigmoidFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = Sigmoid(v)
	}
}

// SigmoidBackward adds to dx [N] the gradient of y = sigmoid(x), given y [N] and its
// gradient dy [N]: dx += dy y (1 - y).
func SigmoidBackward[F Float](dx, y, dy []F) {
	if len(dx) != len(y) || len(dy) != len(y) {
		panic("nn: SigmoidBackward: shapes do not fit")
	}
	for i, v := range y {
		dx[i] += F(dy[i] * F(v*(1-v)))
	}
}

// Softmax replaces x [N] by e^x_i / sum_j e^x_j. The largest element is subtracted before
// the exponentials, so that none overflows; an empty x stays empty.
func Softmax[F Float](x []F) {
	if len(x) == 0 || isSingle[F]() && softmaxFast(single(x)) {
		return
	}
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	for i, v := range x {
		x[i] = exp(v - top)
	}
	scale := 1 / Sum(x)
	for i := range x {
		x[i] *= scale
	}
}

// SoftmaxBackward adds to dx [N] the gradient of y = softmax(x), given y [N] and its
// gradient dy [N]: dx_i += y_i (dy_i - sum_j y_j dy_j).
func SoftmaxBackward[F Float](dx, y, dy []F) {
	if len(dx) != len(y) || len(dy) != len(y) {
		panic("nn: SoftmaxBackward: shapes do not fit")
	}
	mean := Dot(y, dy)
	for i, v := range y {
		dx[i] += F(v * (dy[i] - mean))
	}
}

// LayerNormEpsilon is added to the biased variance under the root, as in the published
// code, so that a row whose elements are all equal is divided by something.
const LayerNormEpsilon = 1e-5

// LayerNorm sets out [D] to (x - mean)/deviation of x [D], times gain [D] plus bias [D]
// (Ba et al. 2016). Mean and biased variance are summed in float64, in 8 running sums as
// [Sum] does it.
func LayerNorm[F Float](out, x, gain, bias []F) {
	if len(out) != len(x) || len(gain) != len(x) || len(bias) != len(x) {
		panic("nn: LayerNorm: shapes do not fit")
	}
	if isSingle[F]() && layerNormFast(single(out), single(x), single(gain), single(bias)) {
		return
	}
	mean, scale := moments(x)
	for i, v := range x {
		out[i] = fma(F((float64(v)-mean)*scale), gain[i], bias[i])
	}
}

// moments are the mean of x [D] and 1/sqrt(variance + LayerNormEpsilon), its biased
// variance.
func moments[F Float](x []F) (mean, scale float64) {
	var s, q [lanes]float64
	for i, v := range x {
		s[i%lanes] += float64(v)
	}
	mean = tree(&s) / float64(len(x))
	for i, v := range x {
		d := float64(v) - mean
		q[i%lanes] += float64(d * d)
	}
	return mean, 1 / math.Sqrt(tree(&q)/float64(len(x))+LayerNormEpsilon)
}

// LayerNormBackward adds to dx [D], dgain [D] and dbias [D] the gradients of [LayerNorm]
// at x [D], given that of its output dy [D]. With y the normalised x and g = dy gain it
// is dx += (g - mean(g) - y mean(g y))/deviation. The moments are computed again, which
// costs less than to keep them for every row of a batch.
func LayerNormBackward[F Float](dx, dgain, dbias, x, gain, dy []F) {
	if len(dx) != len(x) || len(dgain) != len(x) || len(dbias) != len(x) || len(gain) != len(x) || len(dy) != len(x) {
		panic("nn: LayerNormBackward: shapes do not fit")
	}
	mean, scale := moments(x)
	var a, b [lanes]float64
	for i, v := range x {
		y, g := (float64(v)-mean)*scale, float64(float64(dy[i])*float64(gain[i]))
		a[i%lanes] += g
		b[i%lanes] += float64(g * y)
		dgain[i] += F(float64(dy[i]) * y)
		dbias[i] += dy[i]
	}
	n := float64(len(x))
	along, across := tree(&a)/n, tree(&b)/n
	for i, v := range x {
		y, g := (float64(v)-mean)*scale, float64(float64(dy[i])*float64(gain[i]))
		dx[i] += F((g - along - float64(y*across)) * scale)
	}
}

// TimeEmbedding sets out [E] to the embedding of a time t, which is a part of the window:
// the first element is w_1 t + b_1, the others are sin(w_i t + b_i) (Time2Vec, Kazemi et
// al. 2019; phi of the paper, in the form of its code). w and b are [E].
func TimeEmbedding[F Float](out []F, t float64, w, b []F) {
	if len(w) != len(out) || len(b) != len(out) {
		panic("nn: TimeEmbedding: shapes do not fit")
	}
	for i := range out {
		arg := float64(float64(w[i])*t) + float64(b[i]) // in float64: a large argument of a sine; not fused
		if i > 0 {
			arg = math.Sin(arg)
		}
		out[i] = F(arg)
	}
}

// SoftCap is 8 tanh(s/8), which bounds an attention score s within (-8, 8) and leaves
// small ones nearly as they are. It goes beyond the paper: sums of the exponentials of
// capped scores fit into fixed point, see [FixedExchange].
func SoftCap(s float64) float64 { return 8 * math.Tanh(s/8) }
