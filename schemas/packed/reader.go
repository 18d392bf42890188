package packed

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Reader takes apart what the Append functions wrote. After the first failure nothing is
// left to read and all its answers are zero.
type Reader struct {
	data []byte // nil after a failure
	at   int    // where the next field begins
	err  error
}

// NewReader reads b, which it does not change.
func NewReader(b []byte) *Reader { return &Reader{data: b} }

// Reset begins to read b, whatever was read or failed before.
func (r *Reader) Reset(b []byte) { *r = Reader{data: b} }

// Err is the first failure, nil if there was none. It names the byte at which the Reader
// stood.
func (r *Reader) Err() error { return r.err }

// Fail notes a failure that the caller found in the fields read so far.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s", r.at, fmt.Sprintf(format, args...))
		r.data, r.at = nil, 0
	}
}

// End fails if bytes are left, and returns the first failure.
func (r *Reader) End() error {
	if n := len(r.data) - r.at; n > 0 {
		r.Fail("%d bytes after the end", n)
	}
	return r.err
}

// Rest is what was not read yet: nothing after a failure.
func (r *Reader) Rest() []byte { return r.data[r.at:] }

// Take reads n bytes. They are part of what the Reader was given, and appending to them
// does not touch what follows.
func (r *Reader) Take(n int) []byte {
	end := r.at + n
	if uint(n) > uint(len(r.data)-r.at) {
		r.short(n)
		return nil
	}
	b := r.data[r.at:end:end]
	r.at = end
	return b
}

// Skip passes over n bytes.
func (r *Reader) Skip(n int) {
	if uint(n) > uint(len(r.data)-r.at) {
		r.short(n)
		return
	}
	r.at += n
}

// short notes that n bytes cannot be read.
func (r *Reader) short(n int) {
	if n < 0 {
		r.Fail("a length of %d", n)
		return
	}
	r.Fail("%d bytes are needed, %d are left", n, len(r.data)-r.at)
}

// Uint reads what AppendUint wrote, at most limit.
func (r *Reader) Uint(limit uint64) uint64 {
	if r.at < len(r.data) {
		if v := uint64(r.data[r.at]); v < 0x80 && v <= limit {
			r.at++
			return v
		}
	}
	return r.long(limit)
}

// long reads a number of several bytes, or says why there is none.
func (r *Reader) long(limit uint64) uint64 {
	v, n := binary.Uvarint(r.data[r.at:])
	switch {
	case n <= 0 || n > 1 && r.data[r.at+n-1] == 0:
		r.Fail("not a number")
		return 0
	case v > limit:
		r.Fail("%d is over %d", v, limit)
		return 0
	}
	r.at += n
	return v
}

// Int reads what AppendInt wrote.
func (r *Reader) Int() int64 {
	u := r.Uint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1)
}

// Count reads how many things follow that take at least size bytes each. It fails if the
// rest is too short for them.
func (r *Reader) Count(size int) int {
	n, left := r.Uint(math.MaxUint64), uint64(len(r.data)-r.at)
	if n > left || n*uint64(size) > left { // the first keeps the product within 64 bits
		r.Fail("%d things of %d bytes or more, %d bytes are left", n, size, left)
		return 0
	}
	return int(n)
}

// Fixed reads what AppendFixed wrote.
func (r *Reader) Fixed() uint64 {
	if len(r.data)-r.at < 8 {
		r.short(8)
		return 0
	}
	v := binary.LittleEndian.Uint64(r.data[r.at:])
	r.at += 8
	return v
}

// Float reads what AppendFloat wrote.
func (r *Reader) Float() float32 {
	if len(r.data)-r.at < 4 {
		r.short(4)
		return 0
	}
	v := math.Float32frombits(binary.LittleEndian.Uint32(r.data[r.at:]))
	r.at += 4
	return v
}

// String reads what AppendString wrote, into memory of its own.
func (r *Reader) String() string { return string(r.Take(r.Count(1))) }

// Byte reads one byte, at most limit.
func (r *Reader) Byte(limit byte) byte {
	if r.at == len(r.data) {
		r.short(1)
		return 0
	}
	b := r.data[r.at]
	if b > limit {
		r.Fail("%d is over %d", b, limit)
		return 0
	}
	r.at++
	return b
}

// Bool reads what AppendBool wrote.
func (r *Reader) Bool() bool { return r.Byte(1) == 1 }
