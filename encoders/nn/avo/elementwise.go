package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// read and write eight elements at p, or those under the mask.
func read(p reg.GPVirtual, mask Op) reg.VecVirtual {
	if mask == nil {
		return load(Mem{Base: p})
	}
	v := YMM()
	VMASKMOVPS(Mem{Base: p}, mask, v)
	return v
}

func write(v reg.VecVirtual, p reg.GPVirtual, mask Op) {
	if mask == nil {
		VMOVUPS(v, Mem{Base: p})
		return
	}
	VMASKMOVPS(v, mask, Mem{Base: p})
}

// elementwise emits a kernel that replaces x by f(x).
func elementwise(name, twin string, f func(reg.VecVirtual) reg.VecVirtual) {
	TEXT(name, NOSPLIT, "func(x *float32, n int)")
	Pragma("noescape")
	Doc(name + " is " + twin + " of n elements.")
	x, n := pointer("x"), pointer("n")
	eights("loop", n, []reg.GPVirtual{x}, func(mask Op) { write(f(read(x, mask)), x, mask) })
	VZEROUPPER()
	RET()
}

// relu keeps what is above 0, and NaN as its twin does.
func relu(x reg.VecVirtual) reg.VecVirtual {
	const notAtMost = 22
	keep := YMM()
	VCMPPS(Imm(notAtMost), zero(), x, keep)
	VANDPS(keep, x, x)
	return x
}

func geluBackward() {
	TEXT("geluBackwardVector", NOSPLIT, "func(dx, x, dy *float32, n int)")
	Pragma("noescape")
	Doc("geluBackwardVector is GELUBackward of n elements.")
	dx, x, dy, n := pointer("dx"), pointer("x"), pointer("dy"), pointer("n")
	eights("loop", n, []reg.GPVirtual{dx, x, dy}, func(mask Op) {
		v := read(x, mask)
		y := phi(v)
		e := YMM()
		VMULPS(number("minusHalf", -0.5), v, e)
		VMULPS(e, v, e)
		e = exp(e)
		slope := YMM()
		VMULPS(number("density", 0.39894228040143267794), v, slope)
		VFMADD213PS(y, e, slope)
		sum := read(dx, mask)
		VFMADD231PS(slope, read(dy, mask), sum)
		write(sum, dx, mask)
	})
	VZEROUPPER()
	RET()
}

func axpy() {
	TEXT("axpyVector", NOSPLIT, "func(y *float32, a float32, x *float32, n int)")
	Pragma("noescape")
	Doc("axpyVector is Axpy of n elements.")
	y, x, n := pointer("y"), pointer("x"), pointer("n")
	a := YMM()
	m, err := Param("a").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, a)
	eights("loop", n, []reg.GPVirtual{y, x}, func(mask Op) {
		sum := read(y, mask)
		VFMADD231PS(read(x, mask), a, sum)
		write(sum, y, mask)
	})
	VZEROUPPER()
	RET()
}
