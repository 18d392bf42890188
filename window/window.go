package window

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Window is one patient's observations. The zero value is not usable; New, Load or Open makes
// one. It belongs to one goroutine.
type Window struct {
	hours   []*hour  // ascending
	slots   []uint16 // for each channel its slot plus 1, or 0; hours keep their cells by slot
	used    int      // how many slots are given out
	logN    uint32   // the log_n of the last record
	open    int64    // the first hour that is not closed
	unread  int      // how many hours are in the store alone
	loose   bool     // Release has something to look at
	lost    bool     // see Lost
	deletes []int64  // trimmed hours that the store still holds, ascending
	part    cell     // room for eachBin, of an hour of which only a part counts
}

// New returns an empty window.
func New() *Window { return &Window{open: math.MinInt64} }

// Add takes an observation that log record logN of the patient brought, and says whether the
// window changed.
//
//   - A repeat (same channel, same 1/16 s, same value bits, same flags other than Corrected
//     and Retracted) of an observation in force adds nothing.
//   - Two unlike values of one channel at one time both stay.
//   - An observation that is Corrected replaces all of its channel and time that arrived
//     before. One that is Retracted takes them back, and its value is ignored. Either adds
//     nothing where it would change nothing.
//   - An hour that has schemas.MaxHourValues records of the channel takes no more of it.
//   - A value that is not finite, or a channel beyond schemas.MaxChannels, adds nothing;
//     intake refuses both.
//
// logN must not fall within a numbering. Where it does, a new numbering has begun, and Add
// does as Restart does first.
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
	if h.has(w.slot(r.channel), schemas.MaxHourValues) || !h.apply(r, w.slotOf(r.channel)) {
		return false
	}
	h.raw, h.used = r.append(h.raw), true
	w.logN = logN
	return true
}

// Full says whether the hour of a time has a number of records of a channel, in force or not, at
// most schemas.MaxHourValues: what a channel costs goes by their square where they come in no order.
func (w *Window) Full(ch schemas.Channel, at schemas.Time, records int) bool {
	h := w.find(HourOf(at))
	return h != nil && h.has(w.slot(ch), records)
}

// Advance tells the window the patient's clock. An hour is closed when the clock has moved
// past its end by an hour. The next TakeWrites then writes it whole, and so does each that
// has more of it, so that a store may keep closed hours by columns.
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

// Restart says that a new numbering begins. What the window holds was known before it, and
// counts as log_n 0 from now on.
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

// Trim drops the hours that end at or before the given time. The next TakeWrites tells the
// store to drop them too.
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

// Len returns the number of records, including those that are no longer in force.
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

// find returns hour n, or nil.
func (w *Window) find(n int64) *hour {
	if i := w.search(n); i < len(w.hours) && w.hours[i].n == n {
		return w.hours[i]
	}
	return nil
}

// insert makes hour n, which must not be there.
func (w *Window) insert(n int64) *hour {
	h := &hour{n: n, first: sixteenths}
	if i, ok := slices.BinarySearch(w.deletes, n); ok {
		// The hour was trimmed and comes again before the store has heard of it: the
		// next write must replace what the store still holds.
		w.deletes = slices.Delete(w.deletes, i, i+1)
		h.full, h.stored = true, true
	}
	at := w.search(n)
	if at > 0 { // it will likely be as long as the hour before it
		size := w.hours[at-1].size()
		h.raw = make([]byte, 0, size)
		h.links = make([]uint32, 0, size/RecordSize)
		h.cells = make([]cell, 0, w.used)
	}
	w.hours = slices.Insert(w.hours, at, h)
	return h
}

// slotOf returns the channel's place in every hour's cells, and gives it one if it has none.
// A window has few of the 1024 channels, and an hour need only keep cells for those.
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

// slot returns the channel's place in every hour's cells, or -1 if the window never had a
// record of it.
func (w *Window) slot(ch schemas.Channel) int {
	if int(ch) >= len(w.slots) {
		return -1
	}
	return int(w.slots[ch]) - 1
}
