package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Sums are N and Z of the time attention of one stay in fixed point, see
// [SeriesAttention] and nn.FixedExchange. A change of a cell costs its row of the score
// table, whatever else was observed. What they hold is a function of the cells alone: the
// same bits in any order of arrival, after any corrections, and made anew. They are
// derived and are never stored. When the window moves on by an hour every score changes,
// and they are made anew by [Sums.Rebuild].
//
// They belong to one goroutine, and to the model that made them.
type Sums struct {
	table *ScoreTable
	// fixed are the sums, [SumColumns][rows] with the rows of the score table.
	fixed []int64
	// stale says, by channel, that its outputs are older than its sums.
	stale []bool
	// out is what the network reads, by modality [T][Columns].
	out []float32
}

// Bin is a cell of a channel: the number of its observations, 0 if it is empty, and the
// mean of their z.
type Bin struct{ Count, Mean float32 }

// BinOf is a cell of a series as a Bin.
func BinOf(s *encoders.Series, channel, cell int) Bin {
	return Bin{s.Count[channel*s.Cells+cell], s.Mean[channel*s.Cells+cell]}
}

// NewSums makes the sums of a stay in which nothing was observed.
func (t *ScoreTable) NewSums() *Sums {
	return &Sums{
		table: t, fixed: make([]int64, t.series.SumColumns()*t.rows),
		stale: make([]bool, len(t.column)), out: make([]float32, t.parts[len(t.parts)-1]),
	}
}

// Bytes is the memory that the sums of one stay take, for whoever keeps many of them.
func (s *Sums) Bytes() int {
	return 8*len(s.fixed) + len(s.stale) + 4*len(s.out)
}

// Clear takes everything out; the stay is as one in which nothing was observed.
func (s *Sums) Clear() {
	clear(s.fixed)
	clear(s.out)
	clear(s.stale)
}

// Change takes what a cell was, from, out of the sums and puts in what it is, to. An
// observation that comes, is corrected or is taken back is such a change of its cell.
// from must be what was put in last, or the sums are wrong until Rebuild.
func (s *Sums) Change(channel, cell int, from, to Bin) {
	t := s.table
	from.Count, to.Count = min(from.Count, t.most()), min(to.Count, t.most())
	if from == to || from.Count == 0 && to.Count == 0 {
		return
	}
	e := t.e[cell*t.rows : (cell+1)*t.rows]
	at := t.column[channel]
	for f := range t.series.functions() {
		s.exchange(at, e, to.term(f), from.term(f))
		at += t.step[channel]
	}
	s.exchange(at, e, float64(to.Count), float64(from.Count))
	s.stale[channel] = true
}

// exchange changes one column of the sums, for all rows of the score table.
func (s *Sums) exchange(column int, e []float32, put, take float64) {
	if put != take {
		nn.FixedExchange(s.fixed[column*len(e):(column+1)*len(e)], e, put, take)
	}
}

// term is n f(z) for value function number f, 0 for an empty cell.
func (b Bin) term(f int) float64 {
	z := b.Mean
	switch {
	case b.Count == 0:
		return 0
	case f == 1:
		z = max(z-1, 0)
	case f == 2:
		z = max(-z-1, 0)
	}
	return float64(b.Count) * float64(z)
}

// Rebuild makes the sums of a series anew, whatever they held.
func (s *Sums) Rebuild(series *encoders.Series) {
	s.Clear()
	for ch := range s.stale {
		for i, n := range series.Count[ch*series.Cells : (ch+1)*series.Cells] {
			if n > 0 {
				s.Change(ch, i, Bin{}, Bin{n, series.Mean[ch*series.Cells+i]})
			}
		}
	}
}

// attended is what the network reads of a modality, [T][Columns]. Channels whose sums
// have changed since are settled first; the others stand as they are.
func (s *Sums) attended(modality int) []float32 {
	for ch, stale := range s.stale {
		if stale {
			s.settle(ch)
			s.stale[ch] = false
		}
	}
	return s.out[s.table.parts[modality]:s.table.parts[modality+1]]
}

