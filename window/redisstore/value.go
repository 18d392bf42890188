package redisstore

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
	"github.com/vigil-icu/vigil/window"
)

// The value of a field p<patient> is the patient's head and then the state. The head is a
// version of 1 byte, the offset (8), the number of chunks (2), and for each chunk its hour
// plus 2^31 (4) and its length (4), all big-endian: the script that deletes a patient reads it
// byte by byte, in chunksOf.
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

// sealOf writes the seal of a log record with its offset: a program that knows of no seals
// moves on the applied offset alone, and leaves an older one behind.
func sealOf(offset int64, seal uint64) string { return fmt.Sprintf("%d %x", offset, seal) }

// parseSeal reads the seal of the applied offset, 0 where there is none.
func parseSeal(s string, applied int64) uint64 {
	offset, text, _ := strings.Cut(s, " ")
	if offset != strconv.FormatInt(applied, 10) {
		return 0
	}
	seal, _ := strconv.ParseUint(text, 16, 64) // one that cannot be read says nothing
	return seal
}

// positionSize is the length of a position in front of an output. It is big-endian, so that
// the order of bytes, in which Redis sorts the outbox, is the order of positions.
const positionSize = 12

func appendPosition(dst []byte, p window.Position) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Offset))
	return binary.BigEndian.AppendUint32(dst, uint32(p.Index))
}

// before says to a script which outputs go, as the bound of the members of the outbox and as
// a position in digits, which Lua compares as text and which sort the same in every locale.
func before(p window.Position) (bound, digits string) {
	return string(appendPosition([]byte("("), p)), digitsOf(p)
}

// digitsOf writes a position as the fields d and x have it.
func digitsOf(p window.Position) string { return fmt.Sprintf("%016d%010d", p.Offset, p.Index) }

func parseDigits(s string) (p window.Position, err error) {
	if len(s) != 26 {
		return p, fmt.Errorf("position %q, want 26 digits", s)
	}
	if p.Offset, err = strconv.ParseInt(s[:16], 10, 64); err == nil {
		p.Index, err = strconv.Atoi(s[16:])
	}
	return p, err
}

// appendOutbox packs a batch's outputs as one member of the outbox, with the position of the
// last in front, by which the member is sorted and dropped. A topic or a header that is the
// same as in the output before is one byte. No outputs are no bytes.
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
		dst = packed.AppendUint(dst, uint64(len(e.Headers)))
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

// appendChanged writes a string, or a 0 if it is what it was in the output before.
func appendChanged(dst []byte, s, was string) []byte {
	if s == was {
		return append(dst, 0)
	}
	return append(packed.AppendUint(dst, uint64(len(s))+1), s...)
}

// appendBytes tells nil (a Kafka tombstone) from empty.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return append(dst, 0)
	}
	return append(packed.AppendUint(dst, uint64(len(b))+1), b...)
}

// parseOutbox appends the outputs of a member to dst. An error says that the member is torn.
func parseOutbox(b []byte, dst []window.OutboxEntry) ([]window.OutboxEntry, error) {
	if len(b) < positionSize {
		return dst, fmt.Errorf("outbox member of %d bytes, want at least %d", len(b), positionSize)
	}
	r := outboxReader{packed.NewReader(b)}
	end := r.position()
	last := window.OutboxEntry{}
	for len(r.Rest()) > 0 {
		e := window.OutboxEntry{Position: r.position()}
		e.Topic = r.changed(last.Topic)
		e.Key, e.Value = r.bytes(), r.bytes()
		for i := range r.Count(1) {
			if r.Err() != nil {
				break
			}
			var was schemas.Header
			if i < len(last.Headers) {
				was = last.Headers[i]
			}
			e.Headers = append(e.Headers, schemas.Header{Key: r.changed(was.Key), Value: r.changed(was.Value)})
		}
		if e.Offset < 0 {
			r.Fail("offset %d", e.Offset)
		}
		dst, last = append(dst, e), e
	}
	if r.Err() != nil || last.Position != end {
		return dst, fmt.Errorf("outbox member that ends at %d.%d is torn", last.Offset, last.Index)
	}
	return dst, nil
}

// outboxReader reads the fields of outputs.
type outboxReader struct{ *packed.Reader }

func (r outboxReader) position() (p window.Position) {
	if b := r.Take(positionSize); b != nil {
		p.Offset, p.Index = int64(binary.BigEndian.Uint64(b)), int(binary.BigEndian.Uint32(b[8:]))
	}
	return p
}

// changed reads what appendChanged wrote.
func (r outboxReader) changed(was string) string {
	n := r.oneMore()
	if n < 0 {
		return was
	}
	return string(r.Take(n))
}

// bytes reads what appendBytes wrote.
func (r outboxReader) bytes() []byte {
	n := r.oneMore()
	if n < 0 {
		return nil
	}
	return append([]byte{}, r.Take(n)...)
}

// oneMore reads a length that was written one larger, as 0 says that no bytes follow: -1.
func (r outboxReader) oneMore() int {
	return int(r.Uint(uint64(len(r.Rest())))) - 1
}
