package nn

import "math"

// erf32 is the error function within 2 ulp: x + x p(x^2) up to 0.9277, beyond it
// 1 - e^-q(|x|), with minimax polynomials (N. Juffa's single-precision erf). It is
// the plain twin of what the vector kernels compute, bit for bit.
func erf32(x float32) float32 {
	t, s := float32(math.Abs(float64(x))), float32(x*x)
	if !(t > erfBreak) {
		p := fma32(erfN0, s, erfN1)
		p = fma32(p, s, erfN2)
		p = fma32(p, s, erfN3)
		p = fma32(p, s, erfN4)
		p = fma32(p, s, erfN5)
		return fma32(p, x, x)
	}
	p := fma32(fma32(erfF0, t, erfF1), s, fma32(erfF2, t, erfF3))
	p = fma32(p, t, erfF4)
	p = fma32(p, t, erfF5)
	p = fma32(p, t, erfF6)
	p = fma32(p, t, -t)
	return float32(math.Copysign(float64(float32(1-exp32(p))), float64(x)))
}

const (
	erfBreak = 0.927734375

	erfN0 = -5.96761703e-4
	erfN1 = 4.99119423e-3
	erfN2 = -2.67681349e-2
	erfN3 = 1.12819925e-1
	erfN4 = -3.76125336e-1
	erfN5 = 1.28379166e-1

	erfF0 = -1.72853470e-5
	erfF1 = 3.83197126e-4
	erfF2 = -3.88396438e-3
	erfF3 = 2.42546219e-2
	erfF4 = -1.06777877e-1
	erfF5 = -6.34846687e-1
	erfF6 = -1.28717512e-1
)
