package vitals

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Moment says what of a window is read.
type Moment struct {
	AsOf      schemas.Time // now: nothing measured after it is read
	From      schemas.Time // where the stay's view begins: nothing measured before it is read
	Admission schemas.Time
}

// Hours is how many hours of the stay the window holds. Hours that have begun count as
// whole, so it is 1 in the first hour, and at most 48.
func (m Moment) Hours() int {
	return int(min(max(window.HourOf(m.AsOf-1)-window.HourOf(m.Admission)+1, 1), encoders.Bins))
}

// Begin is where the window begins, 47 full hours before the hour that holds now. At a full
// hour that is the one which has just ended.
func (m Moment) Begin() schemas.Time {
	return (m.AsOf - 1).FloorHour() - (encoders.Bins-1)*schemas.Hour
}

// Reader reads windows for one model. It belongs to one goroutine.
type Reader struct {
	channels []Channel
	ids      []schemas.Channel // the numbers of channels
	least    []float32         // f(Low) of each channel
	most     []float32         // f(High) of each channel
	statics  []Static
	points   []window.Point // memory for a view
}

// NewReader returns a reader of the channels and statics of a model.
func NewReader(channels []Channel, statics []Static) *Reader {
	r := &Reader{channels: channels, statics: statics}
	for _, c := range channels {
		f := c.ID.Info().Transform
		r.ids = append(r.ids, c.ID)
		r.least, r.most = append(r.least, float32(f.Of(c.Low))), append(r.most, float32(f.Of(c.High)))
	}
	return r
}

// Fill fills Series, Stats, Statics and Hours of an input, which must have the shape of the
// reader's channels and statics. Its items are the caller's.
func (r *Reader) Fill(in *encoders.Input, w *window.Window, m Moment, s *schemas.Statics) {
	r.Read(&in.Series, w, m)
	in.Hours = float32(m.Hours())
	Standardise(&in.Series, r.channels)
	Statistics(in)
	Statics(in.Statics, in.StaticsKnown, r.statics, s)
}

// Read fills cells, [channels][48 or a multiple of it], with the observations in force as of
// the moment, after the transform and before the scale. Hours come from the sums that the
// window keeps, which is fast and needs no records in memory. Only an hour that holds a value
// outside the model's range, where that is narrower than the table's (Channel.Narrow), and
// cells finer than hours come from the observations.
func (r *Reader) Read(dst *encoders.Series, w *window.Window, m Moment) {
	if dst.Cells != encoders.Bins {
		dst.Clear()
		for i := range r.channels {
			r.observations(dst, i, w, m, m.From, m.AsOf)
		}
		return
	}
	bins := window.Bins{Count: dst.Count, Mean: dst.Mean, Var: dst.Var, Min: dst.Min, Max: dst.Max, First: dst.First, Last: dst.Last}
	w.Bins(m.AsOf, m.From, r.ids, &bins)
	for i := range r.channels {
		bounded := r.channels[i].bounded()
		for hour := range encoders.Bins {
			at := i*encoders.Bins + hour
			switch {
			case dst.Count[at] == 0:
			case bounded && (dst.Min[at] < r.least[i] || dst.Max[at] > r.most[i]):
				dst.Drop(i, hour)
				begin := m.Begin() + schemas.Time(hour)*schemas.Hour
				end := m.AsOf
				if hour < encoders.Bins-1 {
					end = begin + schemas.Hour - 1
				}
				r.observations(dst, i, w, m, max(m.From, begin), end)
			case dst.Count[at] == 1:
				dst.Mean[at] = dst.First[at] // the mean was made of a rounded sum; of one value it is that value
			}
		}
	}
}

// observations fills cells of a channel, which must be empty, with what was observed in
// [from, to].
func (r *Reader) observations(dst *encoders.Series, channel int, w *window.Window, m Moment, from, to schemas.Time) {
	c, g := &r.channels[channel], gridOf(m, dst.Cells)
	r.points = w.At(to, math.MaxUint32, from).Append(r.points[:0], c.ID)
	for points := r.points; len(points) > 0; {
		cell, n := g.cell(points[0].EventTime), 1
		for n < len(points) && g.cell(points[n].EventTime) == cell {
			n++
		}
		if cell >= 0 {
			c.sum(dst, channel*dst.Cells+cell, points[:n])
		}
		points = points[n:]
	}
}

// Place is the cell of a time on a grid of so many cells over the moment's window, or -1 if the
// time is before the window.
func (m Moment) Place(t schemas.Time, cells int) int { return gridOf(m, cells).cell(t) }

// Cell reads one cell of a series again, where cells are finer than hours, and makes of it
// what Fill would. So a prediction after one observation need not read the whole window. The
// statistics of the channel are then to be made again, see StatisticsOf.
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

// Ahead calls visit with the channel and the time of every observation that the window holds
// beyond the moment. Devices may be some minutes ahead of the clock; such observations come
// into a cell when time has passed, and no record will say so.
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

// grid places times in cells of equal width from begin on. The last cell includes its end, as
// the last hour of window.Bins does.
type grid struct {
	begin, width schemas.Time
	cells        int
}

func gridOf(m Moment, cells int) grid {
	return grid{m.Begin(), encoders.Bins * schemas.Hour / schemas.Time(cells), cells}
}

// cell is the cell of a time, or -1 before the grid.
func (g grid) cell(t schemas.Time) int {
	if t < g.begin {
		return -1
	}
	return min(int((t-g.begin)/g.width), g.cells-1)
}

// sum fills the cell at of s with points, which must be in the order of their times. Of
// several at the first or the last time it takes the lowest and the highest, as the window
// does. It sums up whole numbers of 2^-24 each, so that the order of arrival leaves no trace.
func (c *Channel) sum(s *encoders.Series, at int, points []window.Point) {
	const unit = 1 << 24
	transform := c.ID.Info().Transform
	n, sum := 0, int64(0)
	var begin, end schemas.Time
	for _, p := range points {
		if !c.reads(p.Value) {
			continue
		}
		f := transform.Of(p.Value)
		v := float32(f)
		if n == 0 {
			begin, s.First[at], s.Min[at], s.Max[at] = p.EventTime, v, v, v
		}
		if p.EventTime == begin {
			s.First[at] = min(s.First[at], v)
		}
		if p.EventTime != end || v > s.Last[at] || n == 0 {
			s.Last[at] = v
		}
		end = p.EventTime
		s.Min[at], s.Max[at] = min(s.Min[at], v), max(s.Max[at], v)
		n++
		sum += int64(math.RoundToEven(f * unit))
	}
	s.Count[at] = float32(n)
	if n < 2 {
		s.Mean[at] = s.First[at]
		return
	}
	mean, squares := float64(float64(sum)/float64(n)/unit), int64(0)
	for _, p := range points {
		if c.reads(p.Value) {
			d := transform.Of(p.Value) - mean
			squares += int64(math.RoundToEven(min(d*d, 1<<30) * unit))
		}
	}
	s.Mean[at], s.Var[at] = float32(mean), float32(float64(squares)/float64(n)/unit)
}
