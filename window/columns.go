package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/schemas/packed"
)

// A closed hour is stored by columns. What stands in many records stands once, numbers are written as what they differ by,
// and each column in as many bits as its widest number needs. The records come back bit for bit, in the order in which they
// arrived.
//
//	4 bytes  the mark: no packed record begins with it, since its time would be behind the hour
//	uint     how many records
//	heads    the different first 2 bytes of records (channel and flags), in order of appearance
//	order    which head each record has, where it is not the one that followed the same head before
//	runs     log_n of each run of records of one log_n, as the difference to the run before, and how long each run is
//	times    of the first record of each run, as the difference to that of the run before; of the others, to the record before
//	values   of each head: as whole numbers of a unit, a tenth, a hundredth or a thousandth, or as differences of those,
//	         or as the bits by which each differs from the one before
var columnMark = [4]byte{'h', 1, 0xff, 0xff}

// maxHourBytes bounds what an hour may unpack to, far above what [schemas.MaxHourValues] lets it hold.
const maxHourBytes = 256 << 20

// PackHour appends the packed records of a closed hour by columns, or as they are where that is shorter.
func PackHour(dst, records []byte) []byte {
	n := len(records) / RecordSize
	if n*RecordSize != len(records) || n == 0 {
		return append(dst, records...)
	}
	from := len(dst)
	dst = packed.AppendUint(append(dst, columnMark[:]...), uint64(n))
	c := packing.Get().(*hourColumns)
	c.take(records)
	dst = c.append(dst)
	packing.Put(c)
	if len(dst)-from >= len(records) {
		return append(dst[:from], records...)
	}
	return dst
}

// packing is memory for hours that are packed: a worker that drains a backlog closes thousands of them a second.
var packing = sync.Pool{New: func() any { return &hourColumns{place: map[uint16]uint16{}} }}

// UnpackHour returns the records of what PackHour wrote, and what is not packed as it is. An error says that the bytes are
// not what PackHour wrote.
func UnpackHour(b []byte) ([]byte, error) {
	if len(b) < len(columnMark) || [4]byte(b) != columnMark {
		return b, nil
	}
	r := packed.NewReader(b[len(columnMark):])
	n := int(r.Uint(maxHourBytes / RecordSize))
	if n == 0 {
		r.Fail("no records")
	}
	var c hourColumns
	c.read(r, n)
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("packed hour: %w", err)
	}
	return c.records(n), nil
}

// hourColumns are the records of an hour taken apart.
type hourColumns struct {
	heads  []uint16
	order  []uint16   // of each record the place of its head
	runs   []int64    // log_n
	counts []int64    // how long each run is, less 1
	firsts []int64    // times of the first records of runs
	rest   []int64    // times of the others
	values [][]uint32 // of each head the bits of its values

	// What only packing needs, and uses again.
	place          map[uint16]uint16 // of each head
	follow         followers
	gaps, places   []int64
	whole, differs []int64
}

// take takes records apart.
func (c *hourColumns) take(raw []byte) {
	n := len(raw) / RecordSize
	clear(c.place)
	f := &c.follow
	f.after, f.last = f.after[:0], 0
	c.order, c.rest = slices.Grow(c.order[:0], n), slices.Grow(c.rest[:0], n)
	c.heads, c.values, c.runs, c.counts, c.firsts = c.heads[:0], c.values[:0], c.runs[:0], c.counts[:0], c.firsts[:0]
	var logN, first, last int64
	for i := 0; i < len(raw); i += RecordSize {
		head, at := binary.LittleEndian.Uint16(raw[i:]), int64(binary.LittleEndian.Uint16(raw[i+2:]))
		value, n := binary.LittleEndian.Uint32(raw[i+4:]), int64(binary.LittleEndian.Uint32(raw[i+8:]))
		k, known := uint16(0), len(c.heads) > 0
		if known {
			k = f.next() // nearly always right, and cheaper than to look it up
		}
		if !known || c.heads[k] != head {
			if k, known = c.place[head]; !known {
				k = uint16(len(c.heads))
				c.place[head] = k
				c.heads, f.after = append(c.heads, head), append(f.after, 0)
				if c.values = slices.Grow(c.values, 1)[:k+1]; c.values[k] == nil {
					c.values[k] = make([]uint32, 0, 64)
				}
				c.values[k] = c.values[k][:0]
			}
		}
		f.was(k)
		c.order = append(c.order, k)
		c.values[k] = append(c.values[k], value)
		if i == 0 || n != logN {
			c.runs, c.counts, c.firsts = append(c.runs, n-logN), append(c.counts, 0), append(c.firsts, at-first)
			logN, first = n, at
		} else {
			c.counts[len(c.counts)-1]++
			c.rest = append(c.rest, at-last)
		}
		last = at
	}
}

