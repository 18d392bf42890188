package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// ErrFenced means that a newer owner has claimed the partition, or that the broker has
// forgotten this producer. The partition must be given up and claimed anew, by another
// Producer: the broker has perhaps taken a batch of which it is not known, so that the next
// sequence number would be wrong.
var ErrFenced = errors.New("fenced: another producer has claimed the partition")

// Limits of one batch. Append makes several batches of what is more.
const (
	maxBatchRecords = 2000
	maxBatchBytes   = 4 << 20
	keepBatchBytes  = 1 << 20 // memory of a larger one is not kept for the next: a process has hundreds of partitions
)

// Producer appends to partitions exactly once. It uses idempotence and epochs, and no
// transactions: each InitProducerID under the same transactional id raises the epoch, and
// the first record of the new epoch in a partition, a claim, makes the broker refuse the
// older epochs there. It may be used by several goroutines; batches of one partition go one
// at a time.
type Producer struct {
	cluster *Cluster
	name    string // transactional id

	mu      sync.Mutex
	id      int64
	epoch   int16
	targets map[target]*sequence
}

type target struct {
	topic     string
	partition int
}

// sequence numbers the records of one partition. The broker refuses a batch that leaves a
// gap in the numbers, so that only one may be in flight, which mu sees to.
type sequence struct {
	mu    sync.Mutex
	next  int32
	limit int    // bytes of a batch, less than maxBatchBytes where the topic's limit is lower
	buf   []byte // the batch in flight: the broker recognises a repeat by the same bytes
	dead  error  // why nothing more may be written; nil: it may

	heard atomic.Pointer[Heard] // with the newest batch
}

// NewProducer returns a producer under a transactional id, which is its name to the brokers,
// prefix and all. Of two with the same name the one that claims later fences the other.
func (c *Cluster) NewProducer(transactionalID string) *Producer {
	c.init()
	return &Producer{cluster: c, name: transactionalID, id: -1, targets: map[target]*sequence{}}
}

// Claim takes partitions of a topic over: it raises the epoch (once per Producer)
// and writes a claim record with the headers into each. Until the claim is in, an
// older owner can still write: what the partition holds must be read only after it. Its
// errors are those of Append.
func (p *Producer) Claim(ctx context.Context, topic string, partitions []int, headers []schemas.Header) error {
	if err := p.start(ctx); err != nil {
		return err
	}
	for _, partition := range partitions {
		if _, err := p.Append(ctx, topic, partition, []schemas.Message{p.claim(headers)}); err != nil {
			return fmt.Errorf("claiming %s/%d: %w", topic, partition, err)
		}
	}
	return nil
}

// claim is the record of a claim. It has a key, since a compacted topic refuses a record
// without one.
func (p *Producer) claim(headers []schemas.Header) schemas.Message {
	return schemas.Message{
		Key: []byte("claim:" + p.name), Value: []byte{},
		Headers: append([]schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeClaim}}, headers...),
	}
}

// KeepAlive writes a claim record again, so that the broker does not forget the
// producer of an idle partition. Its errors are those of Append.
func (p *Producer) KeepAlive(ctx context.Context, topic string, partition int, headers []schemas.Header) error {
	_, err := p.Append(ctx, topic, partition, []schemas.Message{p.claim(headers)})
	return err
}

// start fetches the producer's id and epoch, once. It comes before the first produce request
// also because its errors tell more: a produce request calls a wrong password "topic not
// found".
func (p *Producer) start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.id >= 0 {
		return nil
	}
	err := p.cluster.retry(ctx, "getting the id of producer "+p.name, func() error {
		r, err := p.cluster.client.InitProducerID(ctx, &kafkago.InitProducerIDRequest{
			Addr: p.cluster.client.Addr, TransactionalID: p.name, TransactionTimeoutMs: 60_000, ProducerID: -1, ProducerEpoch: -1,
		})
		if err != nil {
			return err
		}
		if r.Error != nil {
			return r.Error
		}
		p.id, p.epoch = int64(r.Producer.ProducerID), int16(r.Producer.ProducerEpoch)
		return nil
	})
	if err != nil {
		return fmt.Errorf("producer %s gets no id: %w", p.name, denied(err, "Write on this transactional id"))
	}
	return nil
}

