package nn

// View is a matrix over a flat slice with any steps between its elements: element (i, j)
// is Data[i*Row+j*Col]. A transposed matrix, a head of an attention or a column range is
// a View of the same memory and costs no copy.
type View[F Float] struct {
	Data     []F
	Row, Col int
}

// RowMajor views data as rows of the given width that lie one behind the other.
func RowMajor[F Float](data []F, width int) View[F] { return View[F]{data, width, 1} }

// T is the transposed view of the same elements.
func (v View[F]) T() View[F] { return View[F]{v.Data, v.Col, v.Row} }

// holds says whether an m by n matrix lies within the view's slice.
func (v View[F]) holds(m, n int) bool {
	return m == 0 || n == 0 || v.Row >= 0 && v.Col >= 0 && (m-1)*v.Row+(n-1)*v.Col < len(v.Data)
}

// Gemm sets out [m][n] to a [m][k] times b [k][n], or adds the product to it. The
// elements of a row of out must lie side by side (Col 1), and out must not overlap a
// or b.
//
// Every element is one chain over k in ascending order, starting from 0 or from what
// out holds: acc = fma(a[i][k], b[k][j], acc). So an element's bits depend on its
// row of a and its column of b alone, not on the other rows, the shapes, or the kind
// of kernel. NaN and Inf go their way: nothing is skipped for being 0.
func Gemm[F Float](out, a, b View[F], m, k, n int, add bool) {
	if m < 0 || k < 0 || n < 0 || out.Col != 1 || !out.holds(m, n) || !a.holds(m, k) || !b.holds(k, n) {
		panic("nn: Gemm: shapes do not fit")
	}
	if m == 0 || n == 0 {
		return
	}
	if !add {
		for i := range m {
			clear(out.Data[i*out.Row : i*out.Row+n])
		}
	}
	whole := 0
	if b.Col == 1 && (m < 24 || k*b.Row <= l1Elements) {
		// b can be read where it lies, but for the columns behind the last whole panel.
		if whole = n - n%panelWidth; whole > 0 {
			tiles(out.Data, out.Row, a.Data, a.Row, a.Col, b.Data, b.Row, panelWidth, m, k, whole)
		}
	}
	switch {
	case whole == n:
	case k <= 32:
		gemmSmall(out, a, b, m, k, n, whole)
	default:
		gemmPacked(out, a, b, m, k, n, whole)
	}
}

const (
	// panelWidth is the columns of b in a panel: two vectors of 8.
	panelWidth = 16
	// panelDepth is the rows of b in a panel, which then has 16 KiB: half of an L1 cache.
	panelDepth = 256
	// l1Elements is how far the rows of a b may reach that is read where it lies: so many
	// elements are in the L1 cache, whatever the step between rows.
	l1Elements = 4096
)

// gemmSmall does the columns of b from `from` on by way of panels, for at most 32 rows of
// b. Its panel is small because Go clears it at every call, which a small product would
// feel.
func gemmSmall[F Float](out, a, b View[F], m, k, n, from int) {
	var panel [32 * panelWidth]F
	packedColumns(panel[:], out, a, b, m, k, n, from)
}

// gemmPacked is gemmSmall for any number of rows of b, with a panel of the full depth. It
// is not inlined, so that [Gemm] does not reserve its 16 KiB of stack where it is not
// called.
//
//go:noinline
func gemmPacked[F Float](out, a, b View[F], m, k, n, from int) {
	var panel [panelDepth * panelWidth]F
	packedColumns(panel[:], out, a, b, m, k, n, from)
}

// packedColumns copies b into the panel, 16 columns and as many rows as it has room for at
// a time, and adds the product of a with what it holds to out.
func packedColumns[F Float](panel []F, out, a, b View[F], m, k, n, from int) {
	depth := len(panel) / panelWidth
	for j := from; j < n; j += panelWidth {
		width := min(panelWidth, n-j)
		for top := 0; top < k; top += depth {
			rows := min(depth, k-top)
			packPanel(panel, b.Data[top*b.Row+j*b.Col:], b.Row, b.Col, rows, width)
			o, in := out.Data[j:], a.Data[top*a.Col:]
			if width == panelWidth {
				tiles(o, out.Row, in, a.Row, a.Col, panel, panelWidth, 0, m, rows, panelWidth)
			} else {
				narrow(o, out.Row, in, a.Row, a.Col, panel, m, rows, width)
			}
		}
	}
}

