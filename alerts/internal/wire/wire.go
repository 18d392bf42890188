package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrBroken is wrapped by all errors of a Reader.
var ErrBroken = errors.New("broken state")

// AppendUint appends an unsigned number in as few bytes as it needs.
func AppendUint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendInt appends a signed number in as few bytes as it needs.
func AppendInt(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

// AppendFixed appends eight bytes.
func AppendFixed(dst []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(dst, v) }

// AppendFloat appends the bits of a number.
func AppendFloat(dst []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
}

// AppendString appends a length and the bytes.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendBool appends one byte.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// Reader takes apart what the Append functions wrote. After the first error all
// its answers are zero.
type Reader struct {
	rest []byte
	size int
	err  error
}

// NewReader reads b.
func NewReader(b []byte) *Reader { return &Reader{rest: b, size: len(b)} }

// Err is the first error, nil if there was none.
func (r *Reader) Err() error { return r.err }

// Fail notes an error of the caller's at this place.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: byte %d: %s", ErrBroken, r.size-len(r.rest), fmt.Sprintf(format, args...))
		r.rest = nil
	}
}

// End fails if bytes are left.
func (r *Reader) End() error {
	if len(r.rest) > 0 {
		r.Fail("%d bytes after the end", len(r.rest))
	}
	return r.err
}

func (r *Reader) take(n int, what string) []byte {
	if r.err == nil && len(r.rest) < n {
		r.Fail("%s needs %d bytes, %d are left", what, n, len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// Uint reads what AppendUint wrote, at most limit.
func (r *Reader) Uint(limit uint64) uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.Fail("not a number")
		return 0
	}
	if v > limit {
		r.Fail("%d is over %d", v, limit)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Int reads what AppendInt wrote.
func (r *Reader) Int() int64 {
	u := r.Uint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1)
}

// Count reads a length of things that take at least one byte each.
func (r *Reader) Count() int { return int(r.Uint(uint64(len(r.rest)))) }

// Fixed reads eight bytes.
func (r *Reader) Fixed() uint64 {
	if b := r.take(8, "a fixed number"); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Float reads the bits of a number.
func (r *Reader) Float() float32 {
	if b := r.take(4, "a float"); b != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// String reads a length and the bytes.
func (r *Reader) String() string { return string(r.take(r.Count(), "a string")) }

// Byte reads one byte, at most limit.
func (r *Reader) Byte(limit byte) byte {
	b := r.take(1, "a byte")
	if b == nil {
		return 0
	}
	if b[0] > limit {
		r.Fail("%d is over %d", b[0], limit)
		return 0
	}
	return b[0]
}

// Bool reads one byte.
func (r *Reader) Bool() bool { return r.Byte(1) == 1 }
