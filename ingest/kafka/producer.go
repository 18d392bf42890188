package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// ErrFenced: a newer owner has claimed the partition, or the broker has forgotten
// this producer. The partition must be given up and claimed anew; the next
// sequence number must not be tried.
var ErrFenced = errors.New("fenced: another producer has claimed the partition")

// Batches are cut at these.
const (
	maxBatchRecords = 2000
	maxBatchBytes   = 4 << 20
)

// Producer appends to partitions exactly once. Each InitProducerID under the same
// transactional id raises the epoch; a claim record then fences the older one in
// that partition. It may be used by several goroutines; batches of one partition
// go one at a time.
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

// sequence of one partition; mu keeps one batch in flight.
type sequence struct {
	mu    sync.Mutex
	next  int32
	limit int // bytes of a batch, less than maxBatchBytes where the topic's limit is lower
	buf   []byte
	dead  error
}

// NewProducer returns a producer under a transactional id; two with the same name
// fence each other.
func (c *Cluster) NewProducer(transactionalID string) *Producer {
	c.init()
	return &Producer{cluster: c, name: transactionalID, id: -1, targets: map[target]*sequence{}}
}

// Claim takes partitions of a topic over: it raises the epoch (once per Producer)
// and writes a claim record with the headers into each. Until the claim is in, an
// older owner can still write: read the tail only after it.
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

// claim has a key: a compacted topic refuses a record without one.
func (p *Producer) claim(headers []schemas.Header) schemas.Message {
	return schemas.Message{
		Key: []byte("claim:" + p.name), Value: []byte{},
		Headers: append([]schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeClaim}}, headers...),
	}
}

// KeepAlive writes a claim record again, so that the broker does not forget the
// producer of an idle partition.
func (p *Producer) KeepAlive(ctx context.Context, topic string, partition int, headers []schemas.Header) error {
	_, err := p.Append(ctx, topic, partition, []schemas.Message{p.claim(headers)})
	return err
}

// start fetches producer id and epoch, once. Its error is the one to show: the
// produce request calls a wrong password "topic not found".
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

// Append writes messages to a partition in order and returns the offset of the
// first (-1 of none). A batch whose answer was lost is sent again with the same
// bytes, which the broker recognises. Temporary errors are waited out until ctx
// ends; after any other one the producer is done with the partition and answers
// ErrFenced, or ErrDenied for want of rights. A message over the topic's limit is refused with
// kafkago.MessageSizeTooLarge: those before it are written, and the producer goes on.
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

// tooLarge says that a topic's limit is lower than ours.
func tooLarge(err error) bool {
	return errors.Is(err, kafkago.MessageSizeTooLarge) || errors.Is(err, kafkago.RecordListTooLarge)
}

func (p *Producer) send(ctx context.Context, topic string, partition int, s *sequence, messages []schemas.Message) (base int64, err error) {
	if s.dead != nil {
		return 0, s.dead
	}
	s.buf = appendBatch(s.buf[:0], messages, session{p.id, p.epoch, s.next}, now().UnixMilli())
	unseen := 0
	err = p.cluster.retry(ctx, "writing to "+p.cluster.topic(topic), func() error {
		at, err := p.cluster.writer.write(ctx, p.cluster.topic(topic), partition, s.buf)
		if errors.Is(err, errUnseen) {
			// The client's list of topics may be old, or that of a broker which has
			// just begun. It also says so to a user who may not see the topic, which
			// does not pass.
			if unseen++; unseen > 15 && s.next == 0 {
				return errors.New("it is gone, or this user may not see it (Describe and Write)")
			}
		}
		base = at
		return err
	})
	switch {
	case err == nil:
		s.next += int32(len(messages))
		if s.next < 0 { // the sequence wraps to 0, as the broker's does
			s.next -= -1 << 31
		}
		return base, nil
	case ctx.Err() != nil:
		// The answer is unknown: the same bytes must go out again or nothing ever.
		s.dead = fmt.Errorf("%w (given up in mid-batch)", ErrFenced)
		return 0, ctx.Err()
	case tooLarge(err):
		return 0, fmt.Errorf("%s/%d: a batch of %d bytes is refused; raise max.message.bytes of the topic to %d: %w", topic, partition, len(s.buf), MaxMessageBytes, err)
	}
	if err = denied(err, "Write on this topic"); errors.Is(err, ErrDenied) { // claiming anew would not help
		s.dead = fmt.Errorf("%s/%d: %w", p.cluster.topic(topic), partition, err)
		return 0, s.dead
	}
	s.dead = fmt.Errorf("%w: %s/%d: %w", ErrFenced, topic, partition, err)
	return 0, s.dead
}
