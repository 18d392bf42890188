package vitals

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Moment says what of a window is read.
type Moment struct {
	AsOf      schemas.Time // now
	From      schemas.Time // where the stay's view begins: nothing before it is read
	Admission schemas.Time
}

// Hours is how many hours of the stay the window holds, the begun ones counted
// whole: 1 in the first hour, at most 48.
func (m Moment) Hours() int {
	return int(min(max(window.HourOf(m.AsOf-1)-window.HourOf(m.Admission)+1, 1), encoders.Bins))
}

// Reader reads windows for one model. It belongs to one goroutine.
type Reader struct {
	channels []Channel
	statics  []Static
	points   []window.Point
}

// NewReader returns a reader of the channels and statics of a model.
func NewReader(channels []Channel, statics []Static) *Reader {
	return &Reader{channels: channels, statics: statics}
}

// Fill fills Series, Stats, Statics and Hours of an input that has the reader's
// channels and statics.
func (r *Reader) Fill(in *encoders.Input, w *window.Window, m Moment, s *schemas.Statics) {
	r.Read(&in.Series, w, m)
	in.Hours = float32(m.Hours())
	Standardise(&in.Series, r.channels)
	Statistics(in)
	Statics(in.Statics, in.StaticsKnown, r.statics, s)
}

// Read fills cells [channels][48, or a multiple of it] with the observations in
// force as of the moment, after the transform and before the scale.
func (r *Reader) Read(dst *encoders.Series, w *window.Window, m Moment) {
	dst.Clear()
	view := w.At(m.AsOf, math.MaxUint32, m.From)
	g := gridOf(m.AsOf, dst.Cells)
	for i := range r.channels {
		c := &r.channels[i]
		r.points = view.Append(r.points[:0], c.ID)
		for points := r.points; len(points) > 0; {
			cell, n := g.cell(points[0].EventTime), 1
			for n < len(points) && g.cell(points[n].EventTime) == cell {
				n++
			}
			if cell >= 0 {
				c.sum(dst, i*dst.Cells+cell, points[:n])
			}
			points = points[n:]
		}
	}
}

// grid places times: cells of equal width from begin on, the last one includes its
// end.
type grid struct {
	begin, width schemas.Time
	cells        int
}

func gridOf(asOf schemas.Time, cells int) grid {
	begin := (asOf - 1).FloorHour() - (encoders.Bins-1)*schemas.Hour
	return grid{begin, encoders.Bins * schemas.Hour / schemas.Time(cells), cells}
}

// cell is -1 before the grid.
func (g grid) cell(t schemas.Time) int {
	if t < g.begin {
		return -1
	}
	return min(int((t-g.begin)/g.width), g.cells-1)
}

// sum fills cell at of s with points in the order of their times.
func (c *Channel) sum(s *encoders.Series, at int, points []window.Point) {
	n, sum := 0, 0.0
	for _, p := range points {
		if !c.reads(p.Value) {
			continue
		}
		f := c.Transform.Of(float64(p.Value))
		if n == 0 {
			s.First[at], s.Min[at], s.Max[at] = float32(f), float32(f), float32(f)
		}
		s.Last[at] = float32(f)
		s.Min[at], s.Max[at] = min(s.Min[at], float32(f)), max(s.Max[at], float32(f))
		n++
		sum += f
	}
	if n == 0 {
		return
	}
	mean, squares := sum/float64(n), 0.0
	for _, p := range points {
		if c.reads(p.Value) {
			d := c.Transform.Of(float64(p.Value)) - mean
			squares += d * d
		}
	}
	s.Count[at], s.Mean[at], s.Var[at] = float32(n), float32(mean), float32(squares/float64(n))
}
