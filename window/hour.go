package window

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// hour is one chunk with what is kept beside it to answer quickly. All but raw
// can be made again from raw.
type hour struct {
	n     int64
	raw   []byte   // packed records in order of arrival; only ever appended to
	links []uint32 // per record: the channel's record before it + 1, and the dead bit
	cells []cell   // by slot

	first, last uint16 // earliest and latest 1/16 s of any record

	taken  int  // bytes that TakeWrites has given out
	full   bool // the next TakeWrites gives the whole
	stored bool // the store holds something of it
}

// dead marks a record that is not in force: replaced, taken back, or itself a
// retraction.
const dead = 1 << 31

// cell is one channel in one hour.
type cell struct {
	sum         int64 // of the observations in force, fixed point
	mean        float32
	count       uint32
	tail        uint32 // the channel's last record + 1; 0: none
	first, last uint16 // earliest and latest 1/16 s of the channel's records
}

// binSum is the sum of a part of an hour.
type binSum struct {
	sum   int64
	count uint32
}

// fixedScale is the fixed point of the sums: 24 bits behind the point keep
// every float32 of at least 0.5 exactly.
const fixedScale = 1 << 24

// fixed saturates at 2^38, so that one value cannot leave int64.
func fixed(v float32) int64 {
	const limit = 1 << 38
	f := float64(v)
	if f > limit {
		f = limit
	} else if f < -limit {
		f = -limit
	}
	return int64(math.RoundToEven(f * fixedScale))
}

func meanOf(sum int64, count uint32) float32 {
	if count == 0 {
		return 0
	}
	return float32(float64(sum) / (float64(count) * fixedScale))
}

// apply brings sums, links and bounds up to a record that is about to be
// appended to raw, or returns false and changes nothing in force if the record
// would say nothing new.
func (h *hour) apply(r record, slot int) bool {
	if slot >= len(h.cells) {
		h.cells = append(h.cells, make([]cell, slot+1-len(h.cells))...)
	}
	c := &h.cells[slot]
	if c.tail != 0 && r.at >= c.first && r.at <= c.last {
		if h.saysNothing(r, c) {
			return false
		}
		if r.flags&history != 0 {
			h.takeBack(r.at, c)
		}
	} else if r.flags&schemas.Retracted != 0 {
		return false
	}
	link := c.tail
	if r.flags&schemas.Retracted != 0 {
		link |= dead
	} else {
		c.sum += fixed(r.value)
		c.count++
	}
	c.mean = meanOf(c.sum, c.count)
	if c.tail == 0 {
		c.first, c.last = r.at, r.at
	}
	c.first, c.last = min(c.first, r.at), max(c.last, r.at)
	h.links = append(h.links, link)
	c.tail = uint32(len(h.links))
	h.first, h.last = min(h.first, r.at), max(h.last, r.at)
	return true
}

// saysNothing says whether r would leave what is in force at its time as it is.
func (h *hour) saysNothing(r record, c *cell) bool {
	inForce, same := 0, false
	for i := c.tail; i != 0; {
		link := h.links[i-1]
		if link&dead == 0 {
			if o := unpack(h.raw[(i-1)*RecordSize:]); o.at == r.at {
				inForce++
				same = same || math.Float32bits(o.value) == math.Float32bits(r.value) && o.flags&^history == r.flags&^history
			}
		}
		i = link &^ dead
	}
	switch {
	case r.flags&schemas.Retracted != 0:
		return inForce == 0
	case r.flags&schemas.Corrected != 0:
		return inForce == 1 && same
	}
	return same
}

// takeBack ends the force of the channel's observations at one time.
func (h *hour) takeBack(at uint16, c *cell) {
	for i := c.tail; i != 0; {
		link := h.links[i-1]
		if link&dead == 0 {
			if o := unpack(h.raw[(i-1)*RecordSize:]); o.at == at {
				h.links[i-1] |= dead
				c.sum -= fixed(o.value)
				c.count--
			}
		}
		i = link &^ dead
	}
}

// part adds to sums, by slot, the observations in force with time in [from, to].
func (h *hour) part(from, to uint16, sums []binSum) {
	for slot := range h.cells {
		c, s := &h.cells[slot], &sums[slot]
		if c.count == 0 || c.last < from || c.first > to {
			continue
		}
		if c.first >= from && c.last <= to {
			s.sum += c.sum
			s.count += c.count
			continue
		}
		for i := c.tail; i != 0; {
			link := h.links[i-1]
			if link&dead == 0 {
				if r := unpack(h.raw[(i-1)*RecordSize:]); r.at >= from && r.at <= to {
					s.sum += fixed(r.value)
					s.count++
				}
			}
			i = link &^ dead
		}
	}
}
