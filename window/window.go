package window

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Window is one patient's observations. The zero value is not usable: New or
// Load makes one. It belongs to one goroutine.
type Window struct {
	hours   []*hour  // ascending
	slots   []uint16 // by channel: its slot + 1, or 0; hours keep their cells by slot
	used    int      // slots given out
	logN    uint32   // of the last record
	open    int64    // first hour that is not closed
	unread  int      // hours that are in the store only
	loose   bool     // Release has something to look at
	lost    bool     // see Lost
	deletes []int64  // hours that the store still holds, ascending
	part    cell     // of eachBin: an hour of which only a part counts
}

// New returns an empty window.
func New() *Window { return &Window{open: math.MinInt64} }

// Add takes an observation that log record logN of the patient brought, and
// says whether the window changed.
//
//   - A repeat (same channel, same 1/16 s, same value bits, same flags other
//     than Corrected and Retracted) of an observation in force adds nothing.
//   - Unlike values of one channel at one time both stay.
//   - Corrected replaces all observations of its channel and time that arrived
//     before; Retracted takes them back, its value is ignored. Either adds
//     nothing where it would change nothing.
//   - A value that is not finite, or a channel beyond schemas.MaxChannels, adds
//     nothing: intake refuses both.
//
// logN never falls: where it does, the count has begun again with a new stay,
// and Add does as Restart first.
func (w *Window) Add(o schemas.Observation, logN uint32) (added bool) {
	m := momentOf(o.EventTime)
	r := record{channel: o.Channel, flags: o.Flags & knownFlags, at: m.at, value: o.Value, logN: logN}
	if r.flags&schemas.Retracted != 0 {
		r.value = 0
	}
	if o.Channel >= schemas.MaxChannels || !finite(r.value) {
		return false
	}
	if logN < w.logN {
		w.Restart()
	}
	h := w.find(m.hour)
	if h == nil {
		if r.flags&schemas.Retracted != 0 {
			return false
		}
		h = w.insert(m.hour)
	}
	if h.state != held {
		w.lost = true
		return false
	}
	w.loose = w.loose || m.hour < w.open
	if !h.apply(r, w.slotOf(r.channel)) {
		return false
	}
	h.raw, h.used = r.append(h.raw), true
	w.logN = logN
	return true
}

// Advance tells the window the patient's clock. An hour is closed when the
// clock has moved past its end by an hour: the next TakeWrites writes it whole,
// which lets the store keep it without slack.
func (w *Window) Advance(clock schemas.Time) {
	open := HourOf(clock) - 1
	if open <= w.open {
		return
	}
	for _, h := range w.hours {
		if h.n >= w.open && h.n < open && h.state == held {
			h.full = true
		}
	}
	w.open, w.loose = open, true
}

// Restart says that log_n begins again: a stay opens. What the window holds
// was known before it, and counts as log_n 0 from now on.
func (w *Window) Restart() {
	if w.logN == 0 {
		return
	}
	for _, h := range w.hours {
		if h.state != held {
			w.lost = true
			continue
		}
		raw := slices.Clone(h.raw) // writes that were taken alias the old bytes
		for i := RecordSize - 4; i < len(raw); i += RecordSize {
			clear(raw[i : i+4])
		}
		h.raw, h.full = raw, true
		for i := range h.cells {
			h.cells[i].logN = 0
		}
	}
	w.logN = 0
}

// Trim drops the hours that end at or before the given time.
func (w *Window) Trim(before schemas.Time) {
	edge, n := HourOf(before), 0
	for n < len(w.hours) && w.hours[n].n < edge {
		if h := w.hours[n]; h.stored {
			at, _ := slices.BinarySearch(w.deletes, h.n)
			w.deletes = slices.Insert(w.deletes, at, h.n)
		}
		if w.hours[n].state == unread {
			w.unread--
		}
		n++
	}
	w.hours = slices.Delete(w.hours, 0, n)
}

// Len returns the number of records, those of history included.
func (w *Window) Len() int {
	n := 0
	for _, h := range w.hours {
		n += h.size() / RecordSize
	}
	return n
}

// search returns where hour n is or would be.
func (w *Window) search(n int64) int {
	i := len(w.hours)
	if i == 0 || w.hours[i-1].n < n { // the usual case: the newest hour, or after it
		return i
	}
	if w.hours[i-1].n == n {
		return i - 1
	}
	lo, hi := 0, i-1
	for lo < hi {
		if mid := (lo + hi) / 2; w.hours[mid].n < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (w *Window) find(n int64) *hour {
	if i := w.search(n); i < len(w.hours) && w.hours[i].n == n {
		return w.hours[i]
	}
	return nil
}

func (w *Window) insert(n int64) *hour {
	h := &hour{n: n, first: sixteenths}
	if i, ok := slices.BinarySearch(w.deletes, n); ok {
		// It was dropped and comes again before the store heard of it.
		w.deletes = slices.Delete(w.deletes, i, i+1)
		h.full, h.stored = true, true
	}
	at := w.search(n)
	if at > 0 { // as long as the hour before it, likely
		size := w.hours[at-1].size()
		h.raw = make([]byte, 0, size)
		h.links = make([]uint32, 0, size/RecordSize)
		h.cells = make([]cell, 0, w.used)
	}
	w.hours = slices.Insert(w.hours, at, h)
	return h
}

// slotOf returns the channel's place in every hour's cells, giving it one if
// it has none: a window has few of the 4096 channels.
func (w *Window) slotOf(ch schemas.Channel) int {
	if int(ch) >= len(w.slots) {
		w.slots = append(w.slots, make([]uint16, int(ch)+1-len(w.slots))...)
	}
	if w.slots[ch] == 0 {
		w.used++
		w.slots[ch] = uint16(w.used)
	}
	return int(w.slots[ch]) - 1
}

// slot is the channel's, or -1 where the window never had one of it.
func (w *Window) slot(ch schemas.Channel) int {
	if int(ch) >= len(w.slots) {
		return -1
	}
	return int(w.slots[ch]) - 1
}