func (p *Producer) target(topic string, partition int) *sequence {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := target{topic, partition}
	if p.targets[t] == nil {
		p.targets[t] = &sequence{limit: maxBatchBytes}
	}
	return p.targets[t]
}

// Append writes messages to a partition in order and returns the offset of the first (-1
// where there are none). A batch whose answer was lost is sent again with the same bytes,
// which the broker recognises. Temporary errors are waited out until ctx ends.
//
// After any other error, and after ctx's in mid-batch, the producer is done with the
// partition: it answers ErrFenced, or ErrDenied for want of rights, from then on. A message
// over the topic's limit is the exception: it is refused with kafkago.MessageSizeTooLarge,
// those before it are written, and the producer goes on. Several batches are not one: after
// an error the first ones may be in.
func (p *Producer) Append(ctx context.Context, topic string, partition int, messages []schemas.Message) (base int64, err error) {
	if err := p.start(ctx); err != nil {
		return 0, err
	}
	s := p.target(topic, partition)
	s.mu.Lock()
	defer s.mu.Unlock()
	base = -1
	for len(messages) > 0 {
		n, size := 0, 0
		for n < len(messages) && n < maxBatchRecords && (n == 0 || size+recordSize(&messages[n]) <= s.limit) {
			size += recordSize(&messages[n])
			n++
		}
		at, err := p.send(ctx, topic, partition, s, messages[:n])
		if n > 1 && s.dead == nil && tooLarge(err) { // refused whole, so nothing of it is there
			s.limit = size / 2
			continue
		}
		if err != nil {
			return 0, err
		}
		if base < 0 {
			base = at
		}
		messages = messages[n:]
	}
	return base, nil
}

// tooLarge says that the topic's limit is lower than the batch.
func tooLarge(err error) bool {
	return errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, kafkago.RecordListTooLarge)
}

// send writes one batch, whose numbers the sequence gives.
func (p *Producer) send(ctx context.Context, topic string, partition int, s *sequence, messages []schemas.Message) (base int64, err error) {
	if s.dead != nil {
		return 0, s.dead
	}
	s.buf = appendBatch(s.buf[:0], messages, session{p.id, p.epoch, s.next}, now().UnixMilli())
	unseen := 0
	err = p.cluster.retry(ctx, "writing to "+p.cluster.topic(topic), func() error {
		heard := Heard{From: Steady()}
		at, appended, err := p.cluster.writer.write(ctx, p.cluster.topic(topic), partition, s.buf)
		if errors.Is(err, errUnseen) {
			// The client's list of topics may be old, or that of a broker which has
			// just begun. It also says so to a user who may not see the topic, which
			// does not pass.
			if unseen++; unseen > 15 && s.next == 0 {
				return errors.New("it is gone, or this user may not see it (Describe and Write)")
			}
		}
		base = at
		if heard.Till = Steady(); err == nil && appended > 0 {
			heard.Time = appended
			s.heard.Store(&heard)
		}
		return err
	})
	size := len(s.buf)
	if cap(s.buf) > keepBatchBytes {
		s.buf = nil
	}
	switch {
	case err == nil:
		s.next += int32(len(messages))
		if s.next < 0 { // the sequence wraps to 0, as the broker's does
			s.next -= -1 << 31
		}
		return base, nil
	case ctx.Err() != nil:
		// Whether the batch is in is not known: only the same bytes could go out again,
		// and they are given up.
		s.dead = fmt.Errorf("%w (given up in mid-batch)", ErrFenced)
		return 0, ctx.Err()
	case tooLarge(err):
		return 0, fmt.Errorf("%s/%d: a batch of %d bytes is refused; raise max.message.bytes of the topic to %d: %w", topic, partition, size, MaxMessageBytes, err)
	}
	if err = denied(err, "Write on this topic"); errors.Is(err, ErrDenied) { // claiming anew would not help
		s.dead = fmt.Errorf("%s/%d: %w", p.cluster.topic(topic), partition, err)
		return 0, s.dead
	}
	s.dead = fmt.Errorf("%w: %s/%d: %w", ErrFenced, topic, partition, err)
	return 0, s.dead
}
