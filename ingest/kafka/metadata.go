package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// Partitions returns the partition count that all topics share. It fails where a topic is
// missing or has another count, with a text that says which and what to do.
func (c *Cluster) Partitions(ctx context.Context) (int, error) {
	counts, err := c.seen(ctx, schemas.Topics[:]...)
	if err != nil {
		return 0, err
	}
	n := counts[schemas.TopicLog]
	for _, topic := range schemas.Topics {
		if counts[topic] != n || n == 0 {
			return 0, fmt.Errorf("topic %s has %d partitions, %s has %d: all must have as many; make missing topics with `vigil topics init`",
				c.topic(topic), counts[topic], c.topic(schemas.TopicLog), n)
		}
	}
	return n, nil
}

// seenLate is how long a broker may not know of a topic that another broker has made, or
// not know of any just after its own start. seenEvery is how often it is asked meanwhile.
const (
	seenLate  = 3 * time.Second
	seenEvery = 250 * time.Millisecond
)

// seen returns what counts does as soon as all the topics named are there to be seen, and
// after seenLate also without them.
func (c *Cluster) seen(ctx context.Context, topics ...string) (counts map[string]int, err error) {
	for waited := time.Duration(0); ; waited += seenEvery {
		counts, err = c.counts(ctx)
		if err != nil || waited >= seenLate || !slices.ContainsFunc(topics, func(topic string) bool { return counts[topic] == 0 }) {
			return counts, err
		}
		if err := retry.Pause(ctx, seenEvery); err != nil {
			return nil, err
		}
	}
}

// counts returns the partition count of each topic that is there and that this user may see.
func (c *Cluster) counts(ctx context.Context) (map[string]int, error) {
	c.init()
	counts := map[string]int{}
	err := c.retry(ctx, "reading topic metadata", func() error {
		r, err := c.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: c.names()})
		if err != nil {
			return err
		}
		clear(counts)
		for i := range r.Topics {
			switch t := &r.Topics[i]; {
			case t.Error == nil:
				counts[t.Name[len(c.Prefix):]] = len(t.Partitions)
			case !errors.Is(t.Error, kafkago.UnknownTopicOrPartition):
				return fmt.Errorf("topic %s: %w", t.Name, denied(t.Error, "Describe on this topic, and Read or Write, whichever it does"))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading topic metadata: %w", err)
	}
	return counts, nil
}

// Ends returns, by partition of a topic, the first offset that is there and the next one to be
// written. It fails where the topic is missing and with ErrDenied for want of rights.
func (c *Cluster) Ends(ctx context.Context, topic string) (first, next []int64, err error) {
	c.init()
	counts, err := c.seen(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	n := counts[topic]
	if n == 0 {
		return nil, nil, fmt.Errorf("there is no topic %s: make it with `vigil topics init`", c.topic(topic))
	}
	requests := make([]kafkago.OffsetRequest, 0, 2*n)
	for p := range n {
		requests = append(requests, kafkago.FirstOffsetOf(p), kafkago.LastOffsetOf(p))
	}
	err = c.retry(ctx, "reading offsets", func() error {
		r, err := c.client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{c.topic(topic): requests}})
		if err != nil {
			return err
		}
		first, next = make([]int64, n), make([]int64, n)
		for _, p := range r.Topics[c.topic(topic)] {
			switch {
			case errors.Is(p.Error, kafkago.Unknown): // kafka-go says so when a connection was cut
				return fmt.Errorf("an answer was lost: %w", io.ErrUnexpectedEOF)
			case p.Error != nil:
				return denied(p.Error, "Describe on this topic")
			}
			first[p.Partition], next[p.Partition] = p.FirstOffset, p.LastOffset
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("offsets of %s: %w", topic, err)
	}
	return first, next, nil
}