// records puts n records together again. A column that is too short counts as zeros: read has seen to it that none is.
func (c *hourColumns) records(n int) []byte {
	raw := make([]byte, 0, n*RecordSize)
	next := make([]int, len(c.heads))
	var logN, first, last int64
	rest := c.rest
	for run, delta := range c.runs {
		logN, first = logN+delta, first+c.firsts[run]
		for i := range c.counts[run] + 1 {
			if i == 0 {
				last = first
			} else {
				last, rest = last+rest[0], rest[1:]
			}
			k := c.order[len(raw)/RecordSize]
			raw = binary.LittleEndian.AppendUint16(raw, c.heads[k])
			raw = binary.LittleEndian.AppendUint16(raw, uint16(last))
			raw = binary.LittleEndian.AppendUint32(raw, c.values[k][next[k]])
			raw = binary.LittleEndian.AppendUint32(raw, uint32(logN))
			next[k]++
		}
	}
	return raw
}

// append writes the columns.
func (c *hourColumns) append(dst []byte) []byte {
	dst = packed.AppendUint(dst, uint64(len(c.heads)))
	for _, h := range c.heads {
		dst = packed.AppendUint(dst, uint64(h))
	}
	f := &c.follow
	f.begin(len(c.heads))
	gaps, places := c.gaps[:0], c.places[:0]
	since := int64(0)
	for _, k := range c.order {
		if f.next() == k {
			since++
		} else {
			gaps, places, since = append(gaps, since), append(places, int64(k)), 0
		}
		f.was(k)
	}
	c.gaps, c.places = gaps, places
	dst = packed.AppendUint(dst, uint64(len(gaps)))
	dst = appendInts(appendInts(dst, gaps), places)
	dst = packed.AppendUint(dst, uint64(len(c.runs)))
	for _, column := range [...][]int64{c.runs, c.counts, c.firsts, c.rest} {
		dst = appendInts(dst, column)
	}
	for _, v := range c.values {
		dst = c.appendValues(dst, v)
	}
	return dst
}

// read reads the columns of n records. A failure is the reader's.
func (c *hourColumns) read(r *packed.Reader, n int) {
	heads := r.Count(1)
	for range heads {
		c.heads = append(c.heads, uint16(r.Uint(math.MaxUint16)))
	}
	exceptions := int(r.Uint(uint64(n)))
	gaps, places := readInts(r, exceptions), readInts(r, exceptions)
	runs := int(r.Uint(uint64(n)))
	c.runs, c.counts, c.firsts = readInts(r, runs), readInts(r, runs), readInts(r, runs)
	sum := runs
	for _, count := range c.counts {
		if count < 0 || count > int64(n) {
			r.Fail("a run of %d records of %d", count, n)
			return
		}
		sum += int(count)
	}
	if r.Err() != nil || heads == 0 || heads > n || heads > math.MaxUint16+1 || sum != n {
		r.Fail("%d heads and runs of %d records together, want %d records", heads, sum, n)
		return
	}
	c.rest = readInts(r, n-runs)
	each := make([]int, heads)
	f := &c.follow
	f.begin(heads)
	c.order = make([]uint16, n)
	for i, exception, since := 0, 0, int64(0); i < n; i++ {
		k := f.next()
		if exception < exceptions && gaps[exception] == since {
			if p := places[exception]; p < 0 || p >= int64(heads) {
				r.Fail("head %d of %d", p, heads)
				return
			}
			k, since = uint16(places[exception]), 0
			exception++
		} else {
			since++
		}
		c.order[i] = k
		each[k]++
		f.was(k)
	}
	for k := range heads {
		c.values = append(c.values, readValues(r, each[k]))
	}
}

// followers guesses which head comes next: the one that followed the last time.
type followers struct {
	after []uint16
	last  uint16
}

// begin guesses that each head is followed by the next.
func (f *followers) begin(heads int) {
	f.after, f.last = slices.Grow(f.after[:0], heads)[:heads], uint16(heads-1)
	for i := range f.after {
		f.after[i] = uint16((i + 1) % heads)
	}
}

func (f *followers) next() uint16 { return f.after[f.last] }

func (f *followers) was(k uint16) { f.after[f.last], f.last = k, k }

