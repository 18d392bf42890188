package nn

// Packed holds the weights [N][K] and the bias of a dense layer in the order in which
// the kernels read them: panels of 16 outputs, [K][16] each, the last one filled up
// with zeros. It is immutable: all goroutines may share one.
type Packed struct {
	panels, bias []float32
	n, k         int
}

// Pack packs w [N][K] and b [N], or no bias if b is nil. It copies both.
func Pack(w, b []float32, n, k int) *Packed {
	if n < 1 || k < 1 || len(w) != n*k || b != nil && len(b) != n {
		panic("nn: Pack: shapes do not fit")
	}
	count := (n + panelWidth - 1) / panelWidth
	p := &Packed{panels: make([]float32, count*k*panelWidth), bias: make([]float32, n), n: n, k: k}
	copy(p.bias, b)
	for i := range count {
		packPanel(p.panel(i), w[i*panelWidth*k:], 1, k, k, min(panelWidth, n-i*panelWidth))
	}
	return p
}

func (p *Packed) panel(i int) []float32 {
	return p.panels[i*p.k*panelWidth : (i+1)*p.k*panelWidth]
}

// Rows sets out [R][N] to W x + b for each row of x [R][K]: the bits are those of
// [LinearRows], whatever the number of rows.
func (p *Packed) Rows(out, x []float32, rows int) {
	if rows < 0 || len(out) != rows*p.n || len(x) != rows*p.k {
		panic("nn: Packed.Rows: shapes do not fit")
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
