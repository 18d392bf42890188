package kafkasink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Live appends what a door lets in to the topics of a Kafka. It implements
// source.Producer. What was appended and not acknowledged, because the process died, is
// appended again by the next one: its sequence number tells.
type Live struct {
	appender
}

// NewLive returns a producer for topics with n partitions. The transactional id of the
// broker's is vigil-publish-NAME behind the site's prefix: two processes of one name fence
// each other, so a name belongs to one file of sequence numbers.
func NewLive(c *kafka.Cluster, partitions int, name string) *Live {
	return &Live{appender{partitions: partitions, producer: c.NewProducer(c.Prefix + "vigil-publish-" + name), pending: map[target][]schemas.Message{}}}
}

// Append appends messages of raw topics to the partitions of their keys, side by side, and
// returns when all are acknowledged.
func (l *Live) Append(ctx context.Context, messages []schemas.Message) error {
	for i := range messages {
		m := &messages[i]
		if schemas.RawTopicIndex(m.Topic) < 0 {
			return fmt.Errorf("%q is no raw topic", m.Topic)
		}
		l.add(m.Topic, kafka.PartitionOf(m.Key, l.partitions), *m)
	}
	return l.flush(ctx)
}

// Refuse appends the dead letter of a message that a door refuses. Its topic is the door's
// name and its offset the number of the message, as it never stood in a topic; its id is a
// hash over the input, so that what is refused again is known by it.
func (l *Live) Refuse(ctx context.Context, r source.Refusal) error {
	sum := sha256.Sum256(r.Input)
	letter := kafka.NewDeadLetter(&schemas.Message{Topic: r.Door, Offset: r.Number, Value: r.Input}, r.Problem, r.Sender, false)
	body, err := schemas.EncodeDeadLetter(&letter)
	if err != nil {
		return fmt.Errorf("message %d of %s: its dead letter cannot be encoded: %w", r.Number, r.Door, err)
	}
	key := r.Sender
	if key == "" {
		key = "unknown"
	}
	l.add(schemas.TopicDeadLetters, kafka.PartitionOf([]byte(key), l.partitions), schemas.Message{Key: []byte(key), Value: body, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeDeadLetter},
		{Key: schemas.HeaderID, Value: r.Door + "/" + hex.EncodeToString(sum[:16])},
		{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}})
	return l.flush(ctx)
}
