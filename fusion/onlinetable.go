package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// ScoreTable is e^score of the time attention for every cell, head and reference point:
// a score depends on times alone, so all stays share it. It is made when a model is
// read, immutable, and part of that model.
//
// Sums in fixed point want numbers up to 1, so a row (a head and a reference point) is
// divided by its largest, in which a ratio N/Z does not change. Scores are capped at 8
// (SoftCap): no number is below e^-16, which is 123,000 units of nn.FixedScale, and a
// channel that was seen once, where its score is lowest, keeps five digits.
type ScoreTable struct {
	series *SeriesAttention[float32]
	cells  int
	rows   int       // heads * points, head by head
	e      []float32 // [cells][rows]
	scale  []float64 // [rows]: what they were divided by
	column []int     // by channel: its first column of the sums, the others stand `step` apart
	step   []int     // by channel: the channels of its modality
	member []int     // by channel: its place in the modality
	parts  []int     // by modality and one more: where its rows of the outputs begin
	owner  []int     // by channel: its modality
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
