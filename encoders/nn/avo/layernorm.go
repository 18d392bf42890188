package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func wideConstant(name string, v float64) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	DATA(0, U64(math.Float64bits(v)))
	return m
}

// layerNorm sums in float64: of a rest, the lanes behind the mask add nothing.
func layerNorm() {
	TEXT("layerNormVector", NOSPLIT, "func(out, x, gain, bias *float32, n int)")
	Pragma("noescape")
	Doc("layerNormVector is LayerNorm of n elements, at least 1.")
	epsilon, one := wideConstant("epsilon", 1e-5), wideConstant("oneWide", 1)
	x, n := pointer("x"), pointer("n")
	p, left := GP64(), GP64()
	MOVQ(x, p)
	MOVQ(n, left)
	count := XMM()
	VCVTSI2SDQ(n, zero().AsX(), count)

	low, high := zero(), zero()
	eights("mean", left, []reg.GPVirtual{p}, func(mask Op) {
		l, h := wide(read(p, mask))
		VADDPD(l, low, low)
		VADDPD(h, high, high)
	})
	sum := wideTree(low, high)
	VDIVSD(count, sum, sum)
	mean := YMM()
	VBROADCASTSD(sum, mean)

	MOVQ(x, p)
	MOVQ(n, left)
	low, high = zero(), zero()
	eights("variance", left, []reg.GPVirtual{p}, func(mask Op) {
		l, h := wide(read(p, mask))
		VSUBPD(mean, l, l)
		VSUBPD(mean, h, h)
		VMULPD(l, l, l)
		VMULPD(h, h, h)
		if mask != nil {
			lowMask, highMask := YMM(), YMM()
			half := XMM()
			m := mask.(reg.VecVirtual)
			VEXTRACTF128(Imm(1), m, half)
			VPMOVSXDQ(m.AsX(), lowMask)
			VPMOVSXDQ(half, highMask)
			VANDPD(lowMask, l, l)
			VANDPD(highMask, h, h)
		}
		VADDPD(l, low, low)
		VADDPD(h, high, high)
	})
	variance := wideTree(low, high)
	VDIVSD(count, variance, variance)
	VADDSD(epsilon, variance, variance)
	VSQRTSD(variance, variance, variance)
	unit := XMM()
	VMOVSD(one, unit)
	VDIVSD(variance, unit, variance)
	scale := YMM()
	VBROADCASTSD(variance, scale)

	out, gain, bias := pointer("out"), pointer("gain"), pointer("bias")
	eights("apply", n, []reg.GPVirtual{x, out, gain, bias}, func(mask Op) {
		l, h := wide(read(x, mask))
		VSUBPD(mean, l, l)
		VSUBPD(mean, h, h)
		VMULPD(scale, l, l)
		VMULPD(scale, h, h)
		y := YMM()
		VCVTPD2PSY(l, y.AsX())
		upper := XMM()
		VCVTPD2PSY(h, upper)
		VINSERTF128(Imm(1), upper, y, y)
		b := read(bias, mask)
		VFMADD231PS(read(gain, mask), y, b)
		write(b, out, mask)
	})
	VZEROUPPER()
	RET()
}
