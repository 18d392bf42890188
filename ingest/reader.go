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

// maxFetch is what one fetch brings at most; a larger record still comes alone.
const maxFetch = 4 << 20

// DataLossError says that the offset to be read next is not there any more:
// retention has overtaken the reader. Nothing is skipped silently.
type DataLossError struct {
	Topic     string
	Partition int
	Offset    int64
}

func (e *DataLossError) Error() string {
	return fmt.Sprintf("%s/%d: offset %d is not there any more: records were lost to retention; rebuild from what is left, and keep the topic longer", e.Topic, e.Partition, e.Offset)
}

// PartitionReader reads one partition in order from an offset. It belongs to one
// goroutine.
type PartitionReader struct {
	cluster   *Cluster
	topic     string
	partition int
	next      int64
	conn      *kafka.Conn
	wait      time.Duration
}

// NewReader returns a reader that begins at offset from. It dials on the first
// Read.
func (c *Cluster) NewReader(topic string, partition int, from int64) *PartitionReader {
	c.init()
	return &PartitionReader{cluster: c, topic: topic, partition: partition, next: from}
}

// Next is the offset that Read asks for next.
func (r *PartitionReader) Next() int64 { return r.next }

// GoTo makes the next Read begin at offset.
func (r *PartitionReader) GoTo(offset int64) {
	r.next = offset
	r.drop()
}

// Close ends the connection.
func (r *PartitionReader) Close() { r.drop() }

// Read returns the records that are there, at most limit, in order; none if nothing
// came within MaxWait. Their bytes stay valid. Temporary errors of the broker and
// the network are waited out; the rest is DataLossError, ctx's error or what the
// broker refuses.
func (r *PartitionReader) Read(ctx context.Context, limit int) ([]schemas.Message, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch, err := r.read(ctx, limit)
		if len(batch) > 0 || err == nil {
			r.wait = 0
			return batch, nil
		}
		r.drop()
		if errors.Is(err, kafka.OffsetOutOfRange) {
			return nil, &DataLossError{r.topic, r.partition, r.next}
		}
		if !temporary(err) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("reading %s/%d at %d: %w", r.topic, r.partition, r.next, err)
		}
		r.wait = min(max(2*r.wait, 20*time.Millisecond), time.Second)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(r.wait):
		}
	}
}

func (r *PartitionReader) drop() {
	if r.conn != nil {
		r.conn.Close()
		r.conn = nil
	}
}

// dial connects to the partition's leader.
func (r *PartitionReader) dial(ctx context.Context) error {
	var err error
	for _, address := range r.cluster.Brokers {
		r.conn, err = r.cluster.dialer.DialLeader(ctx, "tcp", address, r.cluster.topic(r.topic), r.partition)
		if err == nil {
			_, err = r.conn.Seek(r.next, kafka.SeekAbsolute|kafka.SeekDontCheck)
			return err
		}
	}
	return err
}

func (r *PartitionReader) read(ctx context.Context, limit int) ([]schemas.Message, error) {
	if r.conn == nil {
		if err := r.dial(ctx); err != nil {
			return nil, err
		}
	}
	conn := r.conn // the field may be nil by the time ctx ends
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := r.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	b := r.conn.ReadBatchWith(kafka.ReadBatchConfig{MinBytes: 1, MaxBytes: maxFetch, MaxWait: MaxWait, IsolationLevel: kafka.ReadCommitted})
	var out []schemas.Message
	for len(out) < limit {
		m, err := b.ReadMessage()
		if err != nil {
			closeErr := b.Close()
			if errors.Is(err, io.EOF) || errors.Is(err, kafka.RequestTimedOut) {
				err = closeErr
			}
			if errors.Is(err, kafka.RequestTimedOut) || errors.Is(err, io.EOF) {
				err = nil // nothing more is there now; the connection stays good
			}
			if err != nil {
				r.drop()
			}
			return r.took(out), err
		}
		out = append(out, r.message(&m))
	}
	if err := b.Close(); err != nil && !errors.Is(err, kafka.RequestTimedOut) {
		r.drop()
	} else if r.conn != nil {
		// Records behind limit were fetched and dropped: ask for them again.
		if _, err := r.conn.Seek(out[len(out)-1].Offset+1, kafka.SeekAbsolute|kafka.SeekDontCheck); err != nil {
			r.drop()
		}
	}
	return r.took(out), nil
}

func (r *PartitionReader) took(out []schemas.Message) []schemas.Message {
	if len(out) > 0 {
		r.next = out[len(out)-1].Offset + 1
	}
	return out
}

func (r *PartitionReader) message(m *kafka.Message) schemas.Message {
	out := schemas.Message{Topic: r.topic, Partition: r.partition, Offset: m.Offset, Key: m.Key, Value: m.Value, Appended: m.Time.UnixMilli()}
	if len(m.Headers) > 0 {
		out.Headers = make([]schemas.Header, len(m.Headers))
		for i, h := range m.Headers {
			out.Headers[i] = schemas.Header{Key: h.Key, Value: string(h.Value)}
		}
	}
	return out
}

// LastRecords returns the last n records of a partition, fewer where there are
// fewer. Offsets may have holes.
func (c *Cluster) LastRecords(ctx context.Context, topic string, partition, n int) ([]schemas.Message, error) {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	if partition >= len(next) {
		return nil, fmt.Errorf("%s has %d partitions, no %d", topic, len(next), partition)
	}
	for reach := int64(n); ; reach *= 4 {
		from := max(first[partition], next[partition]-reach)
		records, err := c.readTo(ctx, topic, partition, from, next[partition])
		if err != nil {
			return nil, err
		}
		if len(records) >= n || from == first[partition] {
			return records[max(0, len(records)-n):], nil
		}
	}
}

// readTo reads [from, to) of a partition.
func (c *Cluster) readTo(ctx context.Context, topic string, partition int, from, to int64) ([]schemas.Message, error) {
	if from >= to {
		return nil, nil
	}
	r := c.NewReader(topic, partition, from)
	defer r.Close()
	var all []schemas.Message
	for {
		batch, err := r.Read(ctx, 2000)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			if batch[i].Offset >= to {
				return all, nil
			}
			all = append(all, batch[i])
		}
		if len(batch) == 0 || r.next >= to {
			return all, nil // an empty read below the end: only holes are left
		}
	}
}
