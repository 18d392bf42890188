package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tree adds up eight running sums as tree of package nn does, into the lowest lane.
func tree(s reg.VecVirtual) reg.VecVirtual {
	low, high := s.AsX(), XMM()
	VEXTRACTF128(Imm(1), s, high)
	VADDPS(high, low, high)
	VMOVHLPS(high, high, low)
	VADDPS(low, high, high)
	VMOVSHDUP(high, low)
	VADDSS(low, high, high)
	return high
}

// wideTree is tree of eight sums in float64, the lower and the upper four.
func wideTree(low, high reg.VecVirtual) reg.VecVirtual {
	sum, other := YMM(), XMM()
	VADDPD(high, low, sum)
	VEXTRACTF128(Imm(1), sum, other)
	VADDPD(other, sum.AsX(), other)
	VUNPCKHPD(other, other, sum.AsX())
	VADDSD(sum.AsX(), other, other)
	return other
}

func softmax() {
	TEXT("softmaxVector", NOSPLIT, "func(x *float32, n int)")
	Pragma("noescape")
	Doc("softmaxVector is Softmax of n elements.")
	x, n := pointer("x"), pointer("n")
	p, left := GP64(), GP64()
	again := func() {
		MOVQ(x, p)
		MOVQ(n, left)
	}
	again()
	top := load(bits("minusInf", 0xff800000))
	eights("top", left, []reg.GPVirtual{p}, func(mask Op) {
		v := read(p, mask)
		if mask != nil {
			VBLENDVPS(mask, v, top, v)
		}
		VMAXPS(v, top, top)
	})
	half := XMM()
	VEXTRACTF128(Imm(1), top, half)
	VMAXPS(half, top.AsX(), half)
	other := XMM()
	VMOVHLPS(half, half, other)
	VMAXPS(other, half, half)
	VMOVSHDUP(half, other)
	VMAXSS(other, half, half)
	VBROADCASTSS(half, top)

	again()
	sum := zero()
	eights("exp", left, []reg.GPVirtual{p}, func(mask Op) {
		v := YMM()
		VSUBPS(top, read(p, mask), v)
		v = exp(v)
		write(v, p, mask)
		if mask != nil {
			VANDPS(mask, v, v)
		}
		VADDPS(v, sum, sum)
	})
	total := tree(sum)
	one := XMM()
	VMOVUPS(number("one", 1), one)
	VDIVSS(total, one, total)
	scale := YMM()
	VBROADCASTSS(total, scale)
	again()
	eights("scale", left, []reg.GPVirtual{p}, func(mask Op) {
		v := YMM()
		VMULPS(scale, read(p, mask), v)
		write(v, p, mask)
	})
	VZEROUPPER()
	RET()
}

func dot() {
	TEXT("dotVector", NOSPLIT, "func(a, b *float32, n int) float32")
	Pragma("noescape")
	Doc("dotVector is Dot of n elements.")
	a, b, n := pointer("a"), pointer("b"), pointer("n")
	sum := zero()
	eights("loop", n, []reg.GPVirtual{a, b}, func(mask Op) {
		v, w := read(a, mask), read(b, mask)
		if mask == nil {
			VFMADD231PS(v, w, sum)
			return
		}
		next := YMM()
		VMOVAPS(sum, next)
		VFMADD231PS(v, w, next)
		VBLENDVPS(mask, next, sum, sum)
	})
	Store(tree(sum), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// wide gives the lower and the upper four of eight float32 as float64.
func wide(v reg.VecVirtual) (low, high reg.VecVirtual) {
	low, high = YMM(), YMM()
	half := XMM()
	VEXTRACTF128(Imm(1), v, half)
	VCVTPS2PD(v.AsX(), low)
	VCVTPS2PD(half, high)
	return low, high
}

func distance() {
	TEXT("distanceVector", NOSPLIT, "func(a, b *float32, n int) float64")
	Pragma("noescape")
	Doc("distanceVector is squaredDistance of n elements.")
	a, b, n := pointer("a"), pointer("b"), pointer("n")
	low, high := zero(), zero()
	eights("loop", n, []reg.GPVirtual{a, b}, func(mask Op) {
		d := YMM()
		VSUBPS(read(b, mask), read(a, mask), d)
		l, h := wide(d)
		VMULPD(l, l, l)
		VMULPD(h, h, h)
		VADDPD(l, low, low)
		VADDPD(h, high, high)
	})
	Store(wideTree(low, high), ReturnIndex(0))
	VZEROUPPER()
	RET()
}
