package redisstore

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// The value of field p<patient>: version 1, offset (8 bytes), number of chunks
// (2), per chunk hour + 2^31 (4) and length (4), all big-endian; then the state.
const (
	headVersion = 1
	headFixed   = 11
	hourBias    = 1 << 31
)

func appendPatient(dst []byte, offset int64, lens []window.ChunkLen, state []byte) []byte {
	dst = append(dst, headVersion)
	dst = binary.BigEndian.AppendUint64(dst, uint64(offset))
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(lens)))
	for _, l := range lens {
		dst = binary.BigEndian.AppendUint32(dst, uint32(l.Hour+hourBias))
		dst = binary.BigEndian.AppendUint32(dst, uint32(l.Len))
	}
	return append(dst, state...)
}

func parsePatient(v []byte) (offset int64, lens []window.ChunkLen, state []byte, err error) {
	if len(v) < headFixed || v[0] != headVersion {
		return 0, nil, nil, fmt.Errorf("head of %d bytes, version %.1x, want version %d", len(v), v, headVersion)
	}
	offset = int64(binary.BigEndian.Uint64(v[1:]))
	n := int(binary.BigEndian.Uint16(v[9:]))
	v = v[headFixed:]
	if len(v) < 8*n {
		return 0, nil, nil, fmt.Errorf("head names %d chunks and ends after %d bytes", n, len(v))
	}
	for i := range n {
		l := window.ChunkLen{
			Hour: int64(binary.BigEndian.Uint32(v[8*i:])) - hourBias,
			Len:  int(binary.BigEndian.Uint32(v[8*i+4:])),
		}
		if i > 0 && l.Hour <= lens[i-1].Hour || l.Len == 0 || l.Len > math.MaxInt32 {
			return 0, nil, nil, fmt.Errorf("head: chunk of hour %d, length %d, is out of order or range", l.Hour, l.Len)
		}
		lens = append(lens, l)
	}
	return offset, lens, v[8*n:], nil
}

// positionSize is the length of a position in front of an output: big-endian,
// so that the order of bytes is the order of positions.
const positionSize = 12

func appendPosition(dst []byte, p window.Position) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Offset))
	return binary.BigEndian.AppendUint32(dst, uint32(p.Index))
}

func appendEntry(dst []byte, e *window.OutboxEntry) []byte {
	dst = appendPosition(dst, e.Position)
	dst = appendString(dst, e.Topic)
	dst = appendBytes(dst, e.Key)
	dst = appendBytes(dst, e.Value)
	dst = binary.AppendUvarint(dst, uint64(len(e.Headers)))
	for _, h := range e.Headers {
		dst = appendString(appendString(dst, h.Key), h.Value)
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// appendBytes tells nil (a Kafka tombstone) from empty.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

func parseEntry(b []byte) (e window.OutboxEntry, err error) {
	if len(b) < positionSize {
		return e, fmt.Errorf("output of %d bytes, want at least %d", len(b), positionSize)
	}
	e.Offset, e.Index = int64(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint32(b[8:]))
	r := reader{b: b[positionSize:]}
	e.Topic = string(r.take(r.uvarint()))
	e.Key, e.Value = r.bytes(), r.bytes()
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.torn = true
	}
	for i := uint64(0); i < n && !r.torn; i++ {
		e.Headers = append(e.Headers, schemas.Header{Key: string(r.take(r.uvarint())), Value: string(r.take(r.uvarint()))})
	}
	if r.torn || len(r.b) != 0 || e.Offset < 0 {
		return e, fmt.Errorf("output at %d.%d is torn", e.Offset, e.Index)
	}
	return e, nil
}

// reader takes an output apart; torn says that it ended too early.
type reader struct {
	b    []byte
	torn bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.torn, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.torn, r.b = true, nil
		return nil
	}
	got := r.b[:n:n]
	r.b = r.b[n:]
	return got
}

func (r *reader) bytes() []byte {
	n := r.uvarint()
	if n == 0 {
		return nil
	}
	return append([]byte{}, r.take(n-1)...)
}
