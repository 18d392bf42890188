package nn

import (
	"math"
	"unsafe"
)

// fma is the one step that every sum of products here is made of. For float32 it is
// a*b + c rounded once, as the fused instruction of the CPU does it, so that the
// assembly and its plain twin give the same bits. For float64, which only judges,
// the product is rounded too: that is fast everywhere and no compiler may fuse it.
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

// single gives x as []float32 if that is what it is: the kernels in assembly are
// for float32 only.
func single[F Float](x []F) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// isSingle says whether F is a float32; the compiler decides it.
func isSingle[F Float]() bool {
	var zero F
	return unsafe.Sizeof(zero) == 4
}
