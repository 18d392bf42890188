package nn

import "math"

// FixedScale is the fixed point of the sums of [FixedExchange]: 40 bits behind it.
const FixedScale = 1 << 40

// FixedExchange takes a term out of fixed-point sums and puts another in: sums[i] +=
// round(e[i] put 2^40) - round(e[i] take 2^40), rounded to even. What is rounded is a
// function of e and the term alone, so that sums of the same terms have the same bits
// in whatever order they came, and what was put in is taken out to the last bit.
// |e[i]| is at most 1; |put| and |take| are below 2^22, and the sums are not watched:
// they wrap at 2^63.
func FixedExchange(sums []int64, e []float32, put, take float64) {
	if len(e) != len(sums) {
		panic("nn: FixedExchange: shapes do not fit")
	}
	put, take = put*FixedScale, take*FixedScale
	n := fixedExchangeFast(sums, e, put, take)
	e = e[n:]
	for i := range sums[n:] {
		w := float64(e[i])
		sums[n+i] += int64(math.RoundToEven(w*put)) - int64(math.RoundToEven(w*take))
	}
}
