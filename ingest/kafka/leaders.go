package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"

	kafkago "github.com/segmentio/kafka-go"
)

// errUnseen means that the brokers name no such partition: it may be new, it may be gone, or
// this user may not see it.
var errUnseen = fmt.Errorf("the brokers do not name it: %w", kafkago.UnknownTopicOrPartition)

// leaders remembers which broker leads each partition of Vigil's topics, as the brokers said
// when they were last asked.
type leaders struct {
	cluster *Cluster

	mu     sync.Mutex
	known  bool
	broker map[target]int32 // topics with their prefix; -1: nobody now
	errors map[string]error // by topic
}

// find returns the number of the broker that leads a partition of a topic (with its prefix),
// or why there is none. Where there is none, the next call asks the brokers again.
func (l *leaders) find(ctx context.Context, topic string, partition int) (int32, error) {
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

// look asks for all partitions at once. That is cheap: the client keeps the answer for a
// second.
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

// forget is for whoever finds that a leader has moved: the next find asks the brokers again.
func (l *leaders) forget() {
	l.mu.Lock()
	l.known = false
	l.mu.Unlock()
}
