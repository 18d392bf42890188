package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// openLate is how long a transaction may hold a reader back without a word. Gateways end
// theirs within a fraction of it.
const openLate = 5 * time.Second

// held says since when an open transaction holds a reader back.
type held struct {
	back  bool
	since time.Duration // as Steady counts
	said  bool
}

// heldBack takes in whether an open transaction holds the reader back now. One that does for
// long is said, with whom it belongs to and how to end it, and that it has ended.
func (r *PartitionReader) heldBack(ctx context.Context, open bool) {
	h := &r.held
	if key := (target{r.ask.topic, r.partition}); open {
		r.cluster.heldBack.Store(key, true)
	} else {
		r.cluster.heldBack.Delete(key)
	}
	switch {
	case !open && h.said:
		r.cluster.Log.Info().Str("topic", r.topic).Int("partition", r.partition).Msg("the transaction has ended: reading on")
		fallthrough
	case !open:
		*h = held{}
	case !h.back:
		*h = held{back: true, since: Steady()}
	case !h.said && Steady()-h.since > openLate:
		h.said = true
		said := r.cluster.Log.Error().Str("topic", r.topic).Int("partition", r.partition).Int64("offset", r.next)
		if producer, ok := r.openedBy(ctx); ok {
			said = said.Int64("producer id", producer)
		}
		said.Msg(fmt.Sprintf("an open transaction holds back all records from here on: its writer must end it, or you for it: kafka-transactions.sh --bootstrap-server BROKER abort --topic %s --partition %d --start-offset %d; or read past it (vigil serve --read-uncommitted), also what is given up in the end",
			r.ask.topic, r.partition, r.next))
	}
}

// HeldBack says whether an open transaction holds the reader of a partition back now.
func (c *Cluster) HeldBack(topic string, partition int) bool {
	_, held := c.heldBack.Load(target{c.topic(topic), partition})
	return held
}

// openedBy asks whose transaction is the first open one of the partition. ok is false where
// nobody says.
func (r *PartitionReader) openedBy(ctx context.Context) (producer int64, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	leader, err := r.cluster.leaders.find(ctx, r.ask.topic, r.partition)
	if err != nil {
		return 0, false
	}
	topic := kmsg.NewDescribeProducersRequestTopic()
	topic.Topic, topic.Partitions = r.ask.topic, []int32{int32(r.partition)}
	request := kmsg.NewPtrDescribeProducersRequest()
	request.Topics = append(request.Topics, topic)
	answer, err := r.cluster.ask(ctx, leader, request)
	if err != nil {
		return 0, false
	}
	first := int64(-1)
	for _, topic := range answer.(*kmsg.DescribeProducersResponse).Topics {
		for _, partition := range topic.Partitions {
			for _, p := range partition.ActiveProducers {
				if at := p.CurrentTxnStartOffset; at >= 0 && (first < 0 || at < first) {
					first, producer = at, p.ProducerID
				}
			}
		}
	}
	return producer, first >= 0
}
