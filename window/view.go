package window

import (
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Point is one observation of a view.
type Point struct {
	EventTime schemas.Time // floored to 1/16 s
	Value     float32      // in the channel's canonical unit
	LogN      uint32       // of the log record that brought it
	Flags     schemas.Flag
}

// View is a window as of a moment, see [Window.At]. It holds no copy: what is added to the
// window later, under a log_n that the view includes, is in it too.
type View struct {
	w        *Window
	from, to moment
	logN     uint32
}

// At returns the view as of a moment and a place in the patient's log: the observations with
// event time in [from, asOf] that log records up to logN brought, as corrected and taken
// back up to there. The view reads the raw records when it is asked, not the sums.
func (w *Window) At(asOf schemas.Time, logN uint32, from schemas.Time) View {
	return View{w: w, from: momentOf(from), to: momentOf(asOf), logN: logN}
}

// Append appends the channel's observations to dst, in the order of event time, then log_n,
// then arrival.
func (v View) Append(dst []Point, ch schemas.Channel) []Point {
	slot := v.w.slot(ch)
	if slot < 0 {
		return dst
	}
	for i := v.w.search(v.from.hour); i < len(v.w.hours) && v.w.hours[i].n <= v.to.hour; i++ {
		dst = v.appendHour(dst, v.w.hours[i], slot)
	}
	return dst
}

func (v View) appendHour(dst []Point, h *hour, slot int) []Point {
	if h.state != held {
		v.w.lost = true
		return dst
	}
	if slot >= len(h.cells) {
		return dst
	}
	begin, sorted := len(dst), true
	for i := h.cells[slot].tail; i != 0; i = h.links[i-1] &^ dead {
		r := unpack(h.raw[(i-1)*RecordSize:])
		m := moment{h.n, r.at}
		if r.logN > v.logN || m.before(v.from) || v.to.before(m) {
			continue
		}
		p := Point{EventTime: m.time(), Value: r.value, LogN: r.logN, Flags: r.flags}
		sorted = sorted && (len(dst) == begin || p.EventTime <= dst[len(dst)-1].EventTime)
		dst = append(dst, p)
	}
	got := dst[begin:]
	slices.Reverse(got) // the links lead from the last arrival to the first
	if !sorted {
		slices.SortStableFunc(got, func(a, b Point) int { return int(a.EventTime - b.EventTime) })
	}
	return dst[:begin+inForce(got)]
}

// inForce moves to the front what corrections and retractions leave of points
// that are ordered by time and arrival, and returns how many that are.
func inForce(points []Point) int {
	n, group := 0, 0 // group is where the points kept at the present time begin
	for i, p := range points {
		if i == 0 || p.EventTime != points[i-1].EventTime {
			group = n
		}
		if p.Flags&history != 0 {
			n = group
		}
		if p.Flags&schemas.Retracted == 0 {
			points[n] = p
			n++
		}
	}
	return n
}

// Channels appends to dst, ascending, the channels of which the window has ever held a
// record, trimmed ones included.
func (v View) Channels(dst []schemas.Channel) []schemas.Channel {
	for ch, slot := range v.w.slots {
		if slot != 0 {
			dst = append(dst, schemas.Channel(ch))
		}
	}
	return dst
}

// Latest returns the observation in force with the latest event time in [from, asOf], and of
// several at one time the one that arrived last. It answers false where there is none. A
// closed hour answers from its cells.
func (w *Window) Latest(ch schemas.Channel, asOf, from schemas.Time) (p Point, ok bool) {
	slot, lo, hi := w.slot(ch), momentOf(from), momentOf(asOf)
	if slot < 0 {
		return Point{}, false
	}
	i := w.search(hi.hour)
	if i == len(w.hours) || w.hours[i].n > hi.hour {
		i--
	}
	for ; i >= 0 && w.hours[i].n >= lo.hour; i-- {
		h := w.hours[i]
		w.lost = w.lost || h.state == unread
		if slot >= len(h.cells) || h.cells[slot].count == 0 {
			continue
		}
		begin, end := h.bounds(lo, hi)
		if h.state != held && h.cells[slot].end > end {
			w.lost = true
			continue
		}
		if r, ok := h.latest(&h.cells[slot], begin, end); ok {
			return Point{moment{h.n, r.at}.time(), r.value, r.logN, r.flags}, true
		}
	}
	return Point{}, false
}

// latest returns the channel's latest record in force with time in [from, to].
func (h *hour) latest(c *cell, from, to uint16) (r record, ok bool) {
	if c.end <= to {
		return record{at: c.end, flags: c.flags, value: c.value, logN: c.logN}, c.end >= from
	}
	for i := c.tail; i != 0; i = h.links[i-1] &^ dead {
		if h.links[i-1]&dead != 0 {
			continue
		}
		if o := unpack(h.raw[(i-1)*RecordSize:]); o.at >= from && o.at <= to && (!ok || o.at > r.at) {
			r, ok = o, true
		}
	}
	return r, ok
}
