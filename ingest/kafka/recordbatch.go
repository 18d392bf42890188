package kafka

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/segmentio/kafka-go/compress"

	"github.com/vigil-icu/vigil/schemas"
)

// Offsets in the head of a record batch, from its first byte, and bits of its
// attributes: Kafka protocol, "Record Batch".
const (
	atLength     = 8
	atMagic      = 16
	atCRC        = 17
	atAttributes = 21
	atLastDelta  = 23
	atTime       = 27
	atMaxTime    = 35
	atProducer   = 43
	atCount      = 57
	atRecords    = 61

	isCompressed    = 0x07
	isLogAppendTime = 0x08
	isTransactional = 0x10
	isControl       = 0x20
)

// aborted is a transaction that its producer has given up. Its records begin at the offset
// First and end with the producer's next control batch.
type aborted struct{ Producer, First int64 }

// Limits of what a batch may hold: what it makes in memory is many times what it takes
// on the wire.
const (
	maxRecords = 1 << 18 // of a batch
	maxHeaders = 1 << 16 // of a record
)

// errTorn means that what came is no whole record batch, or was changed on its way. The reader
// asks for it again.
var errTorn = fmt.Errorf("torn record batch: %w", io.ErrUnexpectedEOF)

// records decodes the batches that a fetch brought of a partition.
type records struct {
	topic     string
	partition int
	pass      bool // a batch that cannot be read is passed on as one message, which says why

	headers []schemas.Header // of the last record that had some
	raw     []byte           // the bytes of headers, by which the next record's are recognised
}

// decode appends to dst the records of the batches from offset next on, and returns the offset
// behind the last batch. Records of the aborted transactions in over, which brokers name in
// the order in which they ended, and the control records that end transactions, are left out. A batch that the fetch cut off comes again
// with the next fetch. Keys and values are parts of block's memory.
func (d *records) decode(dst []schemas.Message, block []byte, next int64, over []aborted) (_ []schemas.Message, _ int64, err error) {
	gone := openingsOf(over)
	for len(block) >= atRecords {
		base := int64(binary.BigEndian.Uint64(block))
		size := int64(binary.BigEndian.Uint32(block[atLength:])) + atLength + 4
		if block[atMagic] != 2 {
			return dst, next, fmt.Errorf("offset %d: records in message format %d; Vigil reads format 2, which brokers write since Kafka 0.11", base, block[atMagic])
		}
		if size > int64(len(block)) {
			break
		}
		batch := block[:size]
		block = block[size:]
		if size < atRecords || crc32.Checksum(batch[atAttributes:], castagnoli) != binary.BigEndian.Uint32(batch[atCRC:]) {
			return dst, next, fmt.Errorf("offset %d: %w: its checksum does not agree", base, errTorn)
		}
		attributes := binary.BigEndian.Uint16(batch[atAttributes:])
		producer := int64(binary.BigEndian.Uint64(batch[atProducer:]))
		last := base + int64(binary.BigEndian.Uint32(batch[atLastDelta:]))
		switch {
		case attributes&isControl != 0:
			gone.end(producer, last)
		case last < next, attributes&isTransactional != 0 && gone.within(producer, last):
		default:
			whole, problem := d.batch(dst, batch, base, next, attributes)
			switch {
			case problem == nil:
				dst = whole
			case d.pass:
				dst = append(dst, schemas.Message{
					Topic: d.topic, Partition: d.partition, Offset: last, Value: batch, Unread: problem,
					Appended: int64(binary.BigEndian.Uint64(batch[atMaxTime:])),
				})
			default:
				return dst, next, fmt.Errorf("offsets %d to %d cannot be read: %w", base, last, problem)
			}
		}
		next = max(next, last+1)
	}
	return dst, next, nil
}

// openings are the first offsets of aborted transactions that have not ended, by producer. One
// producer has one transaction at a time, those of several overlap at will.
type openings map[int64][]int64

func openingsOf(over []aborted) openings {
	if len(over) == 0 {
		return nil
	}
	o := openings{}
	for _, a := range over {
		o[a.Producer] = append(o[a.Producer], a.First)
	}
	return o
}

// within says whether what the producer has written at an offset belongs to one of them.
func (o openings) within(producer, offset int64) bool {
	return slices.ContainsFunc(o[producer], func(first int64) bool { return first <= offset })
}

// end takes out those that the producer's control batch at an offset ends.
func (o openings) end(producer, offset int64) {
	if firsts, ok := o[producer]; ok {
		o[producer] = slices.DeleteFunc(firsts, func(first int64) bool { return first <= offset })
	}
}

// batch appends to dst the records of a batch from offset from on, or says why it cannot be
// read: its writer has made it so, since its checksum agrees. base is the offset that the
// batch's records count from.
func (d *records) batch(dst []schemas.Message, batch []byte, base, from int64, attributes uint16) (_ []schemas.Message, problem *schemas.Problem) {
	body := batch[atRecords:]
	if kind := compress.Compression(attributes & isCompressed); kind != compress.None {
		if body, problem = expand(kind, body); problem != nil {
			return nil, problem
		}
	}
	count := binary.BigEndian.Uint32(batch[atCount:])
	if count > maxRecords {
		return nil, schemas.NewProblem(schemas.TooLarge, "batch", fmt.Sprint(count, " records"), fmt.Sprint("at most ", maxRecords))
	}
	begun, end := int64(binary.BigEndian.Uint64(batch[atTime:])), int64(binary.BigEndian.Uint64(batch[atMaxTime:]))
	var c, r wire
	c.Reset(body)
	for k := range count {
		r.Reset(c.bytes())
		if c.Err() != nil || len(r.Rest()) == 0 {
			return nil, tornRecord(k, count)
		}
		r.Skip(1) // attributes: none are known
		m := schemas.Message{Topic: d.topic, Partition: d.partition, Appended: begun + r.varint()}
		if attributes&isLogAppendTime != 0 {
			m.Appended = end
		}
		m.Offset = base + r.varint()
		m.Key, m.Value = r.bytes(), r.bytes()
		m.Headers = d.same(&r)
		if r.Err() != nil {
			return nil, tornRecord(k, count)
		}
		if m.Offset >= from {
			dst = append(dst, m)
		}
	}
	return dst, nil
}

func tornRecord(k, count uint32) *schemas.Problem {
	return schemas.NewProblem(schemas.Unreadable, "batch", fmt.Sprintf("record %d of %d is torn", k+1, count), "records as Kafka's protocol has them, message format 2")
}

// same returns the headers that a record ends with. Where they are those of the record before,
// as they usually are, it returns the same slice, which costs no memory.
func (d *records) same(r *wire) []schemas.Header {
	raw := r.Rest()
	n := r.varint()
	switch {
	case r.Err() != nil:
		return nil
	case n < 0 || n > maxHeaders || n > int64(len(raw)):
		r.Fail("%d headers in %d bytes", n, len(raw))
		return nil
	case n == 0:
		return nil
	case bytes.Equal(raw, d.raw):
		return d.headers
	}
	headers := make([]schemas.Header, n)
	for i := range headers {
		headers[i] = schemas.Header{Key: string(r.bytes()), Value: string(r.bytes())}
	}
	if r.Err() == nil {
		d.headers, d.raw = headers, bytes.Clone(raw)
	}
	return headers
}
