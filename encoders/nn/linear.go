package nn

// Float is what the kernels are generic over.
type Float interface{ ~float32 | ~float64 }

// Linear sets out [N] to W x + b: W is [N][K], x is [K], b is [N].
func Linear[F Float](out, w, x, b []F) {
	k := len(x)
	if len(w) != len(out)*k || len(b) != len(out) {
		panic("nn: Linear: shapes do not fit")
	}
	for n := range out {
		out[n] = b[n] + Dot(w[n*k:n*k+k], x)
	}
}

// Dot is the inner product, in four sums whose order does not depend on the
// length: the same bits on every call.
func Dot[F Float](a, b []F) F {
	b = b[:len(a)]
	var s0, s1, s2, s3 F
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}
