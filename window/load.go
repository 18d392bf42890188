package window

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// Load makes a window of its chunks, as a store gives them back. They must come by ascending
// hours, with whole records and none that Add would not have taken. Load keeps the bytes
// and never writes to them. An error says which chunk, which record and what is wrong with
// it; the mend is to rebuild the partition from the log.
func Load(chunks []Chunk) (*Window, error) {
	lens := make([]ChunkLen, len(chunks))
	for i, c := range chunks {
		lens[i] = ChunkLen{c.Hour, len(c.Bytes)}
	}
	w, err := Open(lens)
	for i := 0; i < len(chunks) && err == nil; i++ {
		err = w.Fill(chunks[i])
	}
	if err != nil {
		return nil, err
	}
	if n := len(lens); n > 0 {
		w.open = lens[n-1].Hour - 1 // where the clock stood at least, to within a few minutes
	}
	return w, nil
}

// Open makes a window of which nothing is in memory yet but the lengths of its chunks, so
// that a new owner need not wait for all windows of a partition. Advance tells it the
// clock; before it is asked or added to, Fill must give it what WantUnread names.
func Open(lens []ChunkLen) (*Window, error) {
	w := New()
	w.hours = make([]*hour, 0, len(lens)+1)
	for i, l := range lens {
		if i > 0 && l.Hour <= lens[i-1].Hour {
			return nil, fmt.Errorf("window: chunk of hour %d comes after hour %d, want ascending hours: rebuild the partition from the log", l.Hour, lens[i-1].Hour)
		}
		if err := l.check(); err != nil {
			return nil, damaged(l.Hour, err)
		}
		w.hours = append(w.hours, &hour{n: l.Hour, state: unread, taken: l.Len, stored: true})
	}
	w.unread = len(w.hours)
	return w, nil
}

// Fill gives an hour its records, as the store has them, if they are not in memory. It keeps
// the bytes and never writes to them. An error says that they are not what the window gave
// out.
func (w *Window) Fill(c Chunk) error {
	h := w.find(c.Hour)
	if h == nil || h.state == held {
		return nil
	}
	if len(c.Bytes) != h.taken {
		return damaged(c.Hour, fmt.Errorf("%d bytes, want %d", len(c.Bytes), h.taken))
	}
	if h.state == unread {
		w.unread--
		h.read = true
	}
	w.loose = true
	h.state, h.asked = held, false
	if err := w.fill(h, c.Bytes); err != nil {
		return damaged(c.Hour, err)
	}
	return nil
}

// damaged is the error of a chunk that cannot be what a window wrote, with the mend.
func damaged(hour int64, err error) error {
	return fmt.Errorf("window: chunk of hour %d: %w: rebuild the partition from the log", hour, err)
}

// hourLimit bounds hours to what a Time can say, far beyond the years 1800 to
// 2400 that intake lets through.
const hourLimit = math.MaxInt64 / int64(schemas.Hour) / 2

// check says what is wrong with a length that came from a store.
func (l ChunkLen) check() error {
	switch {
	case l.Hour > hourLimit || l.Hour < -hourLimit:
		return fmt.Errorf("no such hour")
	case l.Len == 0:
		return fmt.Errorf("it is empty")
	case l.Len%RecordSize != 0:
		return fmt.Errorf("%d bytes, want a multiple of %d", l.Len, RecordSize)
	}
	return nil
}

// fill makes links and cells of an hour's records, with the checks of each record that Add
// would have made.
func (w *Window) fill(h *hour, raw []byte) error {
	n := len(raw) / RecordSize
	h.raw = raw[:len(raw):len(raw)] // an append moves it
	h.first, h.last = sixteenths, 0
	h.links = make([]uint32, 0, n)
	clear(h.cells)
	logN := uint32(0)
	for i := range n {
		r := unpack(h.raw[i*RecordSize:])
		switch {
		case r.at >= sixteenths:
			return fmt.Errorf("record %d is at %d/16 s of its hour, want below %d", i, r.at, sixteenths)
		case !finite(r.value):
			return fmt.Errorf("record %d has the value %v, want a finite one", i, r.value)
		case r.flags&schemas.Retracted != 0 && math.Float32bits(r.value) != 0:
			return fmt.Errorf("record %d is a retraction with the value %v, want 0", i, r.value)
		case r.logN < logN:
			return fmt.Errorf("record %d has log_n %d after %d, want it never to fall", i, r.logN, logN)
		case !h.apply(r, w.slotOf(r.channel)):
			return fmt.Errorf("record %d (channel %d at %d/16 s) changes nothing", i, r.channel, r.at)
		}
		logN = r.logN
	}
	w.logN = max(w.logN, logN)
	return nil
}
