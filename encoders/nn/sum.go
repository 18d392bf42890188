package nn

import "math"

// lanes is the number of running sums of a reduction: one vector of float32.
const lanes = 8

// Sum is the sum of x [N]. Element i goes to running sum i mod 8, as in one vector of
// float32, and the 8 sums are added up as a tree at the end, so that the order, and with
// it the rounding, depends on the length alone.
func Sum[F Float](x []F) F {
	var s [lanes]F
	i := 0
	for ; i+lanes <= len(x); i += lanes {
		for l, v := range x[i : i+lanes] {
			s[l] += v
		}
	}
	for l, v := range x[i:] {
		s[l] += v
	}
	return tree(&s)
}

// tree adds up eight sums: the upper half is added to the lower, three times, which is
// what the shuffles of a vector register do.
func tree[F Float](s *[lanes]F) F {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// Dot is the inner product of a [N] and b [N], in 8 running sums as [Sum] has them, each
// of which is a chain of fused multiply-adds. b may be longer than a.
func Dot[F Float](a, b []F) F {
	b = b[:len(a)]
	if isSingle[F]() {
		if s, ok := dotFast(single(a), single(b)); ok {
			return F(s)
		}
	}
	var s [lanes]F
	i := 0
	for ; i+lanes <= len(a); i += lanes {
		for l := range s {
			s[l] = fma(a[i+l], b[i+l], s[l])
		}
	}
	for l := range len(a) - i {
		s[l] = fma(a[i+l], b[i+l], s[l])
	}
	return tree(&s)
}

// Axpy adds a times x [N] to y [N], each element with one fused multiply-add. The name is
// that of the BLAS routine.
func Axpy[F Float](y []F, a F, x []F) {
	if len(x) != len(y) {
		panic("nn: Axpy: shapes do not fit")
	}
	if isSingle[F]() && axpyFast(single(y), float32(a), single(x)) {
		return
	}
	for i, v := range x {
		y[i] = fma(a, v, y[i])
	}
}

// AddColumns adds every row of x [R][N] to sum [N], in the order of the rows. It is the
// gradient of a bias.
func AddColumns[F Float](sum, x []F) {
	for n := len(sum); len(x) > 0; x = x[n:] {
		Axpy(sum, 1, x[:n])
	}
}

// MaxRows sets out [N] to the largest element of every column of x [R][N]; R is at least
// 1.
func MaxRows[F Float](out, x []F) {
	n := len(out)
	if n == 0 || len(x) < n || len(x)%n != 0 {
		panic("nn: MaxRows: shapes do not fit")
	}
	copy(out, x[:n])
	for i, v := range x[n:] {
		out[i%n] = max(out[i%n], v)
	}
}

// squaredDistance is ||a - b||^2 of a and b [D]. Differences are taken in F, as a vector
// unit has them, and squared and summed in float64, in 8 running sums as [Sum] does it.
func squaredDistance[F Float](a, b []F) float64 {
	if isSingle[F]() {
		if s, ok := distanceFast(single(a), single(b)); ok {
			return s
		}
	}
	var s [lanes]float64
	for i, v := range a {
		d := float64(F(v - b[i]))
		s[i%lanes] += float64(d * d)
	}
	return tree(&s)
}

// FixedScale is the value of one in the fixed-point sums of [FixedExchange], which have
// 40 bits behind the point.
const FixedScale = 1 << 40

// FixedExchange takes a term out of fixed-point sums and puts another in: sums[i] +=
// round(e[i] put 2^40) - round(e[i] take 2^40), with halves rounded to even. sums and e
// are [N].
//
// What is rounded is a function of e and the term alone. Sums of the same terms therefore
// have the same bits in whatever order the terms came, and what was put in is taken out
// to the last bit; floating-point sums have neither property.
//
// |e[i]| must be at most 1, and |put| and |take| below 2^22. The sums are not watched:
// they wrap at 2^63, and the caller bounds how much is put in.
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
