package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	kafkago "github.com/segmentio/kafka-go"
)

// errUnseen: the brokers name no such partition. It may be new, it may be gone, or this
// user may not see it.
var errUnseen = fmt.Errorf("the brokers do not name it: %w", kafkago.UnknownTopicOrPartition)

// leaders says which broker leads each partition of Vigil's topics, as the brokers have
// told.
type leaders struct {
	cluster *Cluster

	mu     sync.Mutex
	known  bool
	broker map[target]int32 // topics with their prefix; -1: nobody now
	errors map[string]error // by topic
}

// of returns the leader of a partition of a topic with its prefix, or why there is none.
func (l *leaders) of(ctx context.Context, topic string, partition int) (int32, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		if err := l.look(ctx); err != nil {
			return 0, err
		}
	}
	broker, ok := l.broker[target{topic, partition}]
	switch {
	case ok && broker >= 0:
		return broker, nil
	case ok:
		l.known = false
		return 0, kafkago.LeaderNotAvailable
	}
	l.known = false
	if err := l.errors[topic]; err != nil && !errors.Is(err, kafkago.UnknownTopicOrPartition) {
		return 0, err
	}
	return 0, errUnseen
}

// look asks for all of them; the client has the answer of the last second at hand.
func (l *leaders) look(ctx context.Context) error {
	r, err := l.cluster.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: l.cluster.names()})
	if err != nil {
		return err
	}
	l.known, l.broker, l.errors = true, map[target]int32{}, map[string]error{}
	for i := range r.Topics {
		t := &r.Topics[i]
		l.errors[t.Name] = t.Error
		for j := range t.Partitions {
			p := &t.Partitions[j]
			l.broker[target{t.Name, p.ID}] = int32(p.Leader.ID)
			if p.Error != nil && !errors.Is(p.Error, kafkago.ReplicaNotAvailable) {
				l.broker[target{t.Name, p.ID}] = -1
			}
		}
	}
	return nil
}

// forget has the brokers asked again: leaders may have moved.
func (l *leaders) forget() {
	l.mu.Lock()
	l.known = false
	l.mu.Unlock()
}
