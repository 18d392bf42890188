package window

import (
	"math"
	"math/bits"

	"github.com/vigil-icu/vigil/schemas"
)

// cell is one channel in one hour: the observations in force, summed up so that
// their order of arrival leaves no trace but in latest. f is the channel's
// transform of a value (schemas.Transform).
type cell struct {
	sum     int64     // of f, fixed point
	squares [2]uint64 // of the squares of fixed-point f, high and low
	plain   int64     // of the values themselves, fixed point
	latest  record    // with the latest time; of several the one that arrived last

	min, max, first, last float32 // of f; first and last by time, of several at one time the lowest and the highest
	mean, variance        float32 // of f, where stale is not set

	count     uint32
	tail      uint32 // the channel's last record + 1, in force or not; 0: none
	begin     uint16 // earliest 1/16 s in force
	end       uint16 // latest
	transform schemas.Transform
	stale     bool
}

// fixedScale is the fixed point of the sums: 24 bits behind the point keep
// every float32 of at least 0.5 exactly.
const fixedScale = 1 << 24

// fixed saturates at 2^30, a thousand times what any channel takes, so that the
// squares of a bin have room.
func fixed(f float64) int64 {
	const limit = 1 << 30
	return int64(math.RoundToEven(max(-limit, min(limit, f)) * fixedScale))
}

// add takes an observation.
func (c *cell) add(r record) {
	f := c.transform.Of(r.value)
	v, g := fixed(f), float32(f)
	if g == 0 {
		g = 0 // no negative zero
	}
	if c.count == 0 {
		*c = cell{latest: r, min: g, max: g, first: g, last: g, begin: r.at, end: r.at, tail: c.tail, transform: c.transform}
	}
	magnitude := uint64(max(v, -v))
	high, low := bits.Mul64(magnitude, magnitude)
	var carry uint64
	c.squares[1], carry = bits.Add64(c.squares[1], low, 0)
	c.squares[0], _ = bits.Add64(c.squares[0], high, carry)
	c.sum += v
	c.plain += fixed(float64(r.value))
	c.count++
	c.stale = true
	c.min, c.max = min(c.min, g), max(c.max, g)
	switch {
	case r.at < c.begin:
		c.begin, c.first = r.at, g
	case r.at == c.begin:
		c.first = min(c.first, g)
	}
	switch {
	case r.at > c.end:
		c.end, c.last, c.latest = r.at, g, r
	case r.at == c.end:
		c.last, c.latest = max(c.last, g), r
	}
}

// follow takes the observations of another cell, all of them later.
func (c *cell) follow(o *cell) {
	switch {
	case o.count == 0:
		return
	case c.count == 0:
		*c = *o
		return
	}
	var carry uint64
	c.squares[1], carry = bits.Add64(c.squares[1], o.squares[1], 0)
	c.squares[0], _ = bits.Add64(c.squares[0], o.squares[0], carry)
	c.sum += o.sum
	c.plain += o.plain
	c.count += o.count
	c.min, c.max = min(c.min, o.min), max(c.max, o.max)
	c.last, c.stale = o.last, true
}

// settle brings mean and variance up to date.
func (c *cell) settle() {
	if !c.stale {
		return
	}
	c.stale = false
	c.mean = meanOf(c.sum, c.count)
	// With whole q and rest of sum/count: the squares about q are
	// squares - q (sum + rest), exact in 128 bits, and those about the mean
	// rest^2/count less.
	q, rest := c.sum/int64(c.count), c.sum%int64(c.count)
	high, low := bits.Mul64(uint64(max(q, -q)), uint64(max(c.sum+rest, -(c.sum+rest))))
	low, borrow := bits.Sub64(c.squares[1], low, 0)
	high, _ = bits.Sub64(c.squares[0], high, borrow)
	n := float64(c.count)
	about := float64(float64(high)*(1<<64)) + float64(low)
	about -= float64(float64(rest) * float64(rest) / n)
	c.variance = float32(max(0, about) / (n * fixedScale * fixedScale))
}

func meanOf(sum int64, count uint32) float32 {
	if count == 0 {
		return 0
	}
	return float32(float64(sum) / (float64(count) * fixedScale))
}
