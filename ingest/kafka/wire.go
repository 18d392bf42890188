package kafka

import (
	"encoding/binary"

	"github.com/vigil-icu/vigil/schemas/packed"
)

// wire reads what brokers send. Its bounds and its failure that stays are those of package
// packed; the fields are Kafka's own. Fixed values are big-endian, an array or bytes may be
// none, and varints come from any client, so that one with more bytes than it needs is good.
type wire struct{ packed.Reader }

func (w *wire) int16() int16 {
	if b := w.Take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (w *wire) int32() int32 {
	if b := w.Take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (w *wire) int64() int64 {
	if b := w.Take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// count is the length of an array, no more than there can be: null is none.
func (w *wire) count() int { return min(max(0, int(w.int32())), len(w.Rest())) }

func (w *wire) varint() int64 {
	rest := w.Rest()
	if len(rest) > 0 && rest[0] < 0x80 { // most are a byte
		w.Skip(1)
		return int64(rest[0]>>1) ^ -int64(rest[0]&1)
	}
	v, n := binary.Varint(rest)
	if n <= 0 {
		w.Fail("not a number")
		return 0
	}
	w.Skip(n)
	return v
}

// bytes takes a length and so many bytes; nil for -1, which stands for none.
func (w *wire) bytes() []byte {
	n := w.varint()
	if n == -1 {
		return nil
	}
	if left := int64(len(w.Rest())); n > left {
		w.Fail("%d bytes are said to follow, %d are left", n, left)
		return nil
	}
	return w.Take(int(n))
}
