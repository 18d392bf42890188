package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random32(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// chain is the definition that every form of the product must meet bit for bit.
func chain[F Float](acc F, a, b View[F], i, j, k int) F {
	for l := range k {
		acc = fma(a.Data[i*a.Row+l*a.Col], b.Data[l*b.Row+j*b.Col], acc)
	}
	return acc
}

func TestGemmIsTheChain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := [][3]int{{1, 1, 1}, {1, 64, 64}, {5, 3, 17}, {7, 300, 33}, {8, 128, 16}, {13, 31, 28}, {48, 16, 48}, {25, 513, 15}, {0, 3, 2}, {3, 0, 2}}
	for range 20 {
		shapes = append(shapes, [3]int{1 + r.IntN(40), r.IntN(90), 1 + r.IntN(70)})
	}
	for _, s := range shapes {
		m, k, n := s[0], s[1], s[2]
		a, b, start := random32(r, m*k), random32(r, k*n), random32(r, m*n)
		for _, f := range []struct {
			name string
			do   func(out, a, b []float32, m, k, n int)
			a, b View[float32]
			add  bool
		}{
			{"MatMul", MatMul[float32], RowMajor(a, k), RowMajor(b, n), false},
			{"MatMulAdd", MatMulAdd[float32], RowMajor(a, k), RowMajor(b, n), true},
			{"MatMulTA", MatMulTA[float32], RowMajor(a, m).T(), RowMajor(b, n), false},
			{"MatMulTAAdd", MatMulTAAdd[float32], RowMajor(a, m).T(), RowMajor(b, n), true},
			{"MatMulTB", MatMulTB[float32], RowMajor(a, k), RowMajor(b, k).T(), false},
			{"MatMulTBAdd", MatMulTBAdd[float32], RowMajor(a, k), RowMajor(b, k).T(), true},
		} {
			out := append([]float32(nil), start...)
			f.do(out, a, b, m, k, n)
			for i := range m {
				for j := range n {
					var from float32
					if f.add {
						from = start[i*n+j]
					}
					if want := chain(from, f.a, f.b, i, j, k); out[i*n+j] != want {
						t.Fatalf("%s %dx%dx%d [%d][%d]: %v, want %v", f.name, m, k, n, i, j, out[i*n+j], want)
					}
				}
			}
		}
	}
}

// The judge in float64 agrees within the error bound of a sum of k products.
func TestGemmAgainstFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const m, k, n = 9, 200, 21
	a, b := random32(r, m*k), random32(r, k*n)
	wide := func(x []float32) (y []float64) {
		for _, v := range x {
			y = append(y, float64(v))
		}
		return y
	}
	out, judge := make([]float32, m*n), make([]float64, m*n)
	MatMul(out, a, b, m, k, n)
	MatMul(judge, wide(a), wide(b), m, k, n)
	for i := range out {
		if math.Abs(float64(out[i])-judge[i]) > k*0x1p-24*k {
			t.Errorf("[%d] %v, in float64 %v", i, out[i], judge[i])
		}
	}
}

// A row of the batch has the same bits alone and in any company.
func TestLinearRowsAreIndependent(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const k, n = 67, 39
	w, b, x := random32(r, n*k), random32(r, n), random32(r, 50*k)
	all := make([]float32, 50*n)
	LinearRows(all, w, x, b, 50)
	for rows := 1; rows < 50; rows++ {
		out := make([]float32, rows*n)
		LinearRows(out, w, x[(50-rows)*k:], b, rows)
		for i, v := range out {
			if v != all[(50-rows)*n+i] {
				t.Fatalf("%d rows: [%d] %v, with all 50 %v", rows, i, v, all[(50-rows)*n+i])
			}
		}
	}
}

func TestNotFiniteIsNotLost(t *testing.T) {
	inf := float32(math.Inf(1))
	out := make([]float32, 2)
	MatMul(out, []float32{0, 1}, []float32{inf, 1, 2, 3}, 1, 2, 2)
	if !math.IsNaN(float64(out[0])) || out[1] != 3 {
		t.Errorf("0 times Inf: %v, want NaN and 3", out)
	}
}
