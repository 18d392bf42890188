package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// sparse emits the kernel of one row by 16*panels elements of a product in which few elements of the row
// of a are not 0: values are those, and rows say how many bytes their rows of b lie behind its first.
func sparse(panels int) {
	name := fmt.Sprintf("sparse1x%d", 16*panels)
	TEXT(name, NOSPLIT, "func(out *float32, b *float32, bPanel int, values *float32, rows *int, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds values [n] times those rows of b [k][%d] that begin rows [n] bytes behind b to out; n is at least 1.", name, 16*panels))
	out, b, values, rows, n := pointer("out"), pointer("b"), pointer("values"), pointer("rows"), pointer("n")
	var bPanel, threePanels reg.GPVirtual
	if panels > 1 {
		bPanel = pointer("bPanel")
		SHLQ(Imm(2), bPanel)
		threePanels = GP64()
		LEAQ(Mem{Base: bPanel, Index: bPanel, Scale: 2}, threePanels)
	}
	acc := make([]reg.VecVirtual, 2*panels)
	for c := range acc {
		acc[c] = load(Mem{Base: out, Disp: 32 * c})
	}
	line := GP64()
	Label("loop")
	MOVQ(Mem{Base: rows}, line)
	ADDQ(b, line)
	v := YMM()
	VBROADCASTSS(Mem{Base: values}, v)
	for c := range acc {
		m := Mem{Base: line, Disp: 32 * (c % 2)}
		switch c / 2 {
		case 0:
		case 3:
			m.Index, m.Scale = threePanels, 1
		default:
			m.Index, m.Scale = bPanel, uint8(c/2)
		}
		VFMADD231PS(m, v, acc[c])
	}
	ADDQ(Imm(4), values)
	ADDQ(Imm(8), rows)
	DECQ(n)
	JNE(LabelRef("loop"))
	for c := range acc {
		VMOVUPS(acc[c], Mem{Base: out, Disp: 32 * c})
	}
	VZEROUPPER()
	RET()
}
