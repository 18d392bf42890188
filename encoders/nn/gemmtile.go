package nn

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
