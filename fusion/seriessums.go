package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// least is the smallest Z that is trusted where scores are not capped: below it the
// observed cells score so far under the row's best that e^(s - top) loses its digits.
const least = 1e-20

// oddSum is a sum below least: a row of the weights, and the column of Z with the step
// to the columns of the same channel before it. top is the channel's largest score.
type oddSum[F nn.Float] struct {
	row, column, step int
	top               F
}

// mend takes such sums by themselves, with the channel's own largest score.
func (s *seriesStay[F]) mend() {
	cols, functions, first := s.l.SumColumns(), s.l.functions(), 0
	for _, members := range s.l.Members {
		n := len(members)
		for row := range s.l.Heads * s.l.Points {
			for i := range n {
				odd := oddSum[F]{row: row, column: first + functions*n + i, step: n}
				if s.sums[row*cols+odd.column] >= least || !s.observed(&odd) {
					continue
				}
				s.odd = append(s.odd, odd)
				for at := odd.column; at >= first; at -= n {
					var sum F
					for u := range s.used {
						if v := s.values[u*cols+at]; v != 0 {
							sum += F(s.weightOf(&odd, u) * v)
						}
					}
					s.sums[row*cols+at] = sum
				}
			}
		}
		first += n * (functions + 1)
	}
}

// observed finds the largest score of the cells that a channel has, if it has any.
func (s *seriesStay[F]) observed(odd *oddSum[F]) (seen bool) {
	cols := s.l.SumColumns()
	for u, cell := range s.used {
		if score := s.scores.Row(odd.row)[cell]; s.values[u*cols+odd.column] > 0 && (!seen || score > odd.top) {
			odd.top, seen = score, true
		}
	}
	return seen
}

func (s *seriesStay[F]) weightOf(odd *oddSum[F], u int) F {
	return F(math.Exp(float64(s.scores.Row(odd.row)[s.used[u]] - odd.top)))
}

// backward adds the gradients of the scores' exponentials and of the values.
func (s *seriesStay[F]) backward(t *nn.Tape[F], c Cells[F]) {
	rows, cols, k := s.l.Heads*s.l.Points, s.l.SumColumns(), len(s.used)
	d := t.Floats(rows * cols)
	s.gradients(d)
	var dvalues []F
	if c.ZGrad != nil {
		dvalues = t.Floats(k * cols)
		clear(dvalues)
	}
	for i := range s.odd {
		s.oddBackward(&s.odd[i], d, dvalues)
	}
	if s.weights.Grad != nil && k > 0 {
		dw := t.Floats(rows * k)
		nn.Gemm(nn.RowMajor(dw, k), nn.RowMajor(d, cols), nn.RowMajor(s.values, cols).T(), rows, cols, k, false)
		for r := range rows {
			to := s.weights.GradRow(r)
			for u, cell := range s.used {
				to[cell] += dw[r*k+u]
			}
		}
	}
	if c.ZGrad != nil && k > 0 {
		nn.Gemm(nn.RowMajor(dvalues, cols), s.gathered(t).T(), nn.RowMajor(d, cols), k, rows, cols, true)
		s.intoCells(dvalues, c)
	}
}

// gradients sets d [H*T][SumColumns] to the gradient of the sums.
func (s *seriesStay[F]) gradients(d []F) {
	l, cols, functions, first := s.l, s.l.SumColumns(), s.l.functions(), 0
	for m, members := range l.Members {
		n, each := len(members), l.headColumns(m)
		for row := range l.Heads * l.Points {
			h, j := row/l.Points, row%l.Points
			dout := s.out[m].GradRow(s.b*l.Points + j)[h*each : (h+1)*each]
			at := row*cols + first
			sums, ds := s.sums[at:at+n*(functions+1)], d[at:at+n*(functions+1)]
			for i, z := range sums[functions*n:] {
				over, dz := F(0), F(0)
				if z > 0 {
					over = 1 / z
				}
				if l.Intensity {
					dz = dout[functions*n+i] / (1 + z)
				}
				for f := range functions {
					g := dout[f*n+i] * over
					ds[f*n+i] = g
					dz -= F(g * sums[f*n+i] * over)
				}
				ds[functions*n+i] = dz
			}
		}
		first += n * (functions + 1)
	}
}

// oddBackward gives an odd sum's gradient to the scores and values themselves, and
// takes it out of d.
func (s *seriesStay[F]) oddBackward(odd *oddSum[F], d, dvalues []F) {
	cols := s.l.SumColumns()
	for at := odd.column; at >= odd.column-s.l.functions()*odd.step; at -= odd.step {
		g := d[odd.row*cols+at]
		d[odd.row*cols+at] = 0
		for u, cell := range s.used {
			if s.values[u*cols+odd.column] == 0 {
				continue
			}
			w := s.weightOf(odd, u)
			if s.scores.Grad != nil {
				s.scores.GradRow(odd.row)[cell] += F(g * w * s.values[u*cols+at])
			}
			if dvalues != nil {
				dvalues[u*cols+at] += F(g * w)
			}
		}
	}
}

// intoCells adds to the cells' gradient that of n f(z).
func (s *seriesStay[F]) intoCells(dvalues []F, c Cells[F]) {
	cols, functions, first := s.l.SumColumns(), s.l.functions(), 0
	for _, members := range s.l.Members {
		for i, ch := range members {
			for u, cell := range s.used {
				n, z := c.N[ch*c.Count+cell], c.Z[ch*c.Count+cell]
				if !(n > 0) {
					continue
				}
				at := u*cols + first + i
				g := dvalues[at]
				if functions == 3 && z > 1 {
					g += dvalues[at+len(members)]
				}
				if functions == 3 && z < -1 {
					g -= dvalues[at+2*len(members)]
				}
				c.ZGrad[ch*c.Count+cell] += F(n * g)
			}
		}
		first += len(members) * (functions + 1)
	}
}
