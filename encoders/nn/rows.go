package nn

// LinearRows sets out [R][N] to Linear of each row of x [R][K]: W is [N][K], b is
// [N], or nil for none.
func LinearRows[F Float](out, w, x, b []F, rows int) {
	if rows < 1 || len(out)%rows != 0 || len(x)%rows != 0 {
		panic("nn: LinearRows: shapes do not fit")
	}
	n, k := len(out)/rows, len(x)/rows
	if len(w) != n*k || b != nil && len(b) != n {
		panic("nn: LinearRows: shapes do not fit")
	}
	for r := range rows {
		in, row := x[r*k:r*k+k], out[r*n:r*n+n]
		for i := range row {
			row[i] = Dot(w[i*k:i*k+k], in)
			if b != nil {
				row[i] += b[i]
			}
		}
	}
}

// ReLU replaces negative elements of x by 0.
func ReLU[F Float](x []F) {
	for i, v := range x {
		x[i] = max(v, 0)
	}
}

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