// settle turns the sums of a channel into its outputs.
func (s *Sums) settle(ch int) {
	t, m := s.table, s.table.owner[ch]
	l, n, functions := t.series, t.step[ch], t.series.functions()
	columns, each := l.Columns(m), l.headColumns(m)
	ratios := s.fixed[t.column[ch]*t.rows:]
	weight := ratios[functions*n*t.rows:][:t.rows]
	for h := range l.Heads {
		to := t.parts[m] + h*each + t.member[ch]
		for row := h * l.Points; row < (h+1)*l.Points; row++ {
			out, z := s.out[to:], float64(weight[row])
			to += columns
			over := 0.0
			if z > 0 {
				over = 1 / z
			}
			for f := range functions {
				out[f*n] = float32(float64(ratios[f*n*t.rows+row]) * over)
			}
			at := functions * n
			if l.Intensity {
				out[at] = log1p(z / nn.FixedScale * t.scale[row])
				at += n
			}
			if l.Seen {
				out[at] = 0
				if z > 0 {
					out[at] = 1
				}
			}
		}
	}
}

// ScoreTable is e^score of the time attention for every cell, head and reference point. A
// score depends on times alone, so that all stays share the table. It is made when a
// model is read, is immutable, and is part of that model.
//
// Sums in fixed point want numbers up to 1, so that a row (a head and a reference point)
// is divided by its largest, by which a ratio N/Z does not change. Scores are capped at 8
// ([nn.SoftCap]): no number is below e^-16, which is 123,000 units of nn.FixedScale, and
// a channel that was seen once, where its score is lowest, keeps five digits.
type ScoreTable struct {
	series *SeriesAttention[float32]
	cells  int
	// rows is heads * points, head by head.
	rows int
	// e is [cells][rows], so that a change of one cell reads one run of memory.
	e []float32
	// scale [rows] is what each row was divided by.
	scale []float64
	// column is, by channel, the first of its columns of the sums; its others stand step
	// apart, which is the number of channels in its modality.
	column []int
	// step is, by channel, the number of channels in its modality.
	step []int
	// member is, by channel, its place in the modality, and owner the modality.
	member []int
	// parts is where a modality's rows of the outputs begin, with one more for their end.
	parts []int
	// owner is, by channel, its modality.
	owner []int
}

// newScoreTable makes the table from capped scores [rows][cells].
func newScoreTable(l *SeriesAttention[float32], scores nn.Tensor[float32]) *ScoreTable {
	t := &ScoreTable{series: l, cells: scores.Cols, rows: scores.Rows}
	t.e, t.scale = make([]float32, t.cells*t.rows), make([]float64, t.rows)
	row := make([]float32, t.cells)
	for r := range t.rows {
		top := float32(-capBound)
		for _, s := range scores.Row(r) {
			top = max(top, s)
		}
		for i, s := range scores.Row(r) {
			row[i] = s - top
		}
		nn.Exp(row)
		for i, e := range row {
			t.e[i*t.rows+r] = e
		}
		t.scale[r] = math.Exp(float64(top))
	}
	t.layOut()
	return t
}

// layOut says where the channels are in the sums and outputs.
func (t *ScoreTable) layOut() {
	channels := 0
	for _, members := range t.series.Members {
		channels += len(members)
	}
	t.column, t.step, t.member, t.owner = make([]int, channels), make([]int, channels), make([]int, channels), make([]int, channels)
	first, part := 0, 0
	for m, members := range t.series.Members {
		for i, ch := range members {
			t.column[ch], t.step[ch], t.member[ch], t.owner[ch] = first+i, len(members), i, m
		}
		first += len(members) * (t.series.functions() + 1)
		t.parts = append(t.parts, part)
		part += t.series.Points * t.series.Columns(m)
	}
	t.parts = append(t.parts, part)
}

// most is how many observations of a cell count: more weigh as so many. It is four in a
// second, and keeps the sums of a whole window below 2^63 at |z| = 6.
func (t *ScoreTable) most() float32 { return float32((1 << 20) / t.cells) }
