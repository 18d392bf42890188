package nn

// MatMul sets out [m][n] to a [m][k] times b [k][n]: the forward pass of a dense
// layer whose weights are [in][out]. All six forms are [Gemm], chains and bits too.
func MatMul[F Float](out, a, b []F, m, k, n int) {
	whole("MatMul", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, n), m, k, n, false)
}

// MatMulAdd adds a [m][k] times b [k][n] to out [m][n].
func MatMulAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, n), m, k, n, true)
}

// MatMulTA sets out [m][n] to the transpose of a [k][m] times b [k][n]: the gradient
// of weights, dW = X^T dY, with k the rows of the batch.
func MatMulTA[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTA", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, m).T(), RowMajor(b, n), m, k, n, false)
}

// MatMulTAAdd adds the transpose of a [k][m] times b [k][n] to out [m][n].
func MatMulTAAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTAAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, m).T(), RowMajor(b, n), m, k, n, true)
}

// MatMulTB sets out [m][n] to a [m][k] times the transpose of b [n][k]: the gradient
// of inputs, dX = dY W^T, or the forward pass where weights are [out][in].
func MatMulTB[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTB", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, k).T(), m, k, n, false)
}

// MatMulTBAdd adds a [m][k] times the transpose of b [n][k] to out [m][n].
func MatMulTBAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTBAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, k).T(), m, k, n, true)
}

// whole panics unless the slices have just the elements of their matrices.
func whole(name string, out, a, b, m, k, n int) {
	if m < 0 || k < 0 || n < 0 || out != m*n || a != m*k || b != k*n {
		panic("nn: " + name + ": shapes do not fit")
	}
}

// Axpy adds a times x [N] to y [N].
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
