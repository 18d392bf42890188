package nn

import (
	"math"
	"unsafe"
)

// Float is the type that kernels, parameters and tapes are generic over. float32 is what
// serves and trains; float64 exists to judge it, in gradient checks and golden vectors.
type Float interface{ ~float32 | ~float64 }

// fma is the one step that every sum of products here is made of. For float32 it is a*b +
// c rounded once, as the fused instruction of the CPU does it, so that the assembly and
// its plain twin give the same bits. For float64, which only judges, the product is
// rounded too: that is fast everywhere, and the conversion forbids a compiler to fuse it.
func fma[F Float](a, b, c F) F {
	if unsafe.Sizeof(c) == 4 {
		return F(fma32(float32(a), float32(b), float32(c)))
	}
	return F(a*b) + c
}

// fma32 is a*b + c rounded once. The product of two float32 is exact in float64, so
// only the sum is rounded before the last rounding; the two roundings differ from
// one only where the sum lies half way between two float32.
func fma32(a, b, c float32) float32 {
	s := float64(a)*float64(b) + float64(c)
	if math.Float64bits(s)&(1<<29-1) == 1<<28 || math.Abs(s) < 0x1p-126 {
		return fmaOdd(float64(a)*float64(b), float64(c))
	}
	return float32(s)
}

// fmaOdd is p + c rounded to odd in float64, and from there to float32: no double
// rounding (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums",
// 2008).
func fmaOdd(p, c float64) float32 {
	s := p + c
	back := s - p
	rest := (p - (s - back)) + (c - back)
	bits := math.Float64bits(s)
	switch {
	case rest == 0 || bits&1 == 1:
	case (rest > 0) == (s > 0):
		bits++
	default:
		bits--
	}
	return float32(math.Float64frombits(bits))
}

// single is x seen as []float32. Nothing is converted or checked: the caller has asked
// [isSingle] before. It exists because the kernels in assembly are for float32 only.
func single[F Float](x []F) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// isSingle says whether F is a float32; the compiler decides it.
func isSingle[F Float]() bool {
	var zero F
	return unsafe.Sizeof(zero) == 4
}

// exp is e^v of one number: [exp32] in float32, math.Exp in float64.
func exp[F Float](v F) F {
	if isSingle[F]() {
		return F(exp32(float32(v)))
	}
	return F(math.Exp(float64(v)))
}

// The polynomial is that of Cephes' expf (Moshier): e^r = 1 + r + r^2 p(r) for
// |r| <= ln(2)/2, with ln(2) in two parts.
const (
	// expHigh and expLow bound the argument: above the first the result is +Inf, below
	// the second it is 0, and n stays within what the two halves of the exponent hold.
	expHigh = 89
	// expLow is the logarithm of half the smallest float32, rounded down.
	expLow  = -104
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

// power2 is 2^n for n from -126 to 127, made by writing the exponent's bits.
func power2(n int32) float32 { return math.Float32frombits(uint32(n+127) << 23) }

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
