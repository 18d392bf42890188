package kafka

import (
	"encoding/binary"
	"hash/crc32"

	"github.com/vigil-icu/vigil/schemas"
)

// session is what makes a batch idempotent: who writes it, and the sequence number of its first
// record.
type session struct {
	id       int64
	epoch    int16
	sequence int32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendBatch appends a record batch of format 2 to dst, with its 4-byte size in front, as a
// produce request carries it. All records have the time now (Unix ms), which does not
// matter: topics are set to LogAppendTime, so that the broker puts its own.
//
// The layout is that of Kafka's protocol guide, "Record Batch"; the numbers in the comments
// below are byte offsets from the batch's beginning.
func appendBatch(dst []byte, messages []schemas.Message, s session, now int64) []byte {
	start := len(dst) + 4
	last := int32(len(messages) - 1)
	be := binary.BigEndian
	dst = be.AppendUint32(dst, 0)                  // size, filled in below
	dst = be.AppendUint64(dst, 0)                  // 0 base offset
	dst = be.AppendUint32(dst, 0)                  // 8 batch length, filled in below
	dst = be.AppendUint32(dst, 0xffffffff)         // 12 partition leader epoch
	dst = append(dst, 2)                           // 16 magic
	dst = be.AppendUint32(dst, 0)                  // 17 CRC, filled in below
	dst = be.AppendUint16(dst, 0)                  // 21 attributes: no compression, not transactional
	dst = be.AppendUint32(dst, uint32(last))       // 23 last offset delta
	dst = be.AppendUint64(dst, uint64(now))        // 27 first timestamp
	dst = be.AppendUint64(dst, uint64(now))        // 35 max timestamp
	dst = be.AppendUint64(dst, uint64(s.id))       // 43 producer id
	dst = be.AppendUint16(dst, uint16(s.epoch))    // 51 producer epoch
	dst = be.AppendUint32(dst, uint32(s.sequence)) // 53 base sequence
	dst = be.AppendUint32(dst, uint32(len(messages)))
	for i := range messages {
		dst = appendRecord(dst, &messages[i], int64(i))
	}
	be.PutUint32(dst[start-4:], uint32(len(dst)-start))
	be.PutUint32(dst[start+8:], uint32(len(dst)-start-12))
	be.PutUint32(dst[start+17:], crc32.Checksum(dst[start+21:], castagnoli))
	return dst
}

// appendRecord appends one record, which is delta behind the batch's first one.
func appendRecord(dst []byte, m *schemas.Message, delta int64) []byte {
	length := 1 + varintLen(0) + varintLen(delta) + bytesLen(m.Key) + bytesLen(m.Value) + varintLen(int64(len(m.Headers)))
	for _, h := range m.Headers {
		length += varintLen(int64(len(h.Key))) + len(h.Key) + varintLen(int64(len(h.Value))) + len(h.Value)
	}
	dst = binary.AppendVarint(dst, int64(length))
	dst = append(dst, 0)              // attributes
	dst = binary.AppendVarint(dst, 0) // timestamp delta
	dst = binary.AppendVarint(dst, delta)
	dst = appendBytes(dst, m.Key)
	dst = appendBytes(dst, m.Value)
	dst = binary.AppendVarint(dst, int64(len(m.Headers)))
	for _, h := range m.Headers {
		dst = append(binary.AppendVarint(dst, int64(len(h.Key))), h.Key...)
		dst = append(binary.AppendVarint(dst, int64(len(h.Value))), h.Value...)
	}
	return dst
}

// appendBytes appends a length and the bytes. nil has the length -1 and stands for no key, or
// for a value that deletes its key.
func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

func bytesLen(b []byte) int {
	if b == nil {
		return 1
	}
	return varintLen(int64(len(b))) + len(b)
}

func varintLen(v int64) int {
	n := 1
	for u := uint64(v)<<1 ^ uint64(v>>63); u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

// recordSize is an upper bound of the bytes that a message takes in a batch.
func recordSize(m *schemas.Message) int {
	n := 40 + len(m.Key) + len(m.Value)
	for _, h := range m.Headers {
		n += 10 + len(h.Key) + len(h.Value)
	}
	return n
}