// maxWidth is how many bits a number of a column may have: differences of values, the widest, have 33.
const maxWidth = 48

// appendInts writes the least of the numbers, how many bits the others are above it, and those bits.
func appendInts(dst []byte, column []int64) []byte {
	if len(column) == 0 {
		return dst
	}
	least, width := widthOf(column)
	dst = append(packed.AppendInt(dst, least), byte(width))
	var word uint64
	filled := 0
	for _, v := range column {
		word |= uint64(v-least) << filled
		for filled += width; filled >= 8; filled -= 8 {
			dst, word = append(dst, byte(word)), word>>8
		}
	}
	if filled > 0 {
		dst = append(dst, byte(word))
	}
	return dst
}

// widthOf is the least of the numbers, and how many bits the others need above it.
func widthOf(column []int64) (least int64, width int) {
	least, most := column[0], column[0]
	for _, v := range column {
		least, most = min(least, v), max(most, v)
	}
	return least, bits.Len64(uint64(most - least))
}

// readInts reads n numbers.
func readInts(r *packed.Reader, n int) []int64 {
	if n == 0 || r.Err() != nil {
		return nil
	}
	least, width := r.Int(), int(r.Byte(maxWidth))
	b := r.Take((n*width + 7) / 8)
	if r.Err() != nil {
		return nil
	}
	column := make([]int64, n)
	var word uint64
	filled, mask := 0, uint64(1)<<width-1
	for i := range column {
		for ; filled < width; filled += 8 {
			word |= uint64(b[0]) << filled
			b = b[1:]
		}
		column[i] = least + int64(word&mask)
		word, filled = word>>width, filled-width
	}
	return column
}

// units are what values are tried as whole numbers of: one, a tenth, a hundredth, a thousandth.
var units = [...]float64{1, 10, 100, 1000}

// The first byte of a column of values is 0 where it has the bits by which they differ; else the place of the unit plus 1,
// and differences is added where the whole numbers are differences.
const differences = 8

// appendValues writes the values of a head.
func (c *hourColumns) appendValues(dst []byte, values []uint32) []byte {
	c.whole = slices.Grow(c.whole[:0], len(values))[:len(values)]
	whole := c.whole
	for unit := range units {
		if !wholes(whole, values, units[unit]) {
			continue
		}
		form := byte(unit + 1)
		_, width := widthOf(whole)
		if c.differs = deltas(c.differs[:0], whole); len(c.differs) > 1 {
			steps := c.differs
			if _, narrow := widthOf(steps[1:]); narrow < width {
				dst = packed.AppendInt(append(dst, form|differences), steps[0])
				return appendInts(dst, steps[1:])
			}
		}
		return appendInts(append(dst, form), whole)
	}
	last := uint32(0)
	for i, v := range values {
		whole[i], last = int64(v^last), v
	}
	return appendInts(append(dst, 0), whole)
}

// readValues reads n values.
func readValues(r *packed.Reader, n int) []uint32 {
	form := r.Byte(differences | byte(len(units)))
	unit := int(form &^ differences)
	if unit > len(units) || form == differences {
		r.Fail("values of form %d", form)
	}
	if n == 0 || r.Err() != nil {
		return nil
	}
	values := make([]uint32, n)
	if form == 0 {
		last := uint32(0)
		for i, v := range readInts(r, n) {
			last ^= uint32(v)
			values[i] = last
		}
		return values
	}
	var whole []int64
	if form&differences != 0 {
		whole = append(whole, r.Int())
		for i, d := range readInts(r, n-1) {
			whole = append(whole, whole[i]+d)
		}
	} else {
		whole = readInts(r, n)
	}
	for i, v := range whole {
		values[i] = math.Float32bits(float32(float64(v) / units[unit-1]))
	}
	return values
}

// wholes fills list with values as whole numbers of a unit, and says whether each of them comes back bit for bit.
func wholes(list []int64, values []uint32, unit float64) bool {
	for i, v := range values {
		x := math.RoundToEven(float64(math.Float32frombits(v)) * unit)
		if !(math.Abs(x) <= math.MaxInt32) || math.Float32bits(float32(float64(int64(x))/unit)) != v {
			return false
		}
		list[i] = int64(x)
	}
	return true
}

// deltas appends to dst what numbers differ by, the first from 0.
func deltas(dst, list []int64) []int64 {
	last := int64(0)
	for _, v := range list {
		dst, last = append(dst, v-last), v
	}
	return dst
}
