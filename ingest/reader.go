package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// MaxWait is how long Read waits for a record before it returns none.
const MaxWait = 150 * time.Millisecond

// maxFetch is what one fetch brings at most; a larger record still comes alone. A
// worker has a reader for every topic of every partition: more would be its memory.
const maxFetch = 1 << 20

// DataLossError says that the offset to be read next is not there: retention has
// overtaken the reader, or the log is a shorter one. Nothing is skipped silently.
type DataLossError struct {
	Topic     string
	Partition int
	Offset    int64
	// What is there: [First, Next).
	First, Next int64
}

func (e *DataLossError) Error() string {
	if e.Offset > e.Next {
		return fmt.Sprintf("%s/%d: offset %d is beyond the log's end at %d: the topic was made anew or cut; use a fresh state or another topic prefix", e.Topic, e.Partition, e.Offset, e.Next)
	}
	return fmt.Sprintf("%s/%d: offset %d is not there any more, the log begins at %d: records were lost to retention; rebuild from what is left, and keep the topic longer", e.Topic, e.Partition, e.Offset, e.First)
}

// PartitionReader reads one partition in order from an offset. It belongs to one
// goroutine.
//
// It gives what is decided: records of an open transaction, and all behind them,
// wait until it ends. kafka-go cannot tell the records of an aborted transaction:
// who writes raw topics must not abort.
type PartitionReader struct {
	cluster   *Cluster
	topic     string
	partition int
	doing     string // for the log

	pending []schemas.Message // fetched and not yet returned
	next    int64             // offset behind pending: to be fetched next
	most    int               // records of the fetch before
	conn    *kafka.Conn
	headers []schemas.Header // of the last record that had some
}

// NewReader returns a reader that begins at offset from. It dials on the first
// Read.
func (c *Cluster) NewReader(topic string, partition int, from int64) *PartitionReader {
	c.init()
	return &PartitionReader{cluster: c, topic: topic, partition: partition, doing: fmt.Sprintf("reading %s/%d", topic, partition), next: from}
}

// Next is the offset from which the next Read goes on. It may be greater than the
// last record's plus one: offsets have holes.
func (r *PartitionReader) Next() int64 {
	if len(r.pending) > 0 {
		return r.pending[0].Offset
	}
	return r.next
}

// GoTo makes the next Read begin at offset.
func (r *PartitionReader) GoTo(offset int64) { r.next, r.pending = offset, nil }

