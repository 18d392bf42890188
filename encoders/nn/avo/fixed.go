package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fixedExchange emits FixedExchange. A float64 below 2^51 is rounded to a whole number
// by adding 3 2^51, which leaves the number in the low bits.
func fixedExchange() {
	TEXT("fixedExchangeVector", NOSPLIT, "func(sums *int64, e *float32, put, take float64, n int)")
	Pragma("noescape")
	Doc("fixedExchangeVector is FixedExchange of n elements, n a multiple of 8 above 0, with put and take times FixedScale, both below 2^51.")
	sums, e, n := pointer("sums"), pointer("e"), pointer("n")
	put, take := wideParam("put"), wideParam("take")
	magic := GLOBL("roundingBits", RODATA|NOPTR)
	for i := range 4 {
		DATA(8*i, U64(math.Float64bits(3<<51)))
	}
	round := YMM()
	VMOVUPD(magic, round)
	Label("loop")
	for half := range 2 {
		w, in, out := YMM(), YMM(), YMM()
		VCVTPS2PD(Mem{Base: e, Disp: 16 * half}, w)
		VMULPD(put, w, in)
		VADDPD(round, in, in)
		VMULPD(take, w, out)
		VADDPD(round, out, out)
		VPSUBQ(out, in, in)
		VPADDQ(Mem{Base: sums, Disp: 32 * half}, in, in)
		VMOVDQU(in, Mem{Base: sums, Disp: 32 * half})
	}
	ADDQ(Imm(32), e)
	ADDQ(Imm(64), sums)
	SUBQ(Imm(8), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// wideParam is a float64 parameter in all four lanes.
func wideParam(name string) reg.VecVirtual {
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VBROADCASTSD(m.Addr, v)
	return v
}
