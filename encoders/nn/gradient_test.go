package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// checkGradient compares the gradient with the central difference of a loss, both in
// float64: the worst relative error must stay within 1e-6.
func checkGradient(t *testing.T, name string, x, gradient []float64, loss func() float64) {
	t.Helper()
	const h = 1e-5
	for i := range x {
		keep := x[i]
		x[i] = keep + h
		up := loss()
		x[i] = keep - h
		down := loss()
		x[i] = keep
		want := (up - down) / (2 * h)
		if math.Abs(gradient[i]-want) > 1e-6*max(1, math.Abs(want)) {
			t.Errorf("%s: gradient %d is %v, the difference gives %v", name, i, gradient[i], want)
		}
	}
}

// weighted is a loss whose gradient by y is w.
func weighted(y, w []float64) (sum float64) {
	for i, v := range y {
		sum += v * w[i]
	}
	return sum
}

func random64(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const n = 13
	x, dy, y := random64(r, n), random64(r, n), make([]float64, n)
	inPlace := func(f func([]float64)) func() float64 {
		return func() float64 {
			copy(y, x)
			f(y)
			return weighted(y, dy)
		}
	}
	for _, c := range []struct {
		name     string
		forward  func([]float64)
		backward func(dx []float64)
	}{
		{"Softmax", Softmax[float64], func(dx []float64) { SoftmaxBackward(dx, y, dy) }},
		{"GELU", GELU[float64], func(dx []float64) { GELUBackward(dx, x, dy) }},
		{"ReLU", ReLU[float64], func(dx []float64) { ReLUBackward(dx, x, dy) }},
		{"Sigmoids", Sigmoids[float64], func(dx []float64) { SigmoidBackward(dx, y, dy) }},
	} {
		loss := inPlace(c.forward)
		loss()
		dx := make([]float64, n)
		c.backward(dx)
		checkGradient(t, c.name, x, dx, loss)
	}

	gain, bias := random64(r, n), random64(r, n)
	loss := func() float64 {
		LayerNorm(y, x, gain, bias)
		return weighted(y, dy)
	}
	dx, dgain, dbias := make([]float64, n), make([]float64, n), make([]float64, n)
	LayerNormBackward(dx, dgain, dbias, x, gain, dy)
	checkGradient(t, "LayerNorm x", x, dx, loss)
	checkGradient(t, "LayerNorm gain", gain, dgain, loss)
	checkGradient(t, "LayerNorm bias", bias, dbias, loss)
}

func TestProductGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	const rows, in, out = 5, 7, 18
	x, w, dy, y := random64(r, rows*in), random64(r, in*out), random64(r, rows*out), make([]float64, rows*out)
	loss := func() float64 {
		MatMul(y, x, w, rows, in, out)
		return weighted(y, dy)
	}
	dx, dw := make([]float64, rows*in), make([]float64, in*out)
	MatMulTB(dx, dy, w, rows, out, in)
	MatMulTAAdd(dw, x, dy, in, rows, out)
	checkGradient(t, "X", x, dx, loss)
	checkGradient(t, "W", w, dw, loss)
}

// The gradients add to what is there already.
func TestGradientsAdd(t *testing.T) {
	x, dy := []float32{-1, 0.5, 2}, []float32{1, 2, 3}
	one, twice := make([]float32, 3), make([]float32, 3)
	GELUBackward(one, x, dy)
	GELUBackward(twice, x, dy)
	GELUBackward(twice, x, dy)
	for i := range one {
		if math.Abs(float64(twice[i]-2*one[i])) > 1e-6 || one[i] == 0 {
			t.Errorf("[%d] once %v, twice %v", i, one[i], twice[i])
		}
	}
}
