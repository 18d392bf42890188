package nn

// MaxRows sets out [N] to the largest element of each column of x [R][N], R >= 1.
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
