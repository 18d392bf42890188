package window

import (
	"math"
	"math/bits"

	"github.com/vigil-icu/vigil/schemas"
)

// cell is one channel in one hour: the observations in force, summed up so that their order
// of arrival leaves no trace but in the latest. The sums are of those in the range that
// models read, after the channel's transform f (Models and Transform in
// schemas.ChannelInfo).
type cell struct {
	sum     int64     // the sum of f in fixed point
	squares [2]uint64 // the sum of the squares of f in fixed point, its high and its low half

	min, max, first, last float32 // of f; first and last go by time, of several at one time the lowest and the highest
	mean, variance        float32 // of f; they hold where stale is not set

	count           uint32  // how many observations are in force
	read            uint32  // how many of these are in the range for models
	tail            uint32  // the number of the channel's last record, in force or not, plus 1; 0 if there is none
	value           float32 // the latest value in force, and of several at one time the one that arrived last
	logN            uint32  // the log_n of that one
	begin, end      uint16  // the earliest and the latest 1/16 s in force
	firstAt, lastAt uint16  // the 1/16 s of first and last
	records         uint16  // of the channel, in force or not; it stays at its limit
	flags           schemas.Flag
	stale           bool // mean and variance are to be made again, see settle
}

// fixedScale is the fixed point of the sums. With 24 bits behind the point every float32 of
// at least 0.5 is exact.
const fixedScale = 1 << 24

// fixed turns f into fixed point. It saturates at 2^30, a thousand times what any channel
// takes, so that the squares of a bin have room.
func fixed(f float64) int64 {
	const limit = 1 << 30
	return int64(math.RoundToEven(max(-limit, min(limit, f)) * fixedScale))
}

// add takes an observation that is in force.
func (c *cell) add(r record) {
	if c.count == 0 {
		*c = cell{begin: r.at, tail: c.tail, records: c.records}
	}
	c.count++
	c.begin = min(c.begin, r.at)
	if r.at >= c.end {
		c.end, c.value, c.logN, c.flags = r.at, r.value, r.logN, r.flags
	}
	info := r.channel.Info()
	if !info.Models.Has(r.value) {
		return
	}
	f := info.Transform.Of(r.value)
	v, g := fixed(f), float32(f)
	if g == 0 {
		g = 0 // no negative zero
	}
	if c.read == 0 {
		c.min, c.max, c.first, c.last, c.firstAt, c.lastAt = g, g, g, g, r.at, r.at
	}
	magnitude := uint64(max(v, -v))
	high, low := bits.Mul64(magnitude, magnitude)
	var carry uint64
	c.squares[1], carry = bits.Add64(c.squares[1], low, 0)
	c.squares[0], _ = bits.Add64(c.squares[0], high, carry)
	c.sum += v
	c.read++
	c.stale = true
	c.min, c.max = min(c.min, g), max(c.max, g)
	switch {
	case r.at < c.firstAt:
		c.firstAt, c.first = r.at, g
	case r.at == c.firstAt:
		c.first = min(c.first, g)
	}
	switch {
	case r.at > c.lastAt:
		c.lastAt, c.last = r.at, g
	case r.at == c.lastAt:
		c.last = max(c.last, g)
	}
}

// follow adds the sums of another cell, whose observations are all later than c's own.
func (c *cell) follow(o *cell) {
	switch {
	case o.read == 0:
		return
	case c.read == 0:
		*c = *o
		return
	}
	var carry uint64
	c.squares[1], carry = bits.Add64(c.squares[1], o.squares[1], 0)
	c.squares[0], _ = bits.Add64(c.squares[0], o.squares[0], carry)
	c.sum += o.sum
	c.read += o.read
	c.min, c.max = min(c.min, o.min), max(c.max, o.max)
	c.last, c.stale = o.last, true
}

// settle brings mean and variance up to date. They wait for it because a cell changes with
// every observation and is asked for once a score.
func (c *cell) settle() {
	if !c.stale {
		return
	}
	c.stale = false
	n := float64(c.read)
	c.mean = float32(float64(c.sum) / (n * fixedScale))
	// With sum = q read + rest, the sum of squares about q is squares - q (sum + rest),
	// which is exact in 128 bits, and the one about the mean is rest^2/read less.
	q, rest := c.sum/int64(c.read), c.sum%int64(c.read)
	high, low := bits.Mul64(uint64(max(q, -q)), uint64(max(c.sum+rest, -(c.sum+rest))))
	low, borrow := bits.Sub64(c.squares[1], low, 0)
	high, _ = bits.Sub64(c.squares[0], high, borrow)
	about := float64(float64(high)*(1<<64)) + float64(low)
	about -= float64(float64(rest) * float64(rest) / n)
	c.variance = float32(max(0, about) / (n * fixedScale * fixedScale))
}
