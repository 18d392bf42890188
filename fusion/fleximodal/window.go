package fleximodal

import (
	"sort"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// grid is a window, [end-length, end], in cells of equal length; the last holds its end.
type grid struct {
	end, length float64
	cells       int
}

// within are the rows of the window, rows by time.
func (g grid) within(rows []observed) []observed {
	from := sort.Search(len(rows), func(i int) bool { return rows[i].at >= g.end-g.length })
	to := sort.Search(len(rows), func(i int) bool { return rows[i].at > g.end })
	return rows[from:max(from, to)]
}

// part of the window that lies before a time, 0 to 1.
func (g grid) part(at float64) float64 { return min(max((at-(g.end-g.length))/g.length, 0), 1) }

// channel sums one column of the rows up into the cells of a channel, which are empty.
func (g grid) channel(s *encoders.Series, channel int, rows []observed, column int) {
	base := channel * g.cells
	sums := make([]float64, g.cells)
	place := func(o *observed) int { return min(int(g.part(o.at)*float64(g.cells)), g.cells-1) }
	for i := range rows {
		v := rows[i].values[column]
		if v != v {
			continue
		}
		cell := place(&rows[i])
		at := base + cell
		if s.Count[at] == 0 {
			s.Min[at], s.Max[at], s.First[at] = v, v, v
		}
		s.Count[at]++
		s.Min[at], s.Max[at], s.Last[at] = min(s.Min[at], v), max(s.Max[at], v), v
		sums[cell] += float64(v)
	}
	squares := make([]float64, g.cells)
	for i := range rows {
		if v := rows[i].values[column]; v == v {
			cell := place(&rows[i])
			d := float64(v) - sums[cell]/float64(s.Count[base+cell])
			squares[cell] += d * d
		}
	}
	for cell, sum := range sums {
		switch n := s.Count[base+cell]; {
		case n == 1:
			s.Mean[base+cell] = s.First[base+cell]
		case n > 1:
			s.Mean[base+cell], s.Var[base+cell] = float32(sum/float64(n)), float32(squares[cell]/float64(n))
		}
	}
}

// items are the rows as items: those whose fields are all empty cannot be used.
func (g grid) items(rows []observed, width int) encoders.Items {
	it := encoders.Items{State: schemas.Absent, Width: width}
	for i := range rows {
		if o := &rows[i]; width > 0 && o.values[0] != o.values[0] {
			if it.State == schemas.Absent {
				it.State = schemas.Unusable
			}
		} else {
			it.State = schemas.Present
			it.Tau = append(it.Tau, float32(g.part(o.at)))
			it.Vectors = append(it.Vectors, o.values...)
		}
	}
	return it
}
