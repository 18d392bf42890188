package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/vigil-icu/vigil/schemas"
)

// batches are n batches of three records each from offset 0 on, without their sizes in
// front, as a fetch brings them.
func batches(n int) (block []byte) {
	for i := range n {
		m := messages(3, 3*i)
		m[1].Key, m[2].Value, m[2].Headers = nil, nil, nil
		b := appendBatch(nil, m, session{7, 0, int32(3 * i)}, 1000)[4:]
		binary.BigEndian.PutUint64(b, uint64(3*i)) // the broker's
		block = append(block, b...)
	}
	return block
}

// What is encoded is decoded, from any offset on, and as kafka-go decodes it.
func TestDecode(t *testing.T) {
	block := batches(4)
	theirs := plainly(t, block)
	d := records{topic: schemas.TopicLog, partition: 5}
	for from := range int64(13) {
		got, next, err := d.decode(nil, block, from, nil)
		if err != nil || next != max(from, 12) {
			t.Fatalf("from %d: next %d, %v", from, next, err)
		}
		if diff := cmp.Diff(theirs[from:], got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("from %d: %s", from, diff)
		}
	}
}

// plainly decodes by kafka-go.
func plainly(t testing.TB, block []byte) (out []schemas.Message) {
	t.Helper()
	var set protocol.RecordSet
	if _, err := set.ReadFrom(io.MultiReader(bytes.NewReader(binary.BigEndian.AppendUint32(nil, uint32(len(block)))), bytes.NewReader(block))); err != nil {
		t.Fatal("kafka-go cannot read it:", err)
	}
	for {
		r, err := set.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		m := schemas.Message{Topic: schemas.TopicLog, Partition: 5, Offset: r.Offset, Appended: r.Time.UnixMilli()}
		if r.Key != nil {
			m.Key, _ = protocol.ReadAll(r.Key)
		}
		if r.Value != nil {
			m.Value, _ = protocol.ReadAll(r.Value)
		}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, schemas.Header{Key: h.Key, Value: string(h.Value)})
		}
		out = append(out, m)
	}
}

// A batch whose last records compaction has taken ends where it ended before; the one
// that a fetch cuts off is not begun; one that is torn is said.
func TestDecodeCutAndTorn(t *testing.T) {
	block := batches(2)
	size := len(block) / 2
	d := records{}
	for cut := range block {
		got, next, err := d.decode(nil, block[:cut], 0, nil)
		if want := cut / size; err != nil || len(got) != 3*want || next != int64(3*want) {
			t.Fatalf("cut at %d of %d: %d records, next %d, %v", cut, size, len(got), next, err)
		}
	}
	for at := atAttributes; at < size; at++ {
		torn := bytes.Clone(block)
		torn[at] ^= 1
		if _, _, err := d.decode(nil, torn, 0, nil); !errors.Is(err, errTorn) {
			t.Fatalf("byte %d: %v", at, err)
		}
	}
	old := bytes.Clone(block)
	old[atMagic] = 1
	if _, _, err := d.decode(nil, old, 0, nil); err == nil {
		t.Fatal("a batch of an old format is read")
	}
	emptied := appendBatch(nil, nil, session{7, 0, 0}, 1000)[4:]
	binary.BigEndian.PutUint32(emptied[atLastDelta:], 9)
	sign(emptied)
	if got, next, err := d.decode(nil, append(emptied, emptied...), 0, nil); err != nil || len(got) != 0 || next != 10 {
		t.Fatalf("behind emptied batches: %d records, next %d, %v", len(got), next, err)
	}
}

// sign gives a batch its checksum.
func sign(b []byte) {
	binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atAttributes:], castagnoli))
}

func FuzzDecode(f *testing.F) {
	f.Add(batches(2)[atAttributes:])
	f.Fuzz(func(t *testing.T, rest []byte) { // behind the checksum, which is made to agree
		b := make([]byte, atAttributes, atAttributes+len(rest))
		b[atMagic] = 2
		b = append(b, rest...)
		binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-atLength-4))
		if len(b) >= atRecords {
			sign(b)
		}
		var d records
		got, next, err := d.decode(nil, b, 0, nil)
		if err == nil && len(got) > 0 && next == 0 {
			t.Fatal("records without an end")
		}
	})
}

// What other clients compress is read, on whatever broker this is.
func TestCompressed(t *testing.T) {
	c, _ := testCluster(t, 1)
	c.init()
	n := 0
	for _, kind := range []compress.Compression{compress.Gzip, compress.Snappy, compress.Lz4, compress.Zstd} {
		sent := messages(50, n)
		if err := c.retry(t.Context(), "writing", func() error {
			var records []kafkago.Record
			for _, m := range sent {
				r := kafkago.Record{Key: kafkago.NewBytes(m.Key), Value: kafkago.NewBytes(m.Value)}
				for _, h := range m.Headers {
					r.Headers = append(r.Headers, kafkago.Header{Key: h.Key, Value: []byte(h.Value)})
				}
				records = append(records, r)
			}
			r, err := c.client.Produce(t.Context(), &kafkago.ProduceRequest{
				Topic: c.topic(schemas.TopicVitals), RequiredAcks: kafkago.RequireAll, Records: kafkago.NewRecordReader(records...), Compression: kafkago.Compression(kind),
			})
			if err != nil {
				return err
			}
			return r.Error
		}); err != nil {
			t.Fatal(kind, err)
		}
		n += len(sent)
	}
	wantValues(t, readAll(t, c, schemas.TopicVitals, 0), n, 0)
}

