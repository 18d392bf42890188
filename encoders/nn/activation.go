package nn

import "math"

// GELU replaces x by x Phi(x), the exact form with erf (Hendrycks and Gimpel 2016).
func GELU[F Float](x []F) {
	if isSingle[F]() && geluFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = F(v * phi(v))
	}
}

// GELUBackward adds to dx [N] the gradient of GELU at x [N], given that of its
// output dy [N]: dx += dy (Phi(x) + x phi(x)).
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

// ReLU replaces negative elements of x by 0.
func ReLU[F Float](x []F) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

// ReLUBackward adds dy to dx where x, or what ReLU made of it, is above 0; all [N].
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

// Sigmoid of one number.
func Sigmoid[F Float](v F) F { return 1 / (1 + exp(-v)) }

// Sigmoids replaces x by its sigmoids.
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
