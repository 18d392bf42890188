package window

import (
	"github.com/vigil-icu/vigil/schemas"
)

// HourBins is the number of hours that Hours fills per channel.
const HourBins = 48

// Hours fills mean and count, both [len(channels)][HourBins], with the hour
// bins of the observations in force with event time in [from, asOf]. Bin 47
// is the current hour: bins of one hour from floor_hour(asOf - 1 ms) - 47 h,
// the last includes asOf itself. An empty bin has mean 0 and count 0. It
// allocates nothing and sees all that was added, whatever its log_n. mean and
// count must have at least len(channels)*HourBins elements.
//
// A mean is float32(sum / (count * 2^24)), computed in float64 from an int64
// sum of values scaled by 2^24 and rounded to even: exact for |value| >= 0.5,
// to 6e-8 below, as long as the sum of a bin's values stays below 2^39 (beyond
// it the sum wraps; a single value saturates at 2^38).
func (w *Window) Hours(asOf, from schemas.Time, channels []schemas.Channel, mean, count []float32) {
	mean, count = mean[:len(channels)*HourBins], count[:len(channels)*HourBins]
	clear(mean)
	clear(count)
	lo, hi := momentOf(from), momentOf(asOf)
	last := HourOf(asOf - 1)
	first := last - (HourBins - 1)
	edge := hi.hour > last // asOf is a full hour: the last bin reaches into the hour that begins there
	for i := w.search(max(first, lo.hour)); i < len(w.hours) && w.hours[i].n <= last; i++ {
		h := w.hours[i]
		bin := int(h.n - first)
		begin, end := uint16(0), uint16(sixteenths-1)
		if h.n == lo.hour {
			begin = lo.at
		}
		if h.n == hi.hour {
			end = hi.at
		}
		if h.first >= begin && h.last <= end && !(edge && h.n == last) {
			w.fill(h, channels, bin, mean, count)
			continue
		}
		clear(w.scratch)
		h.part(begin, end, w.scratch)
		if edge && h.n == last {
			w.instant(hi, lo)
			edge = false
		}
		w.fillScratch(channels, bin, mean, count)
	}
	if edge { // nothing in the hour before it
		clear(w.scratch)
		w.instant(hi, lo)
		w.fillScratch(channels, HourBins-1, mean, count)
	}
}

// instant adds what was measured at the full hour to scratch.
func (w *Window) instant(at, from moment) {
	if h := w.find(at.hour); h != nil && h.first <= at.at && !at.before(from) {
		h.part(at.at, at.at, w.scratch)
	}
}

func (w *Window) fill(h *hour, channels []schemas.Channel, bin int, mean, count []float32) {
	for i, ch := range channels {
		if int(ch) >= len(w.slots) {
			continue
		}
		if slot := int(w.slots[ch]) - 1; slot >= 0 && slot < len(h.cells) {
			c := &h.cells[slot]
			mean[i*HourBins+bin] = c.mean
			count[i*HourBins+bin] = float32(c.count)
		}
	}
}

func (w *Window) fillScratch(channels []schemas.Channel, bin int, mean, count []float32) {
	for i, ch := range channels {
		if int(ch) >= len(w.slots) {
			continue
		}
		if slot := int(w.slots[ch]) - 1; slot >= 0 {
			s := w.scratch[slot]
			mean[i*HourBins+bin] = meanOf(s.sum, s.count)
			count[i*HourBins+bin] = float32(s.count)
		}
	}
}