// Close ends the connection.
func (r *PartitionReader) Close() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// Read returns the records that are there, at most limit (at least one), in order;
// none if nothing came within MaxWait. Their bytes stay valid. Temporary errors of
// the broker and the network are waited out; the rest is DataLossError, ctx's error
// or what the broker refuses.
func (r *PartitionReader) Read(ctx context.Context, limit int) ([]schemas.Message, error) {
	if len(r.pending) == 0 {
		if err := r.cluster.retry(ctx, r.doing, func() error { return r.fetch(ctx) }); err != nil {
			var lost *DataLossError
			switch {
			case errors.As(err, &lost):
				return nil, lost
			case ctx.Err() != nil:
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("%s at %d: %w", r.doing, r.next, denied(err, "Read on this topic"))
		}
	}
	n := min(max(limit, 1), len(r.pending))
	out := r.pending[:n:n]
	if r.pending = r.pending[n:]; len(r.pending) == 0 {
		r.pending = nil
	}
	return out, nil
}

// fetch fills pending with what one request brings.
func (r *PartitionReader) fetch(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.conn == nil {
		if err := r.dial(ctx); err != nil {
			return err
		}
	}
	begun := now()
	moved, err := r.receive(ctx)
	switch {
	case err == nil && !moved && now().Sub(begun) < MaxWait/2:
		// The broker answers at once with nothing to give (an emptied batch at the
		// end): do not ask without a pause.
		return pause(ctx, MaxWait/2)
	case err == nil:
		return nil
	}
	r.Close()
	switch {
	case len(r.pending) > 0:
		return nil // what came is good; the error comes again if it lasts
	case errors.Is(err, kafka.OffsetOutOfRange):
		return r.outOfRange(ctx)
	case errors.Is(err, kafka.KafkaStorageError): // another replica will lead
		return kafka.NotLeaderForPartition
	}
	return err
}

// dial connects to the partition's leader.
func (r *PartitionReader) dial(ctx context.Context) (err error) {
	for _, address := range r.cluster.Brokers {
		if r.conn, err = r.cluster.dialer.DialLeader(ctx, "tcp", address, r.cluster.topic(r.topic), r.partition); err == nil {
			return nil
		}
	}
	r.conn = nil
	return err
}

// outOfRange is a DataLossError, unless the offset is there after all: a new
// leader may not know yet.
func (r *PartitionReader) outOfRange(ctx context.Context) error {
	first, next, err := r.cluster.Ends(ctx, r.topic)
	if err != nil {
		return err
	}
	lost := &DataLossError{r.topic, r.partition, r.next, 0, 0}
	if r.partition < len(next) {
		lost.First, lost.Next = first[r.partition], next[r.partition]
	}
	if lost.First <= r.next && r.next <= lost.Next {
		return kafka.NotLeaderForPartition
	}
	return lost
}

// receive sends one request and takes what it brings. moved says that next did,
// with or without records.
func (r *PartitionReader) receive(ctx context.Context) (moved bool, err error) {
	conn := r.conn // the field may be nil by the time ctx ends
	if err := conn.SetDeadline(now().Add(10 * time.Second)); err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	// Where the connection believes to stand is not to be trusted: behind a batch
	// that compaction has emptied it goes back to offset 1.
	if _, err := conn.Seek(r.next, kafka.SeekAbsolute|kafka.SeekDontCheck); err != nil {
		return false, err
	}
	defer func() {
		// kafka-go panics over several emptied batches in a row.
		if p := recover(); p != nil {
			err = fmt.Errorf("the Kafka client cannot parse what is at offset %d: %v", r.next, p)
		}
	}()
	from := r.next
	b := conn.ReadBatchWith(kafka.ReadBatchConfig{MinBytes: 1, MaxBytes: maxFetch, MaxWait: MaxWait, IsolationLevel: kafka.ReadCommitted})
	for {
		m, err := b.ReadMessage()
		if err != nil {
			return r.finish(b, from, err)
		}
		if m.Offset < r.next {
			continue // the batch begins before next
		}
		r.next = m.Offset + 1
		if !marker(&m) {
			if r.pending == nil {
				r.pending = make([]schemas.Message, 0, r.most)
			}
			r.pending = append(r.pending, r.message(&m))
		}
	}
}

// finish tells the end of a batch from an error.
func (r *PartitionReader) finish(b *kafka.Batch, from int64, err error) (moved bool, _ error) {
	closeErr := b.Close()
	r.most = len(r.pending)
	switch {
	case errors.Is(err, io.EOF) && closeErr == nil:
		r.next = max(r.next, b.Offset()) // holes behind the last record
		err = nil
	case errors.Is(err, kafka.RequestTimedOut):
		err = nil // nothing came in time; the connection stays good
	case errors.Is(err, io.ErrUnexpectedEOF) && r.next == from && b.HighWaterMark() > from:
		// An empty answer below the end: an open transaction holds it back.
		// kafka-go takes it for a cut one and has closed the connection.
		r.Close()
		err = nil
	}
	return r.next > from, err
}

// marker tells the record that ends a transaction, which kafka-go gives like any
// other: key and value hold a version and then the outcome (0, 1) and the
// coordinator's epoch.
func marker(m *kafka.Message) bool {
	return len(m.Headers) == 0 && len(m.Key) == 4 && m.Key[0] == 0 && m.Key[1] == 0 && m.Key[2] == 0 && m.Key[3] <= 1 &&
		len(m.Value) == 6 && m.Value[0] == 0 && m.Value[1] == 0
}

func (r *PartitionReader) message(m *kafka.Message) schemas.Message {
	out := schemas.Message{Topic: r.topic, Partition: r.partition, Offset: m.Offset, Key: m.Key, Value: m.Value, Appended: m.Time.UnixMilli()}
	if len(m.Headers) > 0 {
		out.Headers = r.same(m.Headers)
	}
	return out
}

// same gives the headers of a record; those of the record before it, if they are
// the same, as they usually are.
func (r *PartitionReader) same(headers []kafka.Header) []schemas.Header {
	same := len(headers) == len(r.headers)
	for i := 0; same && i < len(headers); i++ {
		same = headers[i].Key == r.headers[i].Key && string(headers[i].Value) == r.headers[i].Value
	}
	if !same {
		r.headers = make([]schemas.Header, len(headers))
		for i, h := range headers {
			r.headers[i] = schemas.Header{Key: h.Key, Value: string(h.Value)}
		}
	}
	return r.headers
}