// packPanel copies rows by width elements of b into a panel [rows][16], the rest of
// whose columns is 0.
func packPanel[F Float](panel, b []F, row, col, rows, width int) {
	switch {
	case col == 1 && width == panelWidth:
		for r := range rows {
			line := *(*[panelWidth]F)(b[r*row:]) // by way of registers: quicker than copy
			*(*[panelWidth]F)(panel[r*panelWidth:]) = line
		}
	case col == 1:
		for r := range rows {
			copy(panel[r*panelWidth:r*panelWidth+width], b[r*row:r*row+width])
		}
	case row == 1:
		c := 0
		for ; c+4 <= width; c += 4 {
			b0, b1, b2, b3 := b[c*col:][:rows], b[(c+1)*col:][:rows], b[(c+2)*col:][:rows], b[(c+3)*col:][:rows]
			for r, v := range b0 {
				to := (*[4]F)(panel[r*panelWidth+c:])
				to[0], to[1], to[2], to[3] = v, b1[r], b2[r], b3[r]
			}
		}
		for ; c < width; c++ {
			for r, v := range b[c*col : c*col+rows] {
				panel[r*panelWidth+c] = v
			}
		}
	default:
		for r := range rows {
			for c := range width {
				panel[r*panelWidth+c] = b[r*row+c*col]
			}
		}
	}
	if width < panelWidth {
		for r := range rows {
			clear(panel[r*panelWidth+width : (r+1)*panelWidth])
		}
	}
}

// narrow does a panel of fewer than 16 columns by way of a tile at the side.
func narrow[F Float](out []F, outRow int, a []F, aRow, aCol int, panel []F, m, k, width int) {
	var tile [tileRows * panelWidth]F
	for i := 0; i < m; i += tileRows {
		rows := min(tileRows, m-i)
		for r := range rows {
			copy(tile[r*panelWidth:r*panelWidth+width], out[(i+r)*outRow:])
		}
		tiles(tile[:], panelWidth, a[i*aRow:], aRow, aCol, panel, panelWidth, 0, rows, k, panelWidth)
		for r := range rows {
			copy(out[(i+r)*outRow:(i+r)*outRow+width], tile[r*panelWidth:])
		}
	}
}

// tileRows is the most rows of a tile: 6 by 16 float32 are 12 vector registers, and
// leave room for a row of b and a broadcast element of a.
const tileRows = 6

// tiles adds a [m][k] times b [k][n] to out, tile by tile; n is a multiple of 16.
// The rows of b are bRow apart, its groups of 16 columns bPanel.
func tiles[F Float](out []F, outRow int, a []F, aRow, aCol int, b []F, bRow, bPanel, m, k, n int) {
	if k == 0 || isSingle[F]() && tilesFast(single(out), outRow, single(a), aRow, aCol, single(b), bRow, bPanel, m, k, n) {
		return
	}
	for j := 0; j < n; j += panelWidth {
		for i := 0; i < m; {
			rows := nextRows(m - i)
			tile(rows, out[i*outRow+j:], outRow, a[i*aRow:], aRow, aCol, b[j/panelWidth*bPanel:], bRow, k)
			i += rows
		}
	}
}

// nextRows splits m rows into as few tiles as there can be, of about equal height.
func nextRows(m int) int {
	parts := (m + tileRows - 1) / tileRows
	return (m + parts - 1) / parts
}

// tile is the plain twin of the kernels: rows by 16 elements.
func tile[F Float](rows int, out []F, outRow int, a []F, aRow, aCol int, b []F, bRow, k int) {
	for i := range rows {
		o := (*[panelWidth]F)(out[i*outRow:])
		acc := *o
		for l := range k {
			v, line := a[i*aRow+l*aCol], (*[panelWidth]F)(b[l*bRow:])
			for j := range acc {
				acc[j] = fma(v, line[j], acc[j])
			}
		}
		*o = acc
	}
}

// MatMul sets out [m][n] to a [m][k] times b [k][n]: the forward pass of a dense layer
// whose weights are [in][out]. All six forms are [Gemm], and have its chains and bits.
func MatMul[F Float](out, a, b []F, m, k, n int) {
	whole("MatMul", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, n), m, k, n, false)
}

// MatMulAdd adds a [m][k] times b [k][n] to out [m][n].
func MatMulAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, n), m, k, n, true)
}

// MatMulTA sets out [m][n] to the transpose of a [k][m] times b [k][n]: the gradient of
// the weights of a dense layer, dW = X^T dY, where k counts the rows of the batch.
func MatMulTA[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTA", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, m).T(), RowMajor(b, n), m, k, n, false)
}

// MatMulTAAdd adds the transpose of a [k][m] times b [k][n] to out [m][n].
func MatMulTAAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTAAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, m).T(), RowMajor(b, n), m, k, n, true)
}

// MatMulTB sets out [m][n] to a [m][k] times the transpose of b [n][k]: the gradient of
// the inputs of a dense layer, dX = dY W^T, or its forward pass where weights are
// [out][in].
func MatMulTB[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTB", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, k).T(), m, k, n, false)
}

// MatMulTBAdd adds a [m][k] times the transpose of b [n][k] to out [m][n].
func MatMulTBAdd[F Float](out, a, b []F, m, k, n int) {
	whole("MatMulTBAdd", len(out), len(a), len(b), m, k, n)
	Gemm(RowMajor(out, n), RowMajor(a, k), RowMajor(b, k).T(), m, k, n, true)
}

// whole panics unless the three slices have exactly the elements of their matrices.
func whole(name string, out, a, b, m, k, n int) {
	if m < 0 || k < 0 || n < 0 || out != m*n || a != m*k || b != k*n {
		panic("nn: " + name + ": shapes do not fit")
	}
}
