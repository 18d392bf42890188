package schemas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// The Arrow reader believes the lengths that a stream names and allocates them before it
// reads. A few hostile bytes can ask for gigabytes so, and Go cannot recover from that. So
// the frames and the lengths within their metadata are checked first, and the reader's
// buffers have a budget.

// budget is an allocator that gives as many bytes as a body can hold, and then panics;
// decodeArrow recovers.
type budget struct{ left int }

var errBudget = errors.New("the stream names buffers larger than itself")

func (b *budget) take(size int) {
	if size < 0 || size > b.left {
		panic(errBudget)
	}
	b.left -= size
}

func (b *budget) Allocate(size int) []byte {
	b.take(size)
	return memory.DefaultAllocator.Allocate(size)
}

func (b *budget) Reallocate(size int, old []byte) []byte {
	b.take(max(0, size-len(old)))
	return memory.DefaultAllocator.Reallocate(size, old)
}

func (b *budget) Free(old []byte) {
	b.left += len(old)
	memory.DefaultAllocator.Free(old)
}

// Fields of the flatbuffers of Arrow's IPC format by their numbers, as its files
// format/Message.fbs and format/Schema.fbs give them.
const (
	messageHeaderType, messageHeader, messageBodyLength, messageMetadata = 1, 2, 3, 4
	schemaFields, schemaMetadata                                         = 1, 2
	fieldDictionary, fieldChildren, fieldMetadata                        = 4, 5, 6
	batchLength, batchNodes, batchBuffers, batchCompression              = 0, 1, 2, 3

	headerSchema, headerRecordBatch = 1, 3
)

// checkArrowFrames walks the frames of a stream: for each a length, its metadata, and a body
// of the length that the metadata names. It panics where an offset leads out of the bytes,
// and the caller recovers.
func checkArrowFrames(b []byte) *Problem {
	torn := func(found string) *Problem {
		return NewProblem(Unreadable, "body", found, "a whole Arrow IPC stream")
	}
	for frame := 0; len(b) > 0; frame++ {
		if len(b) < 4 {
			return torn(fmt.Sprintf("%d bytes at the end", len(b)))
		}
		size := binary.LittleEndian.Uint32(b)
		b = b[4:]
		if size == math.MaxUint32 { // the continuation mark of formats since 0.15
			if len(b) < 4 {
				return torn(fmt.Sprintf("%d bytes at the end", len(b)))
			}
			size = binary.LittleEndian.Uint32(b)
			b = b[4:]
		}
		if size == 0 {
			return nil // end of stream
		}
		if uint64(size) > uint64(len(b)) {
			return torn(fmt.Sprintf("frame %d of %d bytes with %d left", frame, size, len(b)))
		}
		meta := b[:size]
		b = b[size:]
		body, problem := checkArrowMessage(meta, frame)
		if problem != nil {
			return problem
		}
		if body < 0 || body > int64(len(b)) {
			return torn(fmt.Sprintf("a body of %d bytes with %d left", body, len(b)))
		}
		b = b[body:]
	}
	return nil
}

// checkArrowMessage checks the metadata of a frame and returns the length of the body that
// follows it. The first frame must be a schema, all others record batches.
func checkArrowMessage(meta []byte, frame int) (body int64, problem *Problem) {
	root := flat{meta, int(binary.LittleEndian.Uint32(meta))}
	if at := root.field(messageBodyLength); at != 0 {
		body = int64(binary.LittleEndian.Uint64(meta[at:]))
	}
	root.vector(messageMetadata, 4)
	kind := byte(0)
	if at := root.field(messageHeaderType); at != 0 {
		kind = meta[at]
	}
	header, ok := root.table(messageHeader)
	want := byte(headerRecordBatch)
	if frame == 0 {
		want = headerSchema
	}
	if !ok || kind != want {
		return 0, NewProblem(Unreadable, "body", fmt.Sprintf("frame %d of kind %d", frame, kind), "an Arrow IPC stream: a schema, then record batches, no dictionaries")
	}
	if kind == headerSchema {
		return body, checkArrowSchema(header)
	}
	if _, compressed := header.table(batchCompression); compressed {
		return 0, NewProblem(BadField, "body", "compressed buffers", "uncompressed buffers: let Kafka compress the batch, or send gzip with "+HeaderEncoding)
	}
	header.vector(batchNodes, 16)
	header.vector(batchBuffers, 16)
	if at := header.field(batchLength); at != 0 {
		if rows := int64(binary.LittleEndian.Uint64(meta[at:])); rows < 0 || rows > MaxStrip {
			return 0, NewProblem(TooLarge, "body", fmt.Sprintf("%d rows", rows), fmt.Sprintf("at most %d", MaxStrip))
		}
	}
	return body, nil
}

// checkArrowSchema refuses columns that hold more than one plain buffer of values: what they
// name could be nested without end.
func checkArrowSchema(schema flat) *Problem {
	schema.vector(schemaMetadata, 4)
	fields := schema.vector(schemaFields, 4)
	for _, at := range fields {
		field := flat{schema.b, at}
		field.vector(fieldMetadata, 4)
		if len(field.vector(fieldChildren, 4)) > 0 {
			return NewProblem(BadField, "schema", "a nested column", "plain columns")
		}
		if _, dictionary := field.table(fieldDictionary); dictionary {
			return NewProblem(BadField, "schema", "a column in dictionary encoding", "plain columns")
		}
	}
	return nil
}

// flat is a table of a flatbuffer at a place in b. An offset that leads out of b panics.
type flat struct {
	b  []byte
	at int
}

// field returns where a field stands, or 0 if it is not there.
func (f flat) field(n int) int {
	vtable := f.at - int(int32(binary.LittleEndian.Uint32(f.b[f.at:])))
	if size := int(binary.LittleEndian.Uint16(f.b[vtable:])); 4+2*n+2 > size {
		return 0
	}
	offset := int(binary.LittleEndian.Uint16(f.b[vtable+4+2*n:]))
	if offset == 0 {
		return 0
	}
	return f.at + offset
}

// table returns the table that a field leads to.
func (f flat) table(n int) (flat, bool) {
	at := f.field(n)
	if at == 0 {
		return flat{}, false
	}
	return flat{f.b, at + int(binary.LittleEndian.Uint32(f.b[at:]))}, true
}

// vector checks that a vector of elements of a size lies within the bytes. Elements of 4
// bytes are offsets to tables here, and it returns where these stand.
func (f flat) vector(n, size int) []int {
	at := f.field(n)
	if at == 0 {
		return nil
	}
	at += int(binary.LittleEndian.Uint32(f.b[at:]))
	count := int(binary.LittleEndian.Uint32(f.b[at:]))
	at += 4
	if count > (len(f.b)-at)/size {
		panic(errBudget)
	}
	if size != 4 {
		return nil
	}
	tables := make([]int, count)
	for i := range tables {
		tables[i] = at + 4*i + int(binary.LittleEndian.Uint32(f.b[at+4*i:]))
	}
	return tables
}
