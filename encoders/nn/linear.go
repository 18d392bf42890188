package nn

// Float is what the kernels are generic over.
type Float interface{ ~float32 | ~float64 }

// Linear sets out [N] to W x + b: W is [N][K], x is [K], b is [N].
func Linear[F Float](out, w, x, b []F) {
	if len(b) != len(out) {
		panic("nn: Linear: shapes do not fit")
	}
	LinearRows(out, w, x, b, 1)
}

// LinearRows sets out [R][N] to W x + b for each row of x [R][K]: W is [N][K], b is
// [N], or nil for none. An element's chain starts from b (see [Gemm]): a row's bits
// are the same in any company. Weights that are used again and again are better
// packed once: [Pack].
func LinearRows[F Float](out, w, x, b []F, rows int) {
	if rows < 1 || len(out)%rows != 0 || len(x)%rows != 0 {
		panic("nn: LinearRows: shapes do not fit")
	}
	n, k := len(out)/rows, len(x)/rows
	if len(w) != n*k || b != nil && len(b) != n {
		panic("nn: LinearRows: shapes do not fit")
	}
	for r := range rows {
		if b != nil {
			copy(out[r*n:r*n+n], b)
		}
	}
	Gemm(RowMajor(out, n), RowMajor(x, k), RowMajor(w, k).T(), rows, k, n, b != nil)
}

// Dot is the inner product, in 8 running sums as [Sum], each a chain of fma.
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
