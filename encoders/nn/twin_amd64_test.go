package nn

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// plainly runs f with the assembly off.
func plainly(f func()) {
	before := vector
	vector = false
	defer func() { vector = before }()
	f()
}

// narrowly runs f without the vectors of 16.
func narrowly(f func()) {
	before := wide
	wide = false
	defer func() { wide = before }()
	f()
}

// sameBits: the tolerance between the assembly and its twin is 0 ulp. Only a NaN may
// differ, in its payload.
func sameBits(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// twins runs every kernel both ways over x [2N] and compares the bits.
func twins(t *testing.T, x []float32) {
	n := len(x) / 2
	y := x[n : 2*n]
	x = x[:n]
	if n == 0 {
		return
	}
	for _, c := range []struct {
		name string
		do   func(out []float32)
	}{
		{"Exp", func(out []float32) { Exp(out) }},
		{"Sigmoids", func(out []float32) { Sigmoids(out) }},
		{"ReLU", func(out []float32) { ReLU(out) }},
		{"Add", func(out []float32) { add(out, x, y) }},
		{"GELU", func(out []float32) { GELU(out) }},
		{"GELUBackward", func(out []float32) { GELUBackward(out, x, y) }},
		{"Softmax", func(out []float32) { Softmax(out) }},
		{"LayerNorm", func(out []float32) { LayerNorm(out, x, y, x) }},
		{"Axpy", func(out []float32) { Axpy(out, y[0], y) }},
		{"Dot", func(out []float32) { out[0] = Dot(x, y) }},
		{"LaplaceScores", func(out []float32) { LaplaceScores(out[:1], x, y) }},
		{"LinearRows", func(out []float32) { LinearRows(out, y, x[:1], nil, 1) }},
	} {
		fast, plain := append([]float32(nil), x...), append([]float32(nil), x...)
		c.do(fast)
		plainly(func() { c.do(plain) })
		for i := range fast {
			if !sameBits(fast[i], plain[i]) {
				t.Fatalf("%s of %d: [%d] is %v (%08x) in assembly, %v (%08x) plain", c.name, n, i,
					fast[i], math.Float32bits(fast[i]), plain[i], math.Float32bits(plain[i]))
			}
		}
	}
}

// products compares the forms of the product for one shape.
func products(t *testing.T, r *rand.Rand, scale float64, m, k, n int) {
	draw := func(n int) []float32 {
		x := random32(r, n)
		for i := range x {
			if x[i] *= float32(scale); r.IntN(9) == 0 {
				x[i] = 0
			}
		}
		return x
	}
	a, b, bias := draw(m*k), draw(k*n), draw(n)
	for _, c := range []struct {
		name string
		do   func(out []float32)
	}{
		{"MatMul", func(out []float32) { MatMul(out, a, b, m, k, n) }},
		{"MatMulTAAdd", func(out []float32) { MatMulTAAdd(out, a, b, m, k, n) }},
		{"MatMulTBAdd", func(out []float32) { MatMulTBAdd(out, a, b, m, k, n) }},
		{"PackedLinear", func(out []float32) { Pack(b, bias, n, k).Rows(out, a, m) }},
		{"LinearRows", func(out []float32) { LinearRows(out, b, a, bias, m) }},
	} {
		fast := draw(m * n)
		plain := append([]float32(nil), fast...)
		c.do(fast)
		narrow := append([]float32(nil), plain...)
		plainly(func() { c.do(plain) })
		narrowly(func() { c.do(narrow) })
		for i := range fast {
			if !sameBits(fast[i], plain[i]) || !sameBits(narrow[i], plain[i]) {
				t.Fatalf("%s %dx%dx%d: [%d] is %v in assembly, %v in that of AVX2, %v plain", c.name, m, k, n, i, fast[i], narrow[i], plain[i])
			}
		}
	}
	packed, linear := make([]float32, m*n), make([]float32, m*n)
	Pack(b, bias, n, k).Rows(packed, a, m)
	LinearRows(linear, b, a, bias, m)
	for i := range packed {
		if !sameBits(packed[i], linear[i]) {
			t.Fatalf("PackedLinear %dx%dx%d: [%d] is %v, by LinearRows %v", m, k, n, i, packed[i], linear[i])
		}
	}
}

func TestTwins(t *testing.T) {
	if !vector {
		t.Skip("this CPU has no AVX2 and FMA, or VIGIL_KERNELS is plain: there is nothing to compare")
	}
	r := rand.New(rand.NewPCG(21, 22))
	for n := range 70 {
		for _, scale := range []float32{1, 30, 1e-20, 1e20} {
			x := random32(r, 2*n)
			for i := range x {
				x[i] *= scale
			}
			twins(t, x)
			if n > 0 {
				x[r.IntN(len(x))] = []float32{0, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}[r.IntN(4)]
				twins(t, x)
			}
		}
	}
	for m := 1; m < 20; m++ {
		products(t, r, 1, m, 1+r.IntN(300), 1+r.IntN(80))
		products(t, r, 1, m, 1+r.IntN(40), 64)
	}
	products(t, r, 1, 48, 128, 128)
}

func TestExpTwinOverAllExponents(t *testing.T) {
	x := make([]float32, 0, 1<<16)
	for i := range uint32(1 << 16) {
		x = append(x, math.Float32frombits(i<<16|i*2654435761>>17))
	}
	for i := 0; i < len(x); i += 1 << 12 {
		twins(t, x[i:i+1<<12])
	}
}

func FuzzTwins(f *testing.F) {
	f.Add([]byte("a few bytes that make some odd float32 numbers, and a tail"))
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0x80, 0xff, 1, 0, 0, 0, 0, 0, 0xc0, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		x := make([]float32, len(b)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		twins(t, x)
	})
}

