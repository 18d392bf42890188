package nn

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// Terms that come in any order, some of them taken out again, give the sums of what is
// left, to the last bit, and these are the exact sums within half a unit a term.
func TestFixedExchangeKeepsNoHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n, terms = 24, 200
	e, value := make([][]float32, terms), make([]float64, terms)
	for k := range e {
		e[k] = make([]float32, n)
		for i := range e[k] {
			e[k][i] = r.Float32()
		}
		value[k] = 6 * r.NormFloat64()
	}
	want := make([]int64, n)
	for k := range terms / 2 {
		FixedExchange(want, e[k], value[k], 0)
	}
	for range 20 {
		got := make([]int64, n)
		for _, k := range r.Perm(terms) {
			FixedExchange(got, e[k], value[k], 0)
		}
		for _, k := range r.Perm(terms / 2) {
			FixedExchange(got, e[terms/2+k], 0, value[terms/2+k])
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	for i := range want {
		exact := new(big.Float).SetPrec(200)
		for k := range terms / 2 {
			exact.Add(exact, new(big.Float).SetPrec(200).Mul(big.NewFloat(float64(e[k][i])), big.NewFloat(value[k])))
		}
		exact.Mul(exact, big.NewFloat(FixedScale))
		exact.Sub(exact, new(big.Float).SetInt64(want[i]))
		if off, _ := exact.Float64(); off > terms/4 || off < -terms/4 {
			t.Errorf("[%d] is off by %v units", i, off)
		}
	}
	if n := testing.AllocsPerRun(10, func() { FixedExchange(want, e[0], 1, 2) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkFixedExchange: one term into the sums of 48 reference points and 8 heads.
func BenchmarkFixedExchange(b *testing.B) {
	sums, e := make([]int64, 384), make([]float32, 384)
	for i := range e {
		e[i] = 1 / float32(i+1)
	}
	for b.Loop() {
		FixedExchange(sums, e, 1.25, 0)
	}
}
