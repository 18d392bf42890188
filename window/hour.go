package window

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// hour is one chunk with what is kept beside it to answer quickly. All but raw
// can be made again from raw.
type hour struct {
	n     int64 // the hour's number, see HourOf
	state hourState
	raw   []byte   // packed records in order of arrival; it is only ever appended to
	links []uint32 // for each record the number of the channel's record before it plus 1, and the dead bit
	cells []cell   // by slot

	first, last uint16 // the earliest and the latest 1/16 s of any record, in force or not

	taken  int  // how many bytes TakeWrites has given out
	full   bool // the next TakeWrites gives the whole chunk
	stored bool // the store holds something of it
	read   bool // it came from the store, which may hold more of it or in another form: the next write is whole
	asked  bool // Want or WantUnread has named it, and it has not come yet
	needed bool // a record is about to change it, so Release keeps it until the next TakeWrites
	used   bool // a record has changed it, so the next Release keeps it
}

// hourState says what is in memory of an hour.
type hourState uint8

const (
	held   hourState = iota // all of it is
	summed                  // the cells are; the records are in the store
	unread                  // nothing is but its length
)

// size is the length of the chunk in bytes.
func (h *hour) size() int {
	if h.state == held {
		return len(h.raw)
	}
	return h.taken
}

// dead marks, in its link, a record that is not in force: it was replaced or taken back, or is
// itself a retraction.
const dead = 1 << 31

// apply brings cells, links and bounds up to a record that is about to be appended to raw.
// If the record would say nothing new it answers false and leaves what is in force as it is.
func (h *hour) apply(r record, slot int) bool {
	if slot >= len(h.cells) {
		h.cells = append(h.cells, make([]cell, slot+1-len(h.cells))...)
	}
	c := &h.cells[slot]
	if c.count > 0 && r.at >= c.begin && r.at <= c.end {
		if h.saysNothing(r, c) {
			return false
		}
		if r.flags&history != 0 {
			h.takeBack(r, c)
		}
	} else if r.flags&schemas.Retracted != 0 {
		return false
	}
	link := c.tail
	if r.flags&schemas.Retracted != 0 {
		link |= dead
	} else {
		c.add(r)
	}
	h.links = append(h.links, link)
	c.tail = uint32(len(h.links))
	c.records = min(c.records+1, schemas.MaxHourValues)
	h.first, h.last = min(h.first, r.at), max(h.last, r.at)
	return true
}

// has says whether a channel, by its slot or -1, has as many records.
func (h *hour) has(slot, records int) bool {
	return slot >= 0 && slot < len(h.cells) && int(h.cells[slot].records) >= records
}

// saysNothing says whether r would leave what is in force at its time as it is. A repeat is
// told so even where no sequence number tells it. What comes in the order of its times, as a
// monitor sends it, is not looked for among the others: an hour of many values stays linear.
func (h *hour) saysNothing(r record, c *cell) bool {
	if c.count == 0 || r.at < c.begin || r.at > c.end {
		return r.flags&schemas.Retracted != 0 // nothing is in force at its time
	}
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

// takeBack ends the force of the observations at r's time and sums up the channel's others
// again, because minimum, maximum, first and last cannot be subtracted.
func (h *hour) takeBack(r record, c *cell) {
	var chain []uint32 // the latest value goes by arrival, and links lead the other way
	for i := c.tail; i != 0; i = h.links[i-1] &^ dead {
		chain = append(chain, i-1)
	}
	*c = cell{tail: c.tail, records: c.records}
	for k := len(chain) - 1; k >= 0; k-- {
		i := chain[k]
		if h.links[i]&dead != 0 {
			continue
		}
		if o := unpack(h.raw[i*RecordSize:]); o.at == r.at {
			h.links[i] |= dead
		} else {
			c.add(o)
		}
	}
}

// within sums up the channel's observations in force with time in [from, to]. The latest of
// a part need not be right, since links lead from the last arrival to the first.
func (h *hour) within(slot int, from, to uint16) cell {
	if slot >= len(h.cells) {
		return cell{}
	}
	c := &h.cells[slot]
	if c.count == 0 || c.end < from || c.begin > to {
		return cell{}
	}
	if c.begin >= from && c.end <= to {
		return *c
	}
	part := cell{}
	for i := c.tail; i != 0; {
		link := h.links[i-1]
		if link&dead == 0 {
			if r := unpack(h.raw[(i-1)*RecordSize:]); r.at >= from && r.at <= to {
				part.add(r)
			}
		}
		i = link &^ dead
	}
	return part
}
