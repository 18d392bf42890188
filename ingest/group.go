package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// GroupConfig is how a worker joins.
type GroupConfig struct {
	ID                string        // of the group, without prefix
	SessionTimeout    time.Duration // 0: 6 s
	HeartbeatInterval time.Duration // 0: 300 ms; a rebalance pauses for about one
}

// Lease is a worker's right to a partition within a generation of the group.
type Lease struct {
	cluster    *Cluster
	group      string
	member     string
	generation int32
}

// String names member and generation: unique per lease.
func (l *Lease) String() string { return fmt.Sprintf("%s#%d", l.member, l.generation) }

// ErrLeaseLost: the group has given the partition to another member.
var ErrLeaseLost = errors.New("the lease of the partition is lost")

// Check asks the coordinator whether the lease still holds. kafka-go 0.4.51 reads
// the heartbeat's answer in the wrong order: the error code lands in Throttle,
// where 27 (a rebalance goes on) still means a member.
func (l *Lease) Check(ctx context.Context) error {
	return retry(ctx, func() error {
		r, err := l.cluster.client.Heartbeat(ctx, &kafka.HeartbeatRequest{
			Addr: l.cluster.client.Addr, GroupID: l.group, GenerationID: l.generation, MemberID: l.member,
		})
		if err != nil {
			return err
		}
		code := kafka.Error(r.Throttle / time.Millisecond)
		switch {
		case r.Error == nil && (code == 0 || code == kafka.RebalanceInProgress):
			return nil
		case temporary(code):
			return code
		}
		return fmt.Errorf("%w: %w", ErrLeaseLost, code)
	})
}

// Handler owns one partition number, in all topics, until ctx ends: the generation
// is over, or the worker stops. An error that is not ctx's ends the worker.
type Handler func(ctx context.Context, partition int, lease *Lease) error

// RunGroup joins the group, runs own for each assigned partition number in a
// goroutine of its own, and joins again whenever the group changes, until ctx
// ends or a handler fails. Every topic must have as many partitions: a member
// owns the same numbers in all of them.
func (c *Cluster) RunGroup(ctx context.Context, g GroupConfig, own Handler) error {
	c.init()
	names := make([]string, 0, len(schemas.RawTopics)+1)
	for _, topic := range schemas.RawTopics {
		names = append(names, c.topic(topic))
	}
	names = append(names, c.topic(schemas.TopicLog))
	if g.SessionTimeout == 0 {
		g.SessionTimeout = 6 * time.Second
	}
	if g.HeartbeatInterval == 0 {
		g.HeartbeatInterval = 300 * time.Millisecond
	}
	group, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: c.topic(g.ID), Brokers: c.Brokers, Dialer: c.dialer, Topics: names,
		GroupBalancers:    []kafka.GroupBalancer{sortedRange{}},
		HeartbeatInterval: g.HeartbeatInterval, SessionTimeout: g.SessionTimeout, RebalanceTimeout: g.SessionTimeout,
		JoinGroupBackoff: 500 * time.Millisecond, Timeout: 3 * time.Second, StartOffset: kafka.FirstOffset,
	})
	if err != nil {
		return fmt.Errorf("joining group %s: %w", g.ID, err)
	}
	defer group.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for {
		generation, err := c.next(ctx, group)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
				return cause
			}
			return err
		}
		if err := c.serve(ctx, c.topic(g.ID), generation, own, cancel); err != nil {
			return err
		}
	}
}

// next waits for the next generation; the coordinator's and the network's
// temporary errors come out of Next and are no reason to leave.
func (c *Cluster) next(ctx context.Context, group *kafka.ConsumerGroup) (*kafka.Generation, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		generation, err := group.Next(ctx)
		if err == nil {
			return generation, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var code kafka.Error
		if errors.As(err, &code) && !temporary(code) && code != kafka.RebalanceInProgress && code != kafka.UnknownMemberId && code != kafka.IllegalGeneration {
			return nil, fmt.Errorf("consumer group: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// serve starts the handlers of a generation and returns when the generation ends
// and all of them are back.
func (c *Cluster) serve(ctx context.Context, group string, generation *kafka.Generation, own Handler, fail context.CancelCauseFunc) error {
	var log []kafka.PartitionAssignment
	for topic, partitions := range generation.Assignments {
		if topic == c.topic(schemas.TopicLog) {
			log = partitions
		}
	}
	for topic, partitions := range generation.Assignments {
		if len(partitions) != len(log) {
			return fmt.Errorf("group %s: %d partitions of %s but %d of the log are assigned: all topics need as many", group, len(partitions), topic, len(log))
		}
	}
	var running sync.WaitGroup
	for _, a := range log {
		running.Add(1)
		generation.Start(func(ended context.Context) {
			defer running.Done()
			ownCtx, cancel := context.WithCancel(ctx)
			defer cancel()
			stop := context.AfterFunc(ended, cancel)
			defer stop()
			lease := &Lease{c, group, generation.MemberID, generation.ID}
			err := own(ownCtx, a.ID, lease)
			switch {
			case ownCtx.Err() != nil:
			case err == nil, errors.Is(err, ErrLeaseLost):
				<-ownCtx.Done() // the group knows better: wait for its next generation
			default:
				fail(err)
			}
		})
	}
	if len(log) == 0 { // more members than partitions: hold the generation all the same
		running.Add(1)
		generation.Start(func(ended context.Context) {
			defer running.Done()
			select {
			case <-ended.Done():
			case <-ctx.Done():
			}
		})
	}
	running.Wait()
	return nil
}
