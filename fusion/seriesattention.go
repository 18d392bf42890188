package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// SeriesAttention is multi-time attention over the channels of series, each of which has
// a mask of its own, in closed form. With e = exp(score), n the weight of a cell (its
// number of observations; 0 is empty) and z its value it is
//
//	N = sum e n f(z), Z = sum e n, out = N/Z, and 0 where nothing was observed
//
// for every head, reference point, channel and function f of the value. That is what
// mTAN's softmax with masked scores comes to; N and Z of all channels come by one product
// over the cells in which anything was observed.
type SeriesAttention[F nn.Float] struct {
	Heads, Points int
	// Hinges takes f(z) = z, relu(z-1) and relu(-z-1); without it f(z) is z alone.
	Hinges bool
	// Intensity gives log(1+Z) too, which needs capped scores to have a scale.
	Intensity bool
	// Seen gives 1 where the channel was observed at all, too.
	Seen bool
	// Capped says that the scores are, so that no sum is too small to trust.
	Capped bool
	// Members are the channels of every series modality.
	Members [][]int
}

// Cells are one stay's channels on the grid: values Z and weights N, both
// [channels][Count]. ZGrad has the same size and takes the gradient of Z, or is nil.
type Cells[F nn.Float] struct {
	// Count is the number of cells of a channel.
	Count       int
	Z, N, ZGrad []F
}

// functions is how many functions of a value there are.
func (l *SeriesAttention[F]) functions() int {
	if l.Hinges {
		return 3
	}
	return 1
}

// SumColumns is the width of the sums of a stay [H*T][SumColumns]: for every modality
// its functions, then Z, each over its channels.
func (l *SeriesAttention[F]) SumColumns() int {
	n := 0
	for _, m := range l.Members {
		n += len(m)
	}
	return n * (l.functions() + 1)
}

// Columns is the width of a modality's output: for every head the ratios, then what
// Intensity and Seen add, each over its channels.
func (l *SeriesAttention[F]) Columns(modality int) int { return l.Heads * l.headColumns(modality) }

// headColumns is the width of a modality's output of one head.
func (l *SeriesAttention[F]) headColumns(modality int) int {
	n := l.functions()
	if l.Intensity {
		n++
	}
	if l.Seen {
		n++
	}
	return n * len(l.Members[modality])
}

// Outputs makes the tensors [stays*T][Columns] that Attend fills stay by stay.
func (l *SeriesAttention[F]) Outputs(t *nn.Tape[F], stays int) []nn.Tensor[F] {
	out := t.Tensors(len(l.Members))
	for m := range out {
		out[m] = t.New(stays*l.Points, l.Columns(m), true)
	}
	return out
}

// Attend fills stay b of the outputs. scores (capped or not) and weights = e^scores are
// [H*T][cells].
func (l *SeriesAttention[F]) Attend(t *nn.Tape[F], out []nn.Tensor[F], b int, scores, weights nn.Tensor[F], c Cells[F]) {
	rows, cols := l.Heads*l.Points, l.SumColumns()
	s := seriesStay[F]{l: l, b: b, scores: scores, weights: weights, out: out}
	s.used = s.usedCells(t, c)
	s.values = t.Floats(len(s.used) * cols)
	s.fill(c)
	s.sums = t.Floats(rows * cols)
	nn.Gemm(nn.RowMajor(s.sums, cols), s.gathered(t), nn.RowMajor(s.values, cols), rows, len(s.used), cols, false)
	s.read()
	if t.Records() && (weights.Grad != nil || c.ZGrad != nil) {
		kept := s
		t.Record(func() { kept.backward(t, c) })
	}
}

// seriesStay is one stay on its way through the attention.
type seriesStay[F nn.Float] struct {
	l               *SeriesAttention[F]
	b               int
	scores, weights nn.Tensor[F]
	out             []nn.Tensor[F]
	used            []int // cells in which anything was observed
	values          []F   // [used][SumColumns]: n f(z), n
	sums            []F   // [H*T][SumColumns]
	odd             []oddSum[F]
}

