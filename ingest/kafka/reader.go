package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// MaxWait is how long Read waits for a record before it returns none: an idle owner looks
// around this often.
const MaxWait = 150 * time.Millisecond

// DataLossError says that the offset to be read next is not there. Below First, retention has
// overtaken the reader; above Next, the topic was cut or made anew. Nothing is skipped
// silently.
type DataLossError struct {
	Topic     string
	Partition int
	Offset    int64 // to be read next
	// The offsets from First to below Next are there.
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
// It returns only what is decided: records of an open transaction, and all records behind
// them, wait until the transaction ends, and those of an aborted one never come; but see
// Cluster.ReadUncommitted.
type PartitionReader struct {
	cluster   *Cluster
	topic     string
	partition int
	doing     string // says for the log what Read does

	pending []schemas.Message // fetched and not yet returned
	next    int64             // offset behind pending, which is to be fetched next
	most    int               // so many records came with the last fetch: a guess for the next
	records records
	ask     *ask
	held    held
}

// NewReader returns a reader that begins at offset from.
func (c *Cluster) NewReader(topic string, partition int, from int64) *PartitionReader {
	c.init()
	return &PartitionReader{
		cluster: c, topic: topic, partition: partition, doing: fmt.Sprintf("reading %s/%d", topic, partition), next: from,
		records: records{topic: topic, partition: partition},
		ask:     &ask{topic: c.topic(topic), partition: partition, answer: make(chan answer, 1)},
	}
}

// PassUnread makes the reader pass on a batch that cannot be read as one message, whose Unread
// says why. Without it Read fails there, and does so again. It is for topics that anybody
// writes, and comes before the first Read.
func (r *PartitionReader) PassUnread() { r.records.pass = true }

// Next is the offset from which the next Read goes on. It may be greater than the
// last record's plus one: offsets have holes.
func (r *PartitionReader) Next() int64 {
	if len(r.pending) > 0 {
		return r.pending[0].Offset
	}
	return r.next
}

// GoTo makes the next Read begin at an offset. What was fetched and not yet returned is
// dropped.
func (r *PartitionReader) GoTo(offset int64) { r.next, r.pending = offset, nil }

// Read returns the records that are there, at most limit (at least one), in order;
// none if nothing came within MaxWait. Their bytes stay valid and belong to the caller.
// Temporary errors of the broker and the network are waited out. The others are a
// *DataLossError, ctx's, ErrDenied for want of rights, and what else the broker refuses;
// after them Read may be called again.
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

// fetch fills pending with what one request brings, which is nothing where nothing comes
// within MaxWait.
func (r *PartitionReader) fetch(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.ask.offset, r.ask.until = r.next, now().Add(MaxWait)
	r.cluster.fetcher.add(r.ask)
	var got answer
	select {
	case got = <-r.ask.answer:
	case <-ctx.Done(): // the fetcher still has this ask and may answer it
		r.ask = &ask{topic: r.ask.topic, partition: r.partition, answer: make(chan answer, 1)}
		return ctx.Err()
	}
	r.heldBack(ctx, got.open)
	from := r.next
	if got.err == nil && len(got.block) > 0 {
		r.pending, r.next, got.err = r.records.decode(make([]schemas.Message, 0, r.most), got.block, r.next, got.over)
		r.most = len(r.pending)
	}
	switch {
	case len(r.pending) > 0 || got.err == nil && (r.next > from || len(got.block) == 0):
		return nil // there is something to return, and an error comes again if it lasts
	case got.err == nil:
		return fmt.Errorf("%w at offset %d", io.ErrUnexpectedEOF, r.next) // a batch that was cut off before its end
	case errors.Is(got.err, kafkago.OffsetOutOfRange):
		return r.outOfRange(ctx)
	case errors.Is(got.err, kafkago.KafkaStorageError): // the disk failed, and another replica will lead
		return kafkago.NotLeaderForPartition
	}
	return got.err
}

// outOfRange asks which offsets are there and returns a *DataLossError. Where the wanted one is
// among them after all, since a new leader may not have known at once, it returns an error
// that passes.
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
		return kafkago.NotLeaderForPartition
	}
	return lost
}
