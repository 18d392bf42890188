package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// exp is exp32 of package nn.
func exp(v reg.VecVirtual) reg.VecVirtual {
	x, n, r, p := YMM(), YMM(), YMM(), YMM()
	// The constant comes first: where v is NaN the second operand is taken.
	limit := load(number("expHigh", 89))
	VMINPS(v, limit, x)
	limit = load(number("expLow", -104))
	VMAXPS(x, limit, x)
	VMULPS(number("log2e", 1.44269504088896341), x, n)
	VROUNDPS(Imm(8), n, n)
	VMOVAPS(x, r)
	VFMADD231PS(number("minusLn2High", -0.693359375), n, r)
	VFMADD231PS(number("minusLn2Low", 2.12194440e-4), n, r)
	VMOVUPS(number("expP0", 1.9875691500e-4), p)
	VFMADD213PS(number("expP1", 1.3981999507e-3), r, p)
	VFMADD213PS(number("expP2", 8.3334519073e-3), r, p)
	VFMADD213PS(number("expP3", 4.1665795894e-2), r, p)
	VFMADD213PS(number("expP4", 1.6666665459e-1), r, p)
	VFMADD213PS(number("expP5", 5.0000001201e-1), r, p)
	square := YMM()
	VMULPS(r, r, square)
	VFMADD213PS(r, square, p)
	VADDPS(number("one", 1), p, p)
	half, rest, bias := YMM(), YMM(), load(bits("exponentBias", 127))
	VCVTPS2DQ(n, rest)
	VPSRAD(Imm(1), rest, half)
	VPSUBD(half, rest, rest)
	for _, i := range []reg.VecVirtual{half, rest} {
		VPADDD(bias, i, i)
		VPSLLD(Imm(23), i, i)
		VMULPS(i, p, p)
	}
	return p
}

func sigmoid(v reg.VecVirtual) reg.VecVirtual {
	x := YMM()
	VXORPS(bits("signBit", 1<<31), v, x)
	e := exp(x)
	one := load(number("one", 1))
	VADDPS(one, e, e)
	VDIVPS(e, one, e)
	return e
}

// erf is erf32 of package nn: both branches, and a choice.
func erf(x reg.VecVirtual) reg.VecVirtual {
	t, s := YMM(), YMM()
	VANDPS(bits("allButSign", 1<<31-1), x, t)
	VMULPS(x, x, s)

	far, u := load(number("erfF0", -1.72853470e-5)), load(number("erfF2", -3.88396438e-3))
	VFMADD213PS(number("erfF1", 3.83197126e-4), t, far)
	VFMADD213PS(number("erfF3", 2.42546219e-2), t, u)
	VFMADD213PS(u, s, far)
	VFMADD213PS(number("erfF4", -1.06777877e-1), t, far)
	VFMADD213PS(number("erfF5", -6.34846687e-1), t, far)
	VFMADD213PS(number("erfF6", -1.28717512e-1), t, far)
	VFMSUB213PS(t, t, far)
	e := exp(far)
	one := load(number("one", 1))
	VSUBPS(e, one, e)
	sign := YMM()
	VANDPS(bits("signBit", 1<<31), x, sign)
	VORPS(sign, e, e)

	near := load(number("erfN0", -5.96761703e-4))
	VFMADD213PS(number("erfN1", 4.99119423e-3), s, near)
	VFMADD213PS(number("erfN2", -2.67681349e-2), s, near)
	VFMADD213PS(number("erfN3", 1.12819925e-1), s, near)
	VFMADD213PS(number("erfN4", -3.76125336e-1), s, near)
	VFMADD213PS(number("erfN5", 1.28379166e-1), s, near)
	VFMADD213PS(x, x, near)

	const greater = 0x1e // ordered, quiet: a NaN goes the near way
	VCMPPS(Imm(greater), number("erfBreak", 0.927734375), t, t)
	VBLENDVPS(t, e, near, near)
	return near
}

// phi is (1 + erf(x/sqrt(2)))/2.
func phi(x reg.VecVirtual) reg.VecVirtual {
	y := YMM()
	VMULPS(number("rootHalf", 0.70710678118654752440), x, y)
	y = erf(y)
	half := load(number("half", 0.5))
	VFMADD213PS(half, half, y)
	return y
}

func gelu(x reg.VecVirtual) reg.VecVirtual {
	y := phi(x)
	VMULPS(y, x, y)
	return y
}
