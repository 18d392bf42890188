package window

import (
	"github.com/vigil-icu/vigil/schemas"
)

// HourBins is the number of hours that Bins fills for each channel.
const HourBins = 48

// Bins are hour bins of channels; all slices have the shape [channels][HourBins]. They sum
// up the observations in force that models read, as f(x), where f is the channel's
// transform (Models and Transform in schemas.ChannelInfo). A bin without observations is 0
// in all of them.
type Bins struct {
	Count    []float32 // the number of observations
	Mean     []float32
	Var      []float32 // the variance about the mean, divided by Count and not by one less
	Min, Max []float32
	// First and Last go by event time. Of several within 1/16 s they are the lowest and
	// the highest, so that the order of arrival leaves no trace.
	First, Last []float32
}

// NewBins returns room for a number of channels, in one piece of memory.
func NewBins(channels int) *Bins {
	n := channels * HourBins
	memory := make([]float32, 7*n)
	part := func(i int) []float32 { return memory[i*n : (i+1)*n : (i+1)*n] }
	return &Bins{Count: part(0), Mean: part(1), Var: part(2), Min: part(3), Max: part(4), First: part(5), Last: part(6)}
}

// set fills the bin at i with what a cell says.
func (b *Bins) set(i int, c *cell) {
	c.settle()
	b.Count[i], b.Mean[i], b.Var[i] = float32(c.read), c.mean, c.variance
	b.Min[i], b.Max[i], b.First[i], b.Last[i] = c.min, c.max, c.first, c.last
}

// Bins fills out with the hour bins of the observations in force with event time in
// [from, asOf]. The bins are of one hour each, from floor_hour(asOf - 1 ms) - 47 h on; bin
// 47 is the current hour and includes asOf itself. It allocates nothing and sees all that
// was added, whatever its log_n. out must have room for the channels.
//
// The bins are exact up to the rounding at the end, whatever the order of arrival, because
// they come from int64 sums of f(x), rounded to 2^-24, and from 128-bit sums of its squares.
// A single |f(x)| saturates at 2^30, and the sum of a bin wraps at 2^39.
func (w *Window) Bins(asOf, from schemas.Time, channels []schemas.Channel, out *Bins) {
	n := len(channels) * HourBins
	for _, part := range [...][]float32{out.Count, out.Mean, out.Var, out.Min, out.Max, out.First, out.Last} {
		clear(part[:n])
	}
	w.eachBin(asOf, from, channels, out.set)
}

// eachBin calls f with the cell of each bin that is not empty and its place in
// [channels][HourBins]. Where asOf is a full hour at which something was measured, it calls f
// for the last bin once more, with a cell that includes that.
func (w *Window) eachBin(asOf, from schemas.Time, channels []schemas.Channel, f func(i int, c *cell)) {
	lo, hi := momentOf(from), momentOf(asOf)
	last := HourOf(asOf - 1)
	first := last - (HourBins - 1)
	for i := w.search(max(first, lo.hour)); i < len(w.hours) && w.hours[i].n <= last; i++ {
		h := w.hours[i]
		begin, end := h.bounds(lo, hi)
		whole := h.first >= begin && h.last <= end
		if h.state == unread || !whole && h.state != held {
			w.lost = true
			continue
		}
		for k, ch := range channels {
			slot := w.slot(ch)
			if slot < 0 || slot >= len(h.cells) {
				continue
			}
			c := &h.cells[slot]
			if !whole {
				w.part = h.within(slot, begin, end)
				c = &w.part
			}
			if c.read > 0 {
				f(k*HourBins+int(h.n-first), c)
			}
		}
	}
	if hi.hour == last || hi.before(lo) {
		return
	}
	// asOf is a full hour: what was measured just then belongs to the last bin.
	next, before := w.find(hi.hour), w.find(last)
	if next == nil || next.first > 0 {
		return
	}
	if next.state != held || before != nil && before.state != held {
		w.lost = true
		return
	}
	for k, ch := range channels {
		slot := w.slot(ch)
		if slot < 0 {
			continue
		}
		then := next.within(slot, 0, 0)
		if then.read == 0 {
			continue
		}
		w.part = cell{}
		if before != nil {
			begin, end := before.bounds(lo, hi)
			w.part = before.within(slot, begin, end)
		}
		w.part.follow(&then)
		f(k*HourBins+HourBins-1, &w.part)
	}
}

// bounds returns the part of the hour, in 1/16 s, that lies in [lo, hi], which must reach
// into it.
func (h *hour) bounds(lo, hi moment) (begin, end uint16) {
	end = sixteenths - 1
	if h.n == lo.hour {
		begin = lo.at
	}
	if h.n == hi.hour {
		end = hi.at
	}
	return begin, end
}
