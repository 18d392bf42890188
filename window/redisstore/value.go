package redisstore

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

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

// before says to a script which outputs go: the bound of the members of the outbox,
// and a position as digits, whose order is the same in every locale.
func before(p window.Position) (bound, digits string) {
	return string(appendPosition([]byte("("), p)), fmt.Sprintf("%016d%010d", p.Offset, p.Index)
}

func parseDigits(s string) (p window.Position, err error) {
	if len(s) != 26 {
		return p, fmt.Errorf("position %q, want 26 digits", s)
	}
	if p.Offset, err = strconv.ParseInt(s[:16], 10, 64); err == nil {
		p.Index, err = strconv.Atoi(s[16:])
	}
	return p, err
}

// appendOutbox packs a batch's outputs as one member of the outbox: the position of
// the last in front, then each. What is the same as in the one before, topic and
// headers, is one byte. No outputs are no bytes.
func appendOutbox(dst []byte, all []window.OutboxEntry) []byte {
	if len(all) == 0 {
		return dst
	}
	dst = appendPosition(dst, all[len(all)-1].Position)
	last := &window.OutboxEntry{}
	for i := range all {
		e := &all[i]
		dst = appendPosition(dst, e.Position)
		dst = appendChanged(dst, e.Topic, last.Topic)
		dst = appendBytes(dst, e.Key)
		dst = appendBytes(dst, e.Value)
		dst = binary.AppendUvarint(dst, uint64(len(e.Headers)))
		for j, h := range e.Headers {
			var was schemas.Header
			if j < len(last.Headers) {
				was = last.Headers[j]
			}
			dst = appendChanged(appendChanged(dst, h.Key, was.Key), h.Value, was.Value)
		}
		last = e
	}
	return dst
}

// appendChanged writes a string, or that it is what it was.
func appendChanged(dst []byte, s, was string) []byte {
	if s == was {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(s))+1), s...)
}

// appendBytes tells nil (a Kafka tombstone) from empty.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(b))+1), b...)
}

// parseOutbox appends the outputs of a member to dst.
func parseOutbox(b []byte, dst []window.OutboxEntry) ([]window.OutboxEntry, error) {
	if len(b) < positionSize {
		return dst, fmt.Errorf("outbox member of %d bytes, want at least %d", len(b), positionSize)
	}
	r := reader{b: b[positionSize:]}
	last := window.OutboxEntry{}
	for len(r.b) > 0 && !r.torn {
		e := window.OutboxEntry{Position: r.position()}
		e.Topic = r.changed(last.Topic)
		e.Key, e.Value = r.bytes(), r.bytes()
		n := r.uvarint()
		if n > uint64(len(r.b)) {
			r.torn = true
		}
		for i := 0; i < int(n) && !r.torn; i++ {
			var was schemas.Header
			if i < len(last.Headers) {
				was = last.Headers[i]
			}
			e.Headers = append(e.Headers, schemas.Header{Key: r.changed(was.Key), Value: r.changed(was.Value)})
		}
		if e.Offset < 0 {
			r.torn = true
		}
		dst, last = append(dst, e), e
	}
	if r.torn || last.Position != (&reader{b: b}).position() {
		return dst, fmt.Errorf("outbox member that ends at %d.%d is torn", last.Offset, last.Index)
	}
	return dst, nil
}

// reader takes outputs apart; torn says that it ended too early.
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

func (r *reader) position() (p window.Position) {
	if b := r.take(positionSize); b != nil {
		p.Offset, p.Index = int64(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint32(b[8:]))
	}
	return p
}

func (r *reader) changed(was string) string {
	n := r.uvarint()
	if n == 0 {
		return was
	}
	return string(r.take(n - 1))
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
