package kafka

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/segmentio/kafka-go/compress"

	"github.com/vigil-icu/vigil/schemas"
)

// squeezed is a batch whose records are these bytes in a compression, as a client may make it.
func squeezed(t testing.TB, base int64, kind compress.Compression, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := kind.Codec().NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return headed(base, uint16(kind), out.Bytes())
}

// headed is a batch of one record, says its head, and of these bytes.
func headed(base int64, attributes uint16, body []byte) []byte {
	b := append(appendBatch(nil, messages(1, 0), session{-1, -1, -1}, 1000)[4:][:atRecords], body...)
	binary.BigEndian.PutUint64(b, uint64(base))
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-atLength-4))
	binary.BigEndian.PutUint16(b[atAttributes:], attributes)
	sign(b)
	return b
}

// unreadable are batches with a checksum that agrees, of which nothing can be read.
func unreadable(t testing.TB, base int64) map[string][]byte {
	zeros := make([]byte, maxExpanded+1)
	records := headed(base, 0, nil)
	binary.BigEndian.PutUint32(records[atCount:], 1<<31)
	sign(records)
	headers := binary.AppendVarint([]byte{0, 0, 0, 1, 1}, maxHeaders+1)
	headers = append(headers, zeros[:4*maxHeaders]...)
	return map[string][]byte{
		"gzip bomb":        squeezed(t, base, compress.Gzip, zeros),
		"zstd bomb":        squeezed(t, base, compress.Zstd, zeros),
		"lz4 bomb":         squeezed(t, base, compress.Lz4, zeros),
		"snappy bomb":      squeezed(t, base, compress.Snappy, zeros),
		"snappy claims":    headed(base, uint16(compress.Snappy), append(binary.AppendUvarint(nil, 1<<32-1), 0xfe, 0, 0)),
		"snappy claims 2":  headed(base, uint16(compress.Snappy), append(binary.AppendUvarint(nil, maxExpanded-1), 0xfe, 0, 0)),
		"snappy block":     headed(base, uint16(compress.Snappy), []byte(xerial+"\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff")),
		"zstd window":      headed(base, uint16(compress.Zstd), []byte("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00")),
		"zstd claims":      headed(base, uint16(compress.Zstd), []byte("\x28\xb5\x2f\xfd\xe0\xff\xff\xff\xff\xff\xff\x00\x00\x01\x00\x00")),
		"no gzip":          headed(base, uint16(compress.Gzip), []byte("plain text")),
		"no compression 7": headed(base, 7, []byte("plain text")),
		"2^31 records":     records,
		"torn record":      headed(base, 0, []byte{40, 0, 0}),
		"headers":          headed(base, 0, append(binary.AppendVarint(nil, int64(len(headers))), headers...)),
	}
}

// A batch that cannot be read is passed on with what is wrong, in bounded memory, and those
// around it are read; who does not ask for that gets an error which does not pass.
func TestUnreadBatch(t *testing.T) {
	for name, bad := range unreadable(t, 3) {
		block := append(batches(1), bad...)
		after := batches(1)
		binary.BigEndian.PutUint64(after, 4)
		block = append(block, after...)
		d := records{topic: schemas.TopicVitals, pass: true}
		var before, behind runtime.MemStats
		runtime.ReadMemStats(&before)
		got, next, err := d.decode(nil, block, 0, nil)
		runtime.ReadMemStats(&behind)
		if err != nil || next != 7 || len(got) != 7 {
			t.Fatalf("%s: %d messages, next %d, %v, want 7", name, len(got), next, err)
		}
		for i, m := range got {
			if m.Offset != int64(i) || (m.Unread != nil) != (i == 3) {
				t.Errorf("%s: message %d: offset %d, %v", name, i, m.Offset, m.Unread)
			}
		}
		if m := got[3]; !bytes.Equal(m.Value, bad) {
			t.Errorf("%s: what is passed on is not the batch", name)
		}
		most := uint64(1 << 20) // where only a claim is large
		if name == "headers" {
			most = 16 << 20
		}
		if allocated := behind.TotalAlloc - before.TotalAlloc; allocated > most && !bytes.HasSuffix([]byte(name), []byte("bomb")) || allocated > 8*maxExpanded {
			t.Errorf("%s: %d MiB were allocated", name, allocated>>20)
		}
		strict := records{topic: schemas.TopicLog}
		if got, next, err := strict.decode(nil, block, 0, nil); err == nil || temporary(err) || len(got) != 3 || next != 3 {
			t.Errorf("%s: without being asked: %d messages, next %d, %v", name, len(got), next, err)
		}
	}
}

// What is as large as it may be is read.
func TestExpandUpToTheLimit(t *testing.T) {
	body := bytes.Repeat([]byte("fifteen bytes.."), maxExpanded/15)
	for _, kind := range []compress.Compression{compress.Gzip, compress.Snappy, compress.Lz4, compress.Zstd} {
		var out bytes.Buffer
		w := kind.Codec().NewWriter(&out)
		_, err := io.Copy(w, bytes.NewReader(body))
		if err == nil {
			err = w.Close()
		}
		if got, problem := expand(kind, out.Bytes()); err != nil || problem != nil || !bytes.Equal(got, body) {
			t.Errorf("%v: %d bytes of %d, %v, %v", kind, len(got), len(body), problem, err)
		}
	}
}
