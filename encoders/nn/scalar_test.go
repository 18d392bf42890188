package nn

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// ulps is the distance of got from want in units of want's last place as a float32.
func ulps(got float32, want float64) float64 {
	exponent := math.Ilogb(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(exponent, -126)-23)
}

// Exp within 1 ulp and erf within 2, over all magnitudes; GELU within 2^-23 of the
// larger of 1 and |x|.
func TestExpAndErf(t *testing.T) {
	worstExp, worstErf, worstGELU := 0.0, 0.0, 0.0
	for i := range 200_000 {
		x := float32(i)/200_000*192 - 104
		if want := math.Exp(float64(x)); want < math.MaxFloat32 {
			worstExp = max(worstExp, ulps(exp32(x), want))
		}
		x /= 20
		if x != 0 {
			worstErf = max(worstErf, ulps(erf32(x), math.Erf(float64(x))))
		}
		g := []float32{x}
		GELU(g)
		want := 0.5 * float64(x) * (1 + math.Erf(float64(x)/math.Sqrt2))
		worstGELU = max(worstGELU, math.Abs(float64(g[0])-want)/max(1, math.Abs(float64(x))))
	}
	t.Logf("exp %.3f ulp, erf %.3f ulp, GELU %.3g of max(1, |x|)", worstExp, worstErf, worstGELU)
	if worstExp > 1 || worstErf > 2 || worstGELU > 0x1p-23 {
		t.Errorf("exp %v ulp, erf %v ulp, GELU %v", worstExp, worstErf, worstGELU)
	}
}

func TestExpAtTheEnds(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct{ x, want float32 }{
		{0, 1}, {inf, inf}, {-inf, 0}, {88.8, inf}, {-104, 0}, {-1e30, 0}, {math.MaxFloat32, inf}, {-103, float32(math.Exp(-103))},
	} {
		if got := exp32(c.x); got != c.want {
			t.Errorf("exp(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	nan := float32(math.NaN())
	if exp32(nan) == exp32(nan) || erf32(nan) == erf32(nan) {
		t.Error("NaN is lost")
	}
}

// fma32 rounds once: against exact arithmetic, on random bits and on operands made
// to fall half way.
func TestFMAIsRoundedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	check := func(a, b, c float32) {
		if sum := float64(a)*float64(b) + float64(c); math.IsNaN(sum) || math.IsInf(sum, 0) || sum == 0 {
			return
		}
		exact := new(big.Float).SetPrec(700).Mul(big.NewFloat(float64(a)), big.NewFloat(float64(b)))
		exact.Add(exact, big.NewFloat(float64(c)))
		if want, _ := exact.Float32(); fma32(a, b, c) != want {
			t.Fatalf("fma(%v, %v, %v) = %v, want %v", a, b, c, fma32(a, b, c), want)
		}
	}
	for range 100_000 {
		a, b := math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32())
		check(a, b, math.Float32frombits(r.Uint32()))
		// 1 + 2^-24 and a little: half way but for the last bits of the product.
		tiny := math.Ldexp(1+r.Float64(), -30-r.IntN(40))
		check(float32(math.Sqrt(tiny)), float32(math.Sqrt(tiny)), float32(1+0x1p-23*float64(r.IntN(8))))
		check(0x1p-12*(1+float32(r.IntN(3))), 0x1p-12, 1+0x1p-23*float32(r.IntN(8)))
		check(1+0x1p-12, 0x1p-24*(1+0x1p-12)*(1-2*float32(r.IntN(2))), float32(r.IntN(5)))
		check(0x1p-80*a, 0x1p-60*b, 0x1p-140*float32(r.IntN(9)))
	}
}
