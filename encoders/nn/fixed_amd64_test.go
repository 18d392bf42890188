package nn

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// exchanged compares the two ways of FixedExchange.
func exchanged(t *testing.T, sums []int64, e []float32, put, take float64) {
	t.Helper()
	fast, plain := slices.Clone(sums), slices.Clone(sums)
	FixedExchange(fast, e, put, take)
	plainly(func() { FixedExchange(plain, e, put, take) })
	if !slices.Equal(fast, plain) {
		t.Fatalf("put %v, take %v: %v in assembly, %v plain", put, take, fast, plain)
	}
}

func TestFixedExchangeTwin(t *testing.T) {
	if !vector {
		t.Skip("this CPU has no AVX2 and FMA, or VIGIL_KERNELS is plain: there is nothing to compare")
	}
	r := rand.New(rand.NewPCG(41, 42))
	for n := range 70 {
		sums, e := make([]int64, n), make([]float32, n)
		for range 50 {
			for i := range e {
				sums[i], e[i] = r.Int64()-r.Int64(), float32(math.Exp(-16*r.Float64()))
			}
			exchanged(t, sums, e, r.NormFloat64()*math.Exp(10*r.Float64()-5), float64(r.IntN(3000)))
		}
		for _, v := range []float64{2047.999999, 2048, 2048.000001, 1 << 21, 0.5 / FixedScale, 1.5 / FixedScale} { // 2^51 and about it, ties
			for i := range e {
				e[i] = 1
			}
			exchanged(t, sums, e, v, -v)
			exchanged(t, sums, e, 0, v)
		}
	}
}

func FuzzFixedExchange(f *testing.F) {
	f.Add([]byte("a few bytes that make some odd float32 numbers, and a tail"), 1.0, 0.0)
	f.Add([]byte{0, 0, 0x80, 0x3f, 1, 0, 0, 0, 0, 0, 0, 0x80}, 2048.0, -2047.9)
	f.Fuzz(func(t *testing.T, b []byte, put, take float64) {
		const limit = 1 << 22
		if !(math.Abs(put) < limit && math.Abs(take) < limit) {
			return
		}
		e := make([]float32, len(b)/4)
		for i := range e {
			if e[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])); !(e[i] >= 0 && e[i] <= 1) {
				e[i] = float32(b[4*i]) / 255
			}
		}
		exchanged(t, make([]int64, len(e)), e, put, take)
	})
}
