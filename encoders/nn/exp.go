package nn

import "math"

// Exp replaces x by its exponentials. In float32 it is the polynomial of [exp32],
// within 1 ulp; in float64 it is math.Exp.
func Exp[F Float](x []F) {
	if isSingle[F]() && expFast(single(x)) {
		return
	}
	for i, v := range x {
		x[i] = exp(v)
	}
}

func exp[F Float](v F) F {
	if isSingle[F]() {
		return F(exp32(float32(v)))
	}
	return F(math.Exp(float64(v)))
}

// The polynomial is that of Cephes' expf (Moshier): e^r = 1 + r + r^2 p(r) for
// |r| <= ln(2)/2, with ln(2) in two parts.
const (
	expHigh = 89   // above it is +Inf
	expLow  = -104 // below it is 0
	log2e   = 1.44269504088896341
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
	expP0   = 1.9875691500e-4
	expP1   = 1.3981999507e-3
	expP2   = 8.3334519073e-3
	expP3   = 4.1665795894e-2
	expP4   = 1.6666665459e-1
	expP5   = 5.0000001201e-1
)

// exp32 is e^x, the plain twin of the vector kernel, bit for bit but for the payload
// of a NaN.
func exp32(x float32) float32 {
	if x > expHigh {
		x = expHigh
	}
	if x < expLow {
		x = expLow
	}
	n := float32(math.RoundToEven(float64(float32(x * log2e))))
	r := fma32(n, -ln2Low, fma32(n, -ln2High, x))
	p := fma32(expP0, r, expP1)
	p = fma32(p, r, expP2)
	p = fma32(p, r, expP3)
	p = fma32(p, r, expP4)
	p = fma32(p, r, expP5)
	p = fma32(p, float32(r*r), r)
	p = float32(p + 1)
	// 2^n in two halves: n from -150 to 128 is more than one exponent holds.
	i := int32(n)
	half := i >> 1
	return float32(float32(p*power2(half)) * power2(i-half))
}

func power2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }
