package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

func TestAppendThenReadInOrder(t *testing.T) {
	c, _ := testCluster(t, 2)
	p := c.NewProducer(c.Prefix + "t")
	if err := p.Claim(t.Context(), schemas.TopicLog, []int{1}, nil); err != nil {
		t.Fatal(err)
	}
	const n = 4500 // more than one batch
	base, err := p.Append(t.Context(), schemas.TopicLog, 1, messages(n, 0))
	if err != nil || base != 1 {
		t.Fatalf("Append = %d, %v, want offset 1 behind the claim", base, err)
	}
	got := readAll(t, c, schemas.TopicLog, 1)
	wantValues(t, got, n, 0)
	for i := range got {
		if string(got[i].Key) != "k" || got[i].Offset != int64(i+1) || got[i].Appended == 0 || got[i].Topic != schemas.TopicLog || got[i].Partition != 1 {
			t.Fatalf("record %d is %+v", i, got[i])
		}
		if v, _ := got[i].Header("i"); v != fmt.Sprint(i) {
			t.Fatalf("record %d has header %q", i, v)
		}
	}
	tail, err := c.LastRecords(t.Context(), schemas.TopicLog, 1, 3)
	if err != nil || len(tail) != 3 || tail[2].Offset != n {
		t.Fatalf("LastRecords = %v, %v", tail, err)
	}
}

// Each way of cutting reads must give every record once.
func TestResume(t *testing.T) {
	c, _ := testCluster(t, 1)
	p := c.NewProducer(c.Prefix + "t")
	mustAppend(t, p, schemas.TopicLog, 1000, 0)
	r := c.NewReader(schemas.TopicLog, 0, 100)
	var got []schemas.Message
	for _, limit := range []int{7, 1, 250, 0, 3, 1000} { // 0 counts as 1
		if int(r.Next()) != 100+len(got) {
			t.Fatalf("Next = %d after %d records from 100", r.Next(), len(got))
		}
		few, err := r.Read(t.Context(), limit)
		if err != nil || len(few) > max(limit, 1) {
			t.Fatalf("Read(%d) = %d records, %v", limit, len(few), err)
		}
		got = append(got, few...)
	}
	wantValues(t, got, 900, 100)
	r.GoTo(998)
	if again, err := r.Read(t.Context(), 10); err != nil || len(again) != 2 || r.Next() != 1000 {
		t.Fatalf("after GoTo(998) Read = %d records, %v, Next %d", len(again), err, r.Next())
	}
	other := c.NewReader(schemas.TopicLog, 0, r.Next())
	mustAppend(t, p, schemas.TopicLog, 1, 1000)
	if next, err := other.Read(t.Context(), 10); err != nil || len(next) != 1 || next[0].Offset != 1000 {
		t.Fatalf("a new reader from Next reads %v, %v", next, err)
	}
}

// The bytes of a record must not change when the reader goes on.
func TestBytesStay(t *testing.T) {
	c, _ := testCluster(t, 1)
	mustAppend(t, c.NewProducer(c.Prefix+"t"), schemas.TopicLog, 400, 0)
	r := c.NewReader(schemas.TopicLog, 0, 0)
	var kept []schemas.Message
	for len(kept) < 400 {
		got, err := r.Read(t.Context(), 50)
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, got...)
		got = append(got, schemas.Message{}) // must not reach what the next Read returns
		_ = got
	}
	wantValues(t, kept, 400, 0)
}

func TestReadWaitsAtTheTail(t *testing.T) {
	c, _ := testCluster(t, 1)
	r := c.NewReader(schemas.TopicLog, 0, 0)
	if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 0 { // dials
		t.Fatalf("Read at the tail = %v, %v", got, err)
	}
	begun := time.Now()
	for range 2 {
		if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 0 {
			t.Fatalf("Read at the tail = %v, %v", got, err)
		}
	}
	if took := time.Since(begun); took < MaxWait || took > 2*MaxWait+time.Second {
		t.Errorf("two reads at the tail took %v, want about %v each", took, MaxWait)
	}
	mustAppend(t, c.NewProducer(c.Prefix+"t"), schemas.TopicLog, 1, 0)
	if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 1 {
		t.Fatalf("Read = %v, %v, want the record", got, err)
	}
}

// A record must reach a Read that already waits, long before MaxWait.
func TestReadWakesUp(t *testing.T) {
	c, _ := testCluster(t, 1)
	p := c.NewProducer(c.Prefix + "t")
	mustAppend(t, p, schemas.TopicLog, 1, 0)
	r := c.NewReader(schemas.TopicLog, 0, 1)
	sent := make(chan time.Time)
	go func() {
		defer close(sent)
		for i := range 21 {
			time.Sleep(17 * time.Millisecond)
			begun := time.Now()
			if _, err := p.Append(context.Background(), schemas.TopicLog, 0, messages(1, i+1)); err != nil {
				return
			}
			sent <- begun
		}
	}()
	var took []time.Duration
	for len(took) < 21 {
		got, err := r.Read(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for range got {
			took = append(took, time.Since(<-sent))
		}
	}
	<-sent
	slices.Sort(took)
	t.Logf("from Append to Read: p50 %v, max %v", took[10], took[20])
	if took[10] > MaxWait/3 {
		t.Errorf("half of the records took longer than %v", took[10])
	}
}

func TestLargeRecords(t *testing.T) {
	c, _ := testCluster(t, 1)
	p := c.NewProducer(c.Prefix + "t")
	big := bytes.Repeat([]byte("0123456789abcdef"), 12<<20/16)
	for _, value := range [][]byte{big, []byte("small"), big[:5<<20], {}, nil} {
		if _, err := p.Append(t.Context(), schemas.TopicECG, 0, []schemas.Message{{Key: []byte("k"), Value: value}}); err != nil {
			t.Fatal(err)
		}
	}
	got := readAll(t, c, schemas.TopicECG, 0)
	if len(got) != 5 || !bytes.Equal(got[0].Value, big) || string(got[1].Value) != "small" || !bytes.Equal(got[2].Value, big[:5<<20]) || len(got[3].Value)+len(got[4].Value) != 0 {
		t.Fatalf("read %d records", len(got))
	}
	if _, err := p.Append(t.Context(), schemas.TopicECG, 0, []schemas.Message{{Key: []byte("k"), Value: make([]byte, MaxMessageBytes+1)}}); !errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, ErrFenced) {
		t.Fatalf("a record over the limit = %v, want MessageSizeTooLarge and no fence", err)
	}
	mustAppend(t, p, schemas.TopicECG, 1, 5)
}

// Retention that overtakes a reader, and a log that ends before its offset, are
// said; nothing is skipped.
func TestLostRecordsAreSaid(t *testing.T) {
	c, _ := testCluster(t, 1)
	p := c.NewProducer(c.Prefix + "t")
	for i := range 10 {
		mustAppend(t, p, schemas.TopicLog, 10, 10*i)
	}
	r := c.NewReader(schemas.TopicLog, 0, 5)
	if got, err := r.Read(t.Context(), 5); err != nil || len(got) != 5 {
		t.Fatalf("Read = %d, %v", len(got), err)
	}
	deleteRecords(t, c, schemas.TopicLog, 0, 60)
	var got []schemas.Message
	var err error
	for err == nil && len(got) < 90 { // what was fetched before may still come
		var more []schemas.Message
		more, err = r.Read(t.Context(), 1000)
		got = append(got, more...)
	}
	wantValues(t, got, len(got), 10)
	var lost *DataLossError
	if len(got) < 90 && (!errors.As(err, &lost) || lost.Offset != int64(10+len(got)) || lost.First != 60 || lost.Next != 100) {
		t.Fatalf("after %d records: %v (%+v), want a DataLossError", len(got), err, lost)
	}
	fresh := c.NewReader(schemas.TopicLog, 0, 20)
	if _, err := fresh.Read(t.Context(), 10); !errors.As(err, &lost) || lost.Offset != 20 || lost.First != 60 {
		t.Fatalf("Read of a removed offset = %v, want a DataLossError", err)
	}
	beyond := c.NewReader(schemas.TopicLog, 0, 177)
	if _, err := beyond.Read(t.Context(), 10); !errors.As(err, &lost) || lost.Offset != 177 || lost.Next != 100 {
		t.Fatalf("Read beyond the end = %v, want a DataLossError", err)
	}
	tail, err := c.LastRecords(t.Context(), schemas.TopicLog, 0, 1000)
	if err != nil || len(tail) != 40 {
		t.Fatalf("LastRecords = %d, %v, want the 40 that are left", len(tail), err)
	}
}

// Compaction leaves holes, between records and between batches.
func TestHoles(t *testing.T) {
	c, broker := testCluster(t, 1)
	if broker != nil {
		setTopic(t, c, schemas.TopicAlertStates, "segment.bytes", "1")
	} else { // a real one takes no segment below 1 MiB, but short ones
		setTopic(t, c, schemas.TopicAlertStates, "segment.ms", "1")
		setTopic(t, c, schemas.TopicAlertStates, "min.cleanable.dirty.ratio", "0.01")
	}
	p := c.NewProducer(c.Prefix + "t")
	for i := range 60 {
		key := fmt.Sprint(i % 7)
		if i%10 < 2 {
			key = fmt.Sprint("once", i)
		}
		if _, err := p.Append(t.Context(), schemas.TopicAlertStates, 0, []schemas.Message{
			{Key: []byte(key), Value: fmt.Append(nil, i)}, {Key: []byte("always"), Value: []byte("x")},
		}); err != nil {
			t.Fatal(err)
		}
	}
	after := readAll(t, c, schemas.TopicAlertStates, 0)
	if broker != nil {
		if len(after) != 120 {
			t.Fatalf("%d records before compaction", len(after))
		}
		broker.Compact()
		after = readAll(t, c, schemas.TopicAlertStates, 0)
	}
	for deadline, same := time.Now().Add(60*time.Second), 0; broker == nil && same < 5 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		switch now := readAll(t, c, schemas.TopicAlertStates, 0); { // until its cleaner has been there and does no more
		case len(now) < 60 && len(now) == len(after):
			same++
		default:
			after, same = now, 0
		}
	}
	if len(after) >= 60 || after[len(after)-1].Offset != 119 {
		t.Fatalf("%d records after compaction", len(after))
	}
	for from := range int64(120) {
		at, _ := slices.BinarySearchFunc(after, from, func(m schemas.Message, o int64) int { return int(m.Offset - o) })
		r := c.NewReader(schemas.TopicAlertStates, 0, from)
		got, err := r.Read(t.Context(), 2)
		if err != nil || len(got) == 0 || got[0].Offset != after[at].Offset {
			t.Fatalf("Read from %d = %v, %v, want offset %d first", from, got, err, after[at].Offset)
		}
	}
	for n := 1; n <= len(after); n++ {
		tail, err := c.LastRecords(t.Context(), schemas.TopicAlertStates, 0, n)
		if err != nil || len(tail) != n || tail[0].Offset != after[len(after)-n].Offset {
			t.Fatalf("LastRecords(%d) = %d records, %v", n, len(tail), err)
		}
	}
}

// A transaction's markers are no records, and an open one holds back what is
// behind it without an error.
func TestTransactions(t *testing.T) {
	c, _ := testCluster(t, 1)
	plain := c.NewProducer(c.Prefix + "plain")
	mustAppend(t, plain, schemas.TopicVitals, 1, 0)
	x := begin(t, c)
	x.write(t, 1, 1)
	mustAppend(t, plain, schemas.TopicVitals, 1, 2)
	r := c.NewReader(schemas.TopicVitals, 0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	got, err := r.Read(ctx, 10)
	if err != nil {
		t.Fatal(err)
	}
	wantValues(t, got, 1, 0)
	for range 3 {
		begun := time.Now()
		if got, err := r.Read(ctx, 10); err != nil || len(got) != 0 {
			t.Fatalf("Read before an open transaction's records = %v, %v", got, err)
		}
		if took := time.Since(begun); took > time.Second {
			t.Fatalf("Read took %v before an open transaction", took)
		}
	}
	x.end(t, true)
	mustAppend(t, plain, schemas.TopicVitals, 1, 3)
	for len(got) < 4 {
		more, err := r.Read(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more...)
	}
	wantValues(t, got, 4, 0)
	last := begin(t, c)
	last.write(t, 1, 4)
	last.end(t, true) // the log now ends with a marker
	deadline := time.Now().Add(5 * time.Second)
	for len(got) < 5 && time.Now().Before(deadline) {
		more, err := r.Read(ctx, 10)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, more...)
	}
	wantValues(t, got, 5, 0)
	if more, err := r.Read(ctx, 10); err != nil || len(more) != 0 {
		t.Fatalf("behind the marker Read = %v, %v", more, err)
	}
	for n := 1; n <= 5; n++ {
		tail, err := c.LastRecords(ctx, schemas.TopicVitals, 0, n)
		if err != nil {
			t.Fatal(err)
		}
		wantValues(t, tail, n, 5-n)
	}
}

// Where it is wanted, nothing is held back by an open transaction, and what is given up in the
// end has been read too, once.
func TestReadUncommittedGoesPastAnOpenTransaction(t *testing.T) {
	c, _ := testCluster(t, 1)
	c.ReadUncommitted = true
	plain := c.NewProducer(c.Prefix + "plain")
	mustAppend(t, plain, schemas.TopicVitals, 1, 0)
	x := begin(t, c)
	x.write(t, 1, 1)
	mustAppend(t, plain, schemas.TopicVitals, 1, 2)
	r := c.NewReader(schemas.TopicVitals, 0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []schemas.Message
	read := func(n int) {
		t.Helper()
		for len(got) < n {
			more, err := r.Read(ctx, 10)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, more...)
		}
		wantValues(t, got, n, 0)
	}
	read(3)
	x.end(t, false)
	mustAppend(t, plain, schemas.TopicVitals, 1, 3)
	read(4)
}

// transaction on partition 0 of the vitals, as a gateway may write.
type transaction struct {
	c  *Cluster
	id string
	s  session
}

func begin(t *testing.T, c *Cluster) *transaction {
	t.Helper()
	return beginAs(t, c, "gateway")
}

// beginAs begins one of the producer of a name. One producer has one at a time.
func beginAs(t *testing.T, c *Cluster, name string) *transaction {
	t.Helper()
	x := &transaction{c: c, id: c.Prefix + name}
	// A real broker is still busy with the transaction before this one for a while.
	err := c.retry(t.Context(), "beginning a transaction", func() error {
		r, err := c.client.InitProducerID(t.Context(), &kafkago.InitProducerIDRequest{
			Addr: c.client.Addr, TransactionalID: x.id, TransactionTimeoutMs: 60_000, ProducerID: -1, ProducerEpoch: -1,
		})
		if err != nil {
			return err
		}
		if r.Error == nil {
			x.s = session{int64(r.Producer.ProducerID), int16(r.Producer.ProducerEpoch), 0}
		}
		return r.Error
	})
	if err != nil {
		t.Fatal(err)
	}
	err = c.retry(t.Context(), "beginning a transaction", func() error {
		added, err := c.client.AddPartitionsToTxn(t.Context(), &kafkago.AddPartitionsToTxnRequest{
			TransactionalID: x.id, ProducerID: int(x.s.id), ProducerEpoch: int(x.s.epoch),
			Topics: map[string][]kafkago.AddPartitionToTxn{c.topic(schemas.TopicVitals): {{Partition: 0}}},
		})
		if err != nil {
			return err
		}
		return added.Topics[c.topic(schemas.TopicVitals)][0].Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func (x *transaction) write(t *testing.T, n, from int) {
	t.Helper()
	b := appendBatch(nil, messages(n, from), x.s, time.Now().UnixMilli())
	b[4+22] |= 0x10 // transactional
	sign(b[4:])
	r, err := x.c.client.RawProduce(t.Context(), &kafkago.RawProduceRequest{
		Topic: x.c.topic(schemas.TopicVitals), RequiredAcks: kafkago.RequireAll, TransactionalID: x.id,
		RawRecords: protocol.RawRecordSet{Reader: bytes.NewReader(b)},
	})
	if err != nil || r.Error != nil {
		t.Fatal(err, r)
	}
	x.s.sequence += int32(n)
}

func (x *transaction) end(t *testing.T, commit bool) {
	t.Helper()
	r, err := x.c.client.EndTxn(t.Context(), &kafkago.EndTxnRequest{
		TransactionalID: x.id, ProducerID: int(x.s.id), ProducerEpoch: int(x.s.epoch), Committed: commit,
	})
	if err != nil || r.Error != nil {
		t.Fatal(err, r)
	}
}

// A broker that refuses for a while, and cut connections, cost time and nothing
// else.
func TestReadOutlastsTrouble(t *testing.T) {
	c, broker := faulty(t, 1)
	p := c.NewProducer("t")
	mustAppend(t, p, schemas.TopicLog, 100, 0)
	for _, code := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition, kerr.ReplicaNotAvailable, kerr.KafkaStorageError, kerr.FencedLeaderEpoch} {
		broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: schemas.TopicLog, Err: code, Count: 2})
		r := c.NewReader(schemas.TopicLog, 0, 0)
		got, err := r.Read(t.Context(), 1000)
		if err != nil {
			t.Fatalf("%s: %v", code.Message, err)
		}
		wantValues(t, got, 100, 0)
	}
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: schemas.TopicLog, Err: kerr.TopicAuthorizationFailed, Count: 1})
	r := c.NewReader(schemas.TopicLog, 0, 0)
	if _, err := r.Read(t.Context(), 10); !errors.Is(err, kafkago.TopicAuthorizationFailed) {
		t.Fatalf("a reader without the right to = %v", err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	c, _ := testCluster(t, 1)
	r := c.NewReader(schemas.TopicLog, 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	begun := time.Now()
	for {
		if _, err := r.Read(ctx, 10); err != nil {
			if !errors.Is(err, context.Canceled) || time.Since(begun) > time.Second {
				t.Fatalf("Read = %v after %v", err, time.Since(begun))
			}
			break
		}
	}
	mustAppend(t, c.NewProducer(c.Prefix+"t"), schemas.TopicLog, 1, 0)
	if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 1 {
		t.Fatalf("after that Read = %v, %v: the reader must go on", got, err)
	}
}
