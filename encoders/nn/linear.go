package nn

import (
	"math"
	"slices"
)

// Linear sets out [N] to W x + b: w is [N][K], x is [K], b is [N]. It is [LinearRows] of
// one row.
func Linear[F Float](out, w, x, b []F) {
	if len(b) != len(out) {
		panic("nn: Linear: shapes do not fit")
	}
	LinearRows(out, w, x, b, 1)
}

// LinearRows sets out [R][N] to W x + b for each row of x [R][K]: w is [N][K], and b is
// [N], or nil for no bias. An element's chain starts from its bias (see [Gemm]), so that
// a row's bits are the same in any batch. Weights that many batches use are better packed
// once, by [Pack].
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

// LinearBackward adds to dx [R][K] and to dw [N][K] the gradients of [LinearRows] with
// weights w [N][K] at x [R][K], given that of its output dy [R][N]: dx += dy W and dw +=
// dy^T x. dx may be nil, where the input wants no gradient. The gradient of the bias is
// [AddColumns] of dy.
func LinearBackward[F Float](dx, dw, x, w, dy []F, rows int) {
	if rows == 0 {
		return
	}
	k := len(x) / rows
	n := len(dy) / rows
	MatMulTAAdd(dw, dy, x, n, rows, k)
	if dx != nil {
		MatMulAdd(dx, dy, w, rows, n, k)
	}
}

// linearInputBackward is [LinearBackward] for dx alone.
func linearInputBackward[F Float](dx, w, dy []F, rows int) {
	if rows == 0 {
		return
	}
	MatMulAdd(dx, dy, w, rows, len(dy)/rows, len(dx)/rows)
}

// PackedLinear holds the weights [N][K] and the bias [N] of a dense layer in the order in
// which the kernels read them: panels of 16 outputs, [K][16] each, the last one filled up
// with zeros. It is immutable, so that all goroutines may share one.
type PackedLinear struct {
	panels, bias []float32
	n, k         int
	finite       bool // all weights
}

// Pack packs w [N][K] and b [N]; b may be nil for no bias. Both are copied, and later
// changes of them do not reach the result.
func Pack(w, b []float32, n, k int) *PackedLinear {
	if n < 1 || k < 1 || len(w) != n*k || b != nil && len(b) != n {
		panic("nn: Pack: shapes do not fit")
	}
	finite := func(v float32) bool { return v-v == 0 }
	count := (n + panelWidth - 1) / panelWidth
	p := &PackedLinear{panels: make([]float32, count*k*panelWidth), bias: make([]float32, n), n: n, k: k}
	copy(p.bias, b)
	p.finite = !slices.ContainsFunc(w, func(v float32) bool { return !finite(v) })
	for i := range count {
		packPanel(p.panel(i), w[i*panelWidth*k:], 1, k, k, min(panelWidth, n-i*panelWidth))
	}
	return p
}

// panel is the panel of outputs 16i to 16i+15, [K][16].
func (p *PackedLinear) panel(i int) []float32 {
	return p.panels[i*p.k*panelWidth : (i+1)*p.k*panelWidth]
}

// Rows sets out [R][N] to W x + b for each row of x [R][K]. The bits are those of
// [LinearRows] with the same weights, whatever the number of rows; rows may be 0.
func (p *PackedLinear) Rows(out, x []float32, rows int) {
	if rows < 0 || len(out) != rows*p.n || len(x) != rows*p.k {
		panic("nn: PackedLinear.Rows: shapes do not fit")
	}
	if rows == 1 && p.rowOfZeros(out, x) {
		return
	}
	for r := range rows {
		copy(out[r*p.n:(r+1)*p.n], p.bias)
	}
	whole := p.n - p.n%panelWidth
	if whole > 0 {
		tiles(out, p.n, x, p.k, 1, p.panels, panelWidth, p.k*panelWidth, rows, p.k, whole)
	}
	if whole < p.n && rows > 0 {
		narrow(out[whole:], p.n, x, p.k, 1, p.panel(whole/panelWidth), rows, p.k, p.n-whole)
	}
}

// rowOfZeros is Rows of one row in which much is 0, as an encoding of what was never measured is, and says whether it did it.
// The time of one row is that of reading the weights, and those that meet a 0 need not be read: times a finite weight
// it adds 0, which changes no bit but the sign of -0. So a -0 is not taken, and the row is then done in full.
func (p *PackedLinear) rowOfZeros(out, x []float32) bool {
	if !p.finite || p.n%panelWidth > 0 {
		return false
	}
	copy(out, p.bias)
	return sparseFast(out, x, p.panels, p.k, p.n) && !slices.ContainsFunc(out, func(v float32) bool { return math.Float32bits(v) == 1<<31 })
}
