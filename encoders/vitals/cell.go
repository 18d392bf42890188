package vitals

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Place is the cell of a time on a grid over the moment's window, -1 before it.
func (m Moment) Place(t schemas.Time, cells int) int { return gridOf(m, cells).cell(t) }

// Cell reads one cell of a series again, of cells finer than hours: what Fill makes of
// it. The statistics are then to be made again, see StatisticsOf.
func (r *Reader) Cell(s *encoders.Series, channel, cell int, w *window.Window, m Moment) {
	c, g := &r.channels[channel], gridOf(m, s.Cells)
	from, to := g.begin+schemas.Time(cell)*g.width, m.AsOf
	if cell < g.cells-1 {
		to = min(to, from+g.width-1)
	}
	r.points = w.At(to, math.MaxUint32, max(from, m.From)).Append(r.points[:0], c.ID)
	s.Drop(channel, cell)
	if len(r.points) > 0 {
		at := channel*s.Cells + cell
		c.sum(s, at, r.points)
		standardise(s, at, c.Centre, 1/c.Scale)
	}
}

// Ahead calls visit with the channel and the time of every observation that the window
// holds beyond the moment: they are to come into a cell when time has passed.
func (r *Reader) Ahead(w *window.Window, m Moment, visit func(channel schemas.Channel, at schemas.Time)) {
	now := m.AsOf.Floor16()
	for _, c := range r.ids {
		r.points = w.At(math.MaxInt64, math.MaxUint32, now).Append(r.points[:0], c)
		for i := range r.points {
			if at := r.points[i].EventTime; at > now {
				visit(c, at)
			}
		}
	}
}