// Records of aborted transactions never come, those of others around and within do.
func TestAborted(t *testing.T) {
	c, _ := testCluster(t, 1)
	plain := c.NewProducer(c.Prefix + "plain")
	mustAppend(t, plain, schemas.TopicVitals, 1, 0)
	gone := begin(t, c)
	gone.write(t, 3, 100)
	mustAppend(t, plain, schemas.TopicVitals, 1, 1)
	gone.write(t, 2, 103)
	gone.end(t, false)
	kept := begin(t, c)
	kept.write(t, 1, 2)
	kept.end(t, true)
	mustAppend(t, plain, schemas.TopicVitals, 1, 3)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := readAll(t, c, schemas.TopicVitals, 0)
		if len(got) >= 4 || time.Now().After(deadline) {
			wantValues(t, got, 4, 0)
			return
		}
	}
}

// Transactions overlap, and brokers name the aborted ones in the order in which they ended.
// Whatever that order is, no record of them comes, and all others do.
func TestDecodeOverlappingAborts(t *testing.T) {
	batch := func(base, producer int64, attributes uint16) []byte {
		b := appendBatch(nil, messages(1, int(base)), session{producer, 0, 0}, 1000)[4:]
		binary.BigEndian.PutUint64(b, uint64(base))
		binary.BigEndian.PutUint16(b[atAttributes:], attributes)
		sign(b)
		return b
	}
	const record, end = isTransactional, isTransactional | isControl
	var block []byte
	for base, b := range []struct {
		producer   int64
		attributes uint16
	}{
		{7, record}, // the first of 7, aborted at 4
		{8, record}, // the first of 8, aborted at 3
		{9, 0},
		{8, end},
		{7, end},
		{8, record}, // the second of 8, committed at 7
		{7, record}, // the second of 7, aborted at 9
		{8, end},
		{9, 0},
		{7, end},
	} {
		block = append(block, batch(int64(base), b.producer, b.attributes)...)
	}
	over := []aborted{{8, 1}, {7, 0}, {7, 6}}
	for range 3 {
		d := records{}
		got, next, err := d.decode(nil, block, 0, over)
		var offsets []int64
		for _, m := range got {
			offsets = append(offsets, m.Offset)
		}
		if diff := cmp.Diff([]int64{2, 5, 8}, offsets); err != nil || next != 10 || diff != "" {
			t.Errorf("aborted %v: next %d, %v, offsets %s", over, next, err, diff)
		}
		over = append(over[1:], over[0])
	}
}

// Overlapping transactions on whatever broker this is: the one that begins later is aborted
// first, and another one's records come from between.
func TestOverlappingAborts(t *testing.T) {
	c, _ := testCluster(t, 1)
	plain := c.NewProducer(c.Prefix + "plain")
	mustAppend(t, plain, schemas.TopicVitals, 1, 0)
	first, kept, later := beginAs(t, c, "first"), beginAs(t, c, "kept"), beginAs(t, c, "later")
	first.write(t, 1, 100)
	kept.write(t, 1, 1)
	later.write(t, 1, 101)
	first.write(t, 1, 102)
	later.end(t, false)
	kept.end(t, true)
	first.write(t, 1, 103)
	first.end(t, false)
	mustAppend(t, plain, schemas.TopicVitals, 1, 2)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := readAll(t, c, schemas.TopicVitals, 0)
		if len(got) >= 3 && string(got[len(got)-1].Value) == string(messages(1, 2)[0].Value) || time.Now().After(deadline) {
			wantValues(t, got, 3, 0)
			return
		}
	}
}

// Batches of one partition go one after the other, those of several together.
func TestTake(t *testing.T) {
	l := lane{}
	for _, p := range []int{1, 2, 1, 3, 1} {
		l.waiting = append(l.waiting, &write{topic: "t", partition: p, batch: make([]byte, 1)})
	}
	l.waiting = append(l.waiting, &write{topic: "t", partition: 4, batch: make([]byte, maxWrite)})
	var got string
	for batch := l.take(); len(batch) > 0; batch = l.take() {
		for _, w := range batch {
			got += fmt.Sprint(w.partition)
		}
		got += " "
	}
	if want := "123 1 1 4 "; got != want {
		t.Fatalf("%q go, want %q", got, want)
	}
}