func FuzzProducts(f *testing.F) {
	f.Add(uint64(1), uint8(7), uint16(300), uint8(33), 1.0)
	f.Add(uint64(2), uint8(1), uint16(64), uint8(80), 1e-22)
	f.Fuzz(func(t *testing.T, seed uint64, m uint8, k uint16, n uint8, scale float64) {
		if k %= 600; k == 0 || m == 0 || n == 0 {
			return
		}
		products(t, rand.New(rand.NewPCG(seed, 0)), scale, int(m)%50+1, int(k), int(n)%100+1)
	})
}

func TestKernelsAllocateNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	const m, k, n = 7, 70, 20
	a, b, out := random32(r, m*k), random32(r, k*n), make([]float32, m*n)
	x, y := random32(r, 50), random32(r, 50)
	packed := Pack(b, nil, n, k)
	all := func() {
		MatMul(out, a, b, m, k, n)
		MatMulTAAdd(out, a, b, m, k, n)
		MatMulTBAdd(out, a, b, m, k, n)
		packed.Rows(out, a, m)
		Exp(x)
		Sigmoids(x)
		GELU(x)
		GELUBackward(x, y, y)
		Softmax(x)
		SoftmaxBackward(x, y, y)
		LayerNorm(x, y, y, y)
		LayerNormBackward(x, x, x, y, y, y)
		Axpy(x, Dot(x, y), y)
		LaplaceScores(x[:1], y, x)
	}
	if n := testing.AllocsPerRun(10, all); n != 0 {
		t.Errorf("%v allocations", n)
	}
	plainly(func() {
		if n := testing.AllocsPerRun(10, all); n != 0 {
			t.Errorf("%v allocations by the plain twins", n)
		}
	})
}

// TestRowOfZeros: a row in which much is 0 has the same bits, the sign of a -0 and a NaN on the way included.
func TestRowOfZeros(t *testing.T) {
	if !vector {
		t.Skip("this CPU has no AVX2 and FMA, or VIGIL_KERNELS is plain: there is nothing to compare")
	}
	r := rand.New(rand.NewPCG(23, 24))
	short := 0
	for round := range 300 {
		k, n := 60+r.IntN(900), 16*(1+r.IntN(12))
		x, w, bias := random32(r, k), random32(r, n*k), random32(r, n)
		for i := range x {
			if r.IntN(10) < 7 {
				x[i] = []float32{0, float32(math.Copysign(0, -1))}[r.IntN(2)]
			}
		}
		switch round % 4 {
		case 1: // sums that are 0, of products that are below all float32
			clear(bias)
			for i := range x {
				x[i] *= 1e-30
			}
			for i := range w {
				w[i] *= 1e-30
			}
		case 2:
			x[r.IntN(k)] = []float32{float32(math.NaN()), float32(math.Inf(1))}[r.IntN(2)]
		case 3:
			w[r.IntN(len(w))] = []float32{float32(math.NaN()), float32(math.Inf(-1))}[r.IntN(2)]
		}
		p := Pack(w, bias, n, k)
		fast, plain := make([]float32, n), make([]float32, n)
		if p.rowOfZeros(fast, x) {
			short++
		}
		p.Rows(fast, x, 1)
		plainly(func() { p.Rows(plain, x, 1) })
		for i := range fast {
			if !sameBits(fast[i], plain[i]) {
				t.Fatalf("round %d, %d to %d: [%d] is %v (%08x) by what is not 0, %v (%08x) in full", round, k, n, i, fast[i], math.Float32bits(fast[i]), plain[i], math.Float32bits(plain[i]))
			}
		}
	}
	if short < 50 {
		t.Errorf("%d of 300 rows went the short way, want 50 or more", short)
	}
}
