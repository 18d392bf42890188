// Command avo writes the vector kernels of package nn: AVX2 and FMA assembly, and
// the Go declarations to it. It is a module of its own, so that the program does not
// depend on the assembler. Run `go generate` in the directory above.
//
// Every kernel does, element by element, the operations of its plain twin in package
// nn in the same order, with the same roundings: the twin is the specification, and
// tests compare the bits.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for rows := 1; rows <= 6; rows++ {
		tile(rows, 1, false)
	}
	tile(1, 4, false)
	tile(2, 2, false)
	for rows := 3; rows <= 6; rows++ {
		tile(rows, 2, true)
	}
	sparse(1)
	sparse(4)
	elementwise("expVector", "Exp", func(x reg.VecVirtual) reg.VecVirtual { return exp(x) })
	elementwise("sigmoidVector", "Sigmoids", sigmoid)
	elementwise("geluVector", "GELU", gelu)
	elementwise("reluVector", "ReLU", relu)
	geluBackward()
	softmax()
	dot()
	axpy()
	distance()
	layerNorm()
	fixedExchange()
	Generate()
}

// vectors of one number eight times, by its bits.
var constants = map[uint32]Mem{}

func bits(name string, v uint32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(v))
	}
	constants[v] = m
	return m
}

func number(name string, v float32) Mem { return bits(name, math.Float32bits(v)) }

func load(m Op) reg.VecVirtual {
	v := YMM()
	VMOVUPS(m, v)
	return v
}

func zero() reg.VecVirtual {
	v := YMM()
	VXORPS(v, v, v)
	return v
}

var masks Mem

// maskOf is all ones in the first n of eight lanes, for n from 1 to 7.
func maskOf(n reg.GPVirtual) reg.VecVirtual {
	if masks.Symbol.Name == "" {
		masks = GLOBL("masks", RODATA|NOPTR)
		for i := range 16 {
			v := uint32(math.MaxUint32)
			if i >= 8 {
				v = 0
			}
			DATA(4*i, U32(v))
		}
	}
	address, back := GP64(), GP64()
	LEAQ(masks, address)
	MOVQ(n, back)
	NEGQ(back)
	return load(Mem{Base: address, Disp: 32, Index: back, Scale: 4})
}

// eights emits a loop over n elements: step for whole vectors, with mask nil, and
// once more for the rest, with the mask of its lanes. All pointers go on by a vector.
func eights(label string, n reg.GPVirtual, pointers []reg.GPVirtual, step func(mask Op)) {
	CMPQ(n, Imm(8))
	JLT(LabelRef(label + "Rest"))
	Label(label)
	step(nil)
	for _, p := range pointers {
		ADDQ(Imm(32), p)
	}
	SUBQ(Imm(8), n)
	CMPQ(n, Imm(8))
	JGE(LabelRef(label))
	Label(label + "Rest")
	TESTQ(n, n)
	JEQ(LabelRef(label + "End"))
	step(maskOf(n))
	Label(label + "End")
}
