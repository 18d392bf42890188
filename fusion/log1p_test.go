package fusion

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The short logarithm has the bits of package math, wherever it is asked.
func TestLog1pHasTheBitsOfMath(t *testing.T) {
	check := func(z float64) {
		if got, want := log1p(z), float32(math.Log1p(z)); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("log1p(%v): %v, want %v", z, got, want)
		}
	}
	for _, z := range []float64{0, 0x1p-20, 0x1p-19, 1, 127, 255, 1 << 24, 0x1p40, 0x1p41, math.MaxFloat64, math.Inf(1), math.SmallestNonzeroFloat64} {
		check(z)
		check(math.Nextafter(z, 0))
		check(math.Nextafter(z, math.Inf(1)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000_000 {
		z := math.Exp2(r.Float64()*66 - 24)
		check(z)
		check(float64(float32(z)))
	}
	// What rounds to a float32 only just: the middles between two of them.
	for range 200_000 {
		v := float32(r.Float64() * 8)
		z := math.Expm1((float64(v) + float64(math.Nextafter32(v, 9))) / 2)
		check(z)
		check(math.Nextafter(z, 0))
		check(math.Nextafter(z, 9e9))
	}
}

func BenchmarkLog1p(b *testing.B) {
	for _, one := range []struct {
		name string
		of   func(float64) float32
	}{{"short", log1p}, {"math", func(z float64) float32 { return float32(math.Log1p(z)) }}} {
		b.Run(one.name, func(b *testing.B) {
			r, sum := rand.New(rand.NewPCG(1, 2)), float32(0)
			list := make([]float64, 4096)
			for i := range list {
				list[i] = math.Exp2(r.Float64()*16 - 10)
			}
			for i := range b.N {
				sum += one.of(list[i%len(list)])
			}
			if sum == 0 {
				b.Fatal("nothing was summed")
			}
		})
	}
}