// usedCells are the cells in which any channel was observed; the product is over these.
func (s *seriesStay[F]) usedCells(t *nn.Tape[F], c Cells[F]) []int {
	used := t.Ints(c.Count)[:0]
	for i := range c.Count {
		for at := i; at < len(c.N); at += c.Count {
			if c.N[at] > 0 {
				used = append(used, i)
				break
			}
		}
	}
	return used
}

// fill sets values from the cells.
func (s *seriesStay[F]) fill(c Cells[F]) {
	cols, functions := s.l.SumColumns(), s.l.functions()
	clear(s.values)
	first := 0
	for _, members := range s.l.Members {
		for i, ch := range members {
			for u, cell := range s.used {
				n := c.N[ch*c.Count+cell]
				if !(n > 0) {
					continue
				}
				z, at := c.Z[ch*c.Count+cell], u*cols+first+i
				s.values[at] = n * z
				if functions == 3 {
					s.values[at+len(members)] = n * max(z-1, 0)
					s.values[at+2*len(members)] = n * max(-z-1, 0)
				}
				s.values[at+functions*len(members)] = n
			}
		}
		first += len(members) * (functions + 1)
	}
}

// gathered is the weights at the used cells, [H*T][used]; a copy unless all are used.
func (s *seriesStay[F]) gathered(t *nn.Tape[F]) nn.View[F] {
	k := len(s.used)
	if k == s.weights.Cols {
		return nn.RowMajor(s.weights.Value, k)
	}
	w := t.Floats(s.weights.Rows * k)
	for r := range s.weights.Rows {
		from, to := s.weights.Row(r), w[r*k:(r+1)*k]
		for i, cell := range s.used {
			to[i] = from[cell]
		}
	}
	return nn.RowMajor(w, k)
}

// read turns the sums into the stay's outputs: ratios, intensity and indicator.
func (s *seriesStay[F]) read() {
	l, cols, functions := s.l, s.l.SumColumns(), s.l.functions()
	if !l.Capped {
		s.mend()
	}
	_, single := any(F(0)).(float32)
	first := 0
	for m, members := range l.Members {
		n, each := len(members), l.headColumns(m)
		for row := range l.Heads * l.Points {
			h, j := row/l.Points, row%l.Points
			out := s.out[m].Row(s.b*l.Points + j)[h*each : (h+1)*each]
			sums := s.sums[row*cols+first : row*cols+first+n*(functions+1)]
			for i, z := range sums[functions*n:] {
				over := F(0)
				if z > 0 {
					over = 1 / z
				}
				for f := range functions {
					out[f*n+i] = sums[f*n+i] * over
				}
				if l.Intensity {
					out[functions*n+i] = 0
					if z > 0 {
						if single {
							out[functions*n+i] = F(log1p(float64(z)))
						} else {
							out[functions*n+i] = F(math.Log1p(float64(z)))
						}
					}
				}
				if l.Seen {
					out[each-n+i] = 0
					if z > 0 {
						out[each-n+i] = 1
					}
				}
			}
		}
		first += n * (functions + 1)
	}
}

// least is the smallest Z that is trusted where scores are not capped. Below it the cells
// of a channel score so far under the row's best that e^(s - top) has lost its digits.
const least = 1e-20

// oddSum is a sum below least: a row of the weights, and the column of Z with the step
// to the columns of the same channel before it. top is the channel's largest score.
type oddSum[F nn.Float] struct {
	row, column, step int
	top               F
}

// mend takes sums below least by themselves, from exponentials under the channel's own
// largest score. It is rare, and costs a pass over the used cells for each such sum.
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

// weightOf is e^(s - top) of a used cell, with the largest score of the odd sum's
// channel.
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

// intoCells adds to the gradient of the cells' values what comes by n f(z).
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
