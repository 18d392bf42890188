package kafka

import "encoding/binary"

// wire reads what brokers send: fixed values big-endian, and those of records as varints.
// torn says that the bytes ended too soon; nothing comes after that.
type wire struct {
	rest []byte
	torn bool
}

func (w *wire) take(n int) []byte {
	if n < 0 || n > len(w.rest) {
		w.torn, w.rest = true, nil
		return nil
	}
	b := w.rest[:n:n]
	w.rest = w.rest[n:]
	return b
}

func (w *wire) int16() int16 {
	b := w.take(2)
	if w.torn {
		return 0
	}
	return int16(binary.BigEndian.Uint16(b))
}

func (w *wire) int32() int32 {
	b := w.take(4)
	if w.torn {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b))
}

func (w *wire) int64() int64 {
	b := w.take(8)
	if w.torn {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// count is the length of an array, no more than there can be: null is none.
func (w *wire) count() int { return min(max(0, int(w.int32())), len(w.rest)) }

func (w *wire) varint() int64 {
	v, n := binary.Varint(w.rest)
	if n <= 0 {
		w.torn, w.rest = true, nil
		return 0
	}
	w.rest = w.rest[n:]
	return v
}

// bytes takes a length and so many bytes; nil for -1, which stands for none.
func (w *wire) bytes() []byte {
	n := w.varint()
	if n == -1 {
		return nil
	}
	if n > int64(len(w.rest)) {
		n = -1 // torn
	}
	return w.take(int(n))
}
