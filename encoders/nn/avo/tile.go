package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// tile emits the kernel of rows by 16*panels elements of a product: it adds a
// [rows][k] times b [k][16*panels] to out. All steps count elements. The rows of b
// are bRow apart, its groups of 16 columns bPanel. Two vectors hold 16 columns, so
// that 6 by 16 fill 12 of the 16 registers; few rows take more columns instead, for
// there must be 8 or more chains to hide the 4 cycles of an addition.
// A wide tile is of AVX-512, where one vector holds the 16 columns, and 6 by 32 are 12 of 32 registers.
func tile(rows, panels int, wide bool) {
	kind, each, one := "tile", 2, func() reg.VecVirtual { return YMM() }
	if wide {
		kind, each, one = "wide", 1, func() reg.VecVirtual { return ZMM() }
	}
	vectors, size := each*panels, 64/each // of a row of the tile, and the bytes of one
	load := func(m Op) reg.VecVirtual {
		v := one()
		VMOVUPS(m, v)
		return v
	}
	TEXT(fmt.Sprintf("%s%dx%d", kind, rows, 16*panels), NOSPLIT,
		"func(out *float32, outRow int, a *float32, aRow, aCol int, b *float32, bRow, bPanel, k int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s%dx%d adds a [%d][k] times b [k][%d] to out; k is at least 1.", kind, rows, 16*panels, rows, 16*panels))
	get := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	step := func(name string) reg.GPVirtual {
		r := get(name)
		SHLQ(Imm(2), r)
		return r
	}

	acc := make([]reg.VecVirtual, 0, rows*vectors)
	out, outRow := get("out"), step("outRow")
	row := GP64()
	MOVQ(out, row)
	for i := range rows {
		for c := range vectors {
			acc = append(acc, load(Mem{Base: row, Disp: size * c}))
		}
		if i < rows-1 {
			ADDQ(outRow, row)
		}
	}

	// The rows of a: up to three from one address, the others from three rows on.
	a, aRow, aCol := get("a"), step("aRow"), step("aCol")
	starts := []reg.GPVirtual{a}
	if rows > 3 {
		next := GP64()
		LEAQ(Mem{Base: a, Index: aRow, Scale: 2}, next)
		ADDQ(aRow, next)
		starts = append(starts, next)
	}
	element := func(i int) Mem {
		m := Mem{Base: starts[i/3]}
		if i%3 > 0 {
			m.Index, m.Scale = aRow, uint8(i%3)
		}
		return m
	}

	b, bRow := get("b"), step("bRow")
	var bPanel, threePanels reg.GPVirtual
	if panels > 1 {
		bPanel = step("bPanel")
	}
	if panels > 3 {
		threePanels = GP64()
		LEAQ(Mem{Base: bPanel, Index: bPanel, Scale: 2}, threePanels)
	}
	column := func(c int) Mem {
		m := Mem{Base: b, Disp: size * (c % each)}
		switch p := c / each; p {
		case 0:
		case 3:
			m.Index, m.Scale = threePanels, 1
		default:
			m.Index, m.Scale = bPanel, uint8(p)
		}
		return m
	}

	multiply := func() {
		if rows == 1 {
			v := one()
			VBROADCASTSS(element(0), v)
			for c := range vectors {
				VFMADD231PS(column(c), v, acc[c])
			}
		} else {
			line := make([]reg.VecVirtual, vectors)
			for c := range line {
				line[c] = load(column(c))
			}
			for i := range rows {
				v := one()
				VBROADCASTSS(element(i), v)
				for c := range line {
					VFMADD231PS(line[c], v, acc[i*vectors+c])
				}
			}
		}
		for _, s := range starts {
			ADDQ(aCol, s)
		}
		ADDQ(bRow, b)
	}
	// Four steps a turn: a loop of 32 turns ends where the CPU foresees it, one of 128
	// does not, and the next tile cannot start early.
	k := get("k")
	SUBQ(Imm(4), k)
	JLT(LabelRef("rest"))
	Label("loop")
	for range 4 {
		multiply()
	}
	SUBQ(Imm(4), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(4), k)
	JEQ(LabelRef("end"))
	Label("single")
	multiply()
	DECQ(k)
	JNE(LabelRef("single"))
	Label("end")

	for i := range rows {
		for c := range vectors {
			VMOVUPS(acc[i*vectors+c], Mem{Base: out, Disp: size * c})
		}
		if i < rows-1 {
			ADDQ(outRow, out)
		}
	}
	VZEROUPPER()
	RET()
}
