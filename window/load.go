package window

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// Load makes a window of its chunks, as a store gives them back: ascending
// hours, whole records, no record that Add would not have taken. It keeps the
// bytes and never writes to them. An error says which chunk, which record and
// what is wrong with it; the mend is to rebuild the partition from the log.
func Load(chunks []Chunk) (*Window, error) {
	w := New()
	w.hours = make([]*hour, 0, len(chunks)+1)
	for i, c := range chunks {
		if i > 0 && c.Hour <= chunks[i-1].Hour {
			return nil, fmt.Errorf("window: chunk of hour %d comes after hour %d, want ascending hours: rebuild the partition from the log", c.Hour, chunks[i-1].Hour)
		}
		if err := w.load(c); err != nil {
			return nil, fmt.Errorf("window: chunk of hour %d: %w: rebuild the partition from the log", c.Hour, err)
		}
		w.open = c.Hour - 1 // where the clock stood at least, to within a few minutes
	}
	return w, nil
}

// hourLimit bounds hours to what a Time can say, far beyond the years 1800 to
// 2400 that intake lets through.
const hourLimit = math.MaxInt64 / int64(schemas.Hour) / 2

func (w *Window) load(c Chunk) error {
	n := len(c.Bytes) / RecordSize
	switch {
	case c.Hour > hourLimit || c.Hour < -hourLimit:
		return fmt.Errorf("no such hour")
	case len(c.Bytes) == 0:
		return fmt.Errorf("it is empty")
	case len(c.Bytes)%RecordSize != 0:
		return fmt.Errorf("%d bytes, want a multiple of %d", len(c.Bytes), RecordSize)
	}
	h := &hour{n: c.Hour, first: sixteenths, links: make([]uint32, 0, n), taken: len(c.Bytes), stored: true}
	w.hours = append(w.hours, h)
	h.raw = c.Bytes[:len(c.Bytes):len(c.Bytes)] // an append moves it
	logN := uint32(0)
	for i := range n {
		r := unpack(h.raw[i*RecordSize:])
		switch {
		case r.flags&^knownFlags != 0:
			return fmt.Errorf("record %d has flags %#x, known are %#x", i, uint8(r.flags), uint8(knownFlags))
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
