package kafka

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/segmentio/kafka-go/protocol/rawproduce"
)

// maxWrite bounds the bytes of a produce request that carries several partitions' batches.
const maxWrite = 8 << 20

// gatherWrites is the least time between two produce requests to one broker: batches that
// come within it go together. A request does not wait for the answer to the one before: a
// broker may be slow to answer while another one dies, and that holds up only what is in the
// one request.
const gatherWrites = 2 * time.Millisecond

// writer sends the batches of all the producers of a cluster. Those for one broker go
// together, since a request costs broker and worker more than its batches do.
type writer struct {
	cluster *Cluster

	mu    sync.Mutex
	lanes map[int32]*lane // by broker
}

// lane is what waits to be sent to one broker.
type lane struct {
	waiting []*write
	sent    time.Time
}

// write is a batch on its way.
type write struct {
	topic     string // with prefix
	partition int
	batch     []byte // with its 4-byte size in front
	done      chan written
}

// written is what became of a write.
type written struct {
	base     int64 // offset of the first record
	appended int64 // when, by the broker's clock in Unix ms; 0: it does not say
	err      error
}

// write appends a batch to a partition of a topic (with its prefix) and returns the offset of
// the batch's first record, and when the broker appended it. When it returns because ctx ended, the batch may still go out: its
// bytes must not change any more.
func (w *writer) write(ctx context.Context, topic string, partition int, batch []byte) (base, appended int64, err error) {
	leader, err := w.cluster.leaders.find(ctx, topic, partition)
	if err != nil {
		return 0, 0, err
	}
	one := &write{topic, partition, batch, make(chan written, 1)}
	w.mu.Lock()
	if w.lanes == nil {
		w.lanes = map[int32]*lane{}
	}
	l := w.lanes[leader]
	if l == nil {
		l = &lane{}
		w.lanes[leader] = l
	}
	if l.waiting = append(l.waiting, one); len(l.waiting) == 1 {
		w.later(l)
	}
	w.mu.Unlock()
	select {
	case r := <-one.done:
		return r.base, r.appended, r.err
	case <-ctx.Done():
		return 0, 0, ctx.Err()
	}
}

// later has what waits in a lane sent as soon as gatherWrites allows.
func (w *writer) later(l *lane) {
	time.AfterFunc(l.sent.Add(gatherWrites).Sub(now()), func() {
		w.mu.Lock()
		batches := l.take()
		l.sent = now()
		if len(l.waiting) > 0 {
			w.later(l)
		}
		w.mu.Unlock()
		w.send(batches)
	})
}

// take returns what goes into the next request: at most one batch of a partition. There may be
// two of one, from an owner and from the next one that is about to fence it, and each needs
// an answer of its own.
func (l *lane) take() (batches []*write) {
	size, left := 0, l.waiting[:0]
	for _, b := range l.waiting {
		same := func(o *write) bool { return o.partition == b.partition && o.topic == b.topic }
		if len(batches) > 0 && (size+len(b.batch) > maxWrite || slices.ContainsFunc(batches, same)) {
			left = append(left, b)
			continue
		}
		size += len(b.batch)
		batches = append(batches, b)
	}
	clear(l.waiting[len(left):])
	l.waiting = left
	return batches
}

// send does one produce request and tells each write what became of it.
func (w *writer) send(batches []*write) {
	const patience = 15 * time.Second
	r := &rawproduce.Request{Acks: int16(kafkago.RequireAll), Timeout: int32(patience.Milliseconds())}
	for _, b := range batches {
		at := slices.IndexFunc(r.Topics, func(t rawproduce.RequestTopic) bool { return t.Topic == b.topic })
		if at < 0 {
			at = len(r.Topics)
			r.Topics = append(r.Topics, rawproduce.RequestTopic{Topic: b.topic})
		}
		r.Topics[at].Partitions = append(r.Topics[at].Partitions, rawproduce.RequestPartition{
			Partition: int32(b.partition), RecordSet: protocol.RawRecordSet{Reader: bytes.NewReader(b.batch)},
		})
	}
	ctx, done, ok := w.cluster.begin(patience)
	if !ok {
		for _, b := range batches {
			b.done <- written{err: errClosed}
		}
		return
	}
	defer done()
	answer, err := w.cluster.transport.RoundTrip(ctx, w.cluster.client.Addr, r)
	var routed *rawproduce.Error
	if errors.As(err, &routed) { // the client's own view of who leads has moved on
		err = kafkago.NotLeaderForPartition
	}
	if err != nil {
		w.cluster.leaders.forget()
	}
	for _, b := range batches {
		if err != nil {
			b.done <- written{err: err}
			continue
		}
		b.done <- w.result(answer.(*produce.Response), b)
	}
}

// result finds in an answer what became of a write.
func (w *writer) result(r *produce.Response, b *write) written {
	for i := range r.Topics {
		for j := range r.Topics[i].Partitions {
			switch p := &r.Topics[i].Partitions[j]; {
			case r.Topics[i].Topic != b.topic || int(p.Partition) != b.partition:
			case p.ErrorCode != 0:
				w.cluster.leaders.forget()
				return written{err: kafkago.Error(p.ErrorCode)}
			default:
				return written{base: p.BaseOffset, appended: max(0, p.LogAppendTime)}
			}
		}
	}
	return written{err: kafkago.RequestTimedOut} // the answer does not name the partition
}
