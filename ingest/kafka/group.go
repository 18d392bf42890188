package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// GroupConfig says how a worker joins the consumer group.
type GroupConfig struct {
	ID                string        // of the group, without prefix
	SessionTimeout    time.Duration // 0: 6 s
	HeartbeatInterval time.Duration // 0: 300 ms; a rebalance takes about one of these
}

// Handler owns one partition number, in all topics, until ctx ends, because the generation
// is over or the worker stops. Where it returns nil or ErrLeaseLost before that, the worker
// waits for the next generation; any other error ends the worker.
type Handler func(ctx context.Context, partition int, lease *Lease) error

// RunGroup joins the group, runs own for each assigned partition number in a
// goroutine of its own, and joins again whenever the group changes, until ctx
// ends or a handler fails. It returns the handler's error, ctx's, or why it cannot join:
// ErrDenied, topics that have not all as many partitions, another program in the group. A
// member owns the same partition numbers in all topics. Several workers in a process are
// several calls.
func (c *Cluster) RunGroup(ctx context.Context, g GroupConfig, own Handler) error {
	if _, err := c.Partitions(ctx); err != nil {
		return fmt.Errorf("joining group %s: %w", g.ID, err)
	}
	names := []string{c.topic(schemas.TopicLog)}
	for _, topic := range schemas.RawTopics {
		names = append(names, c.topic(topic))
	}
	if g.SessionTimeout == 0 {
		g.SessionTimeout = 6 * time.Second
	}
	if g.HeartbeatInterval == 0 {
		g.HeartbeatInterval = 300 * time.Millisecond
	}
	m := &member{cluster: c, group: c.topic(g.ID), topics: names, own: own}
	group, err := kafkago.NewConsumerGroup(kafkago.ConsumerGroupConfig{
		ID: m.group, Brokers: c.Brokers, Dialer: c.dialer, Topics: names,
		GroupBalancers:    []kafkago.GroupBalancer{&m.balancer},
		HeartbeatInterval: g.HeartbeatInterval, SessionTimeout: g.SessionTimeout, RebalanceTimeout: g.SessionTimeout,
		JoinGroupBackoff: 200 * time.Millisecond, Timeout: 3 * time.Second, StartOffset: kafkago.FirstOffset,
	})
	if err != nil {
		return fmt.Errorf("joining group %s: %w", g.ID, err)
	}
	defer leave(group)
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	m.fail = fail
	defer m.quitting.Wait()
	for {
		generation, err := m.next(running, group)
		if err == nil {
			err = m.serve(running, generation)
		}
		if running.Err() != nil && ctx.Err() == nil {
			return context.Cause(running) // a handler's error
		}
		if err != nil {
			return err
		}
	}
}

// member is one worker in the group, over all generations.
type member struct {
	cluster  *Cluster
	group    string   // with prefix
	topics   []string // with prefix
	own      Handler
	fail     context.CancelCauseFunc
	balancer sortedRange
	id       string // in the generation before; empty: the worker has left that
	quitting sync.WaitGroup
}

// leave gives the partitions back. It does not wait long: Close waits for a join in progress,
// which waits for members that may be leaving too, up to the rebalance timeout, and the join
// ends by itself.
func leave(group *kafkago.ConsumerGroup) {
	left := make(chan struct{})
	go func() {
		defer close(left)
		_ = group.Close()
	}()
	select {
	case <-left:
	case <-time.After(500 * time.Millisecond):
	}
}

// next waits for the next generation. Errors of the coordinator and the network that pass
// come out of kafka-go's Next as well; they are no reason to leave, and the worker joins
// again.
func (m *member) next(ctx context.Context, group *kafkago.ConsumerGroup) (generation *kafkago.Generation, err error) {
	err = m.cluster.retry(ctx, "joining group "+m.group, func() error {
		generation, err = group.Next(ctx)
		var code kafkago.Error
		switch {
		case err == nil:
			m.id = generation.MemberID
			return nil
		case ctx.Err() != nil:
			return err
		}
		if !errors.Is(err, kafkago.RebalanceInProgress) {
			m.quit(ctx)
		}
		switch {
		case !errors.As(err, &code):
			return fmt.Errorf("%w: %w", kafkago.NetworkException, err) // nobody has refused anything
		case code == kafkago.RebalanceInProgress, code == kafkago.UnknownMemberId, code == kafkago.IllegalGeneration:
			return kafkago.GroupCoordinatorNotAvailable // join again
		}
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("consumer group %s: %w", m.group, denied(err, "Read on this group"))
	}
	return generation, nil
}

// quit takes the member that this worker was out of the group. After an error kafka-go joins
// as a new member, and without this the group would wait for the old one until its session
// ends.
func (m *member) quit(ctx context.Context) {
	if m.id == "" {
		return
	}
	leave := &kafkago.LeaveGroupRequest{Addr: m.cluster.client.Addr, GroupID: m.group, Members: []kafkago.LeaveGroupRequestMember{{ID: m.id}}}
	m.id = ""
	m.quitting.Go(func() {
		_ = m.cluster.retry(ctx, "leaving group "+m.group, func() error { // where it fails, the session's end does it
			r, err := m.cluster.client.LeaveGroup(ctx, leave)
			if err != nil {
				return err
			}
			return r.Error
		})
	})
}

// serve starts the handlers of a generation and returns when the generation ends
// and all of them are back: a partition has no two owners in one process.
func (m *member) serve(ctx context.Context, generation *kafkago.Generation) error {
	mine, err := m.assigned(generation)
	if err != nil {
		return err
	}
	var running sync.WaitGroup
	start := func(f func(ctx context.Context)) {
		running.Add(1)
		generation.Start(func(ended context.Context) {
			defer running.Done()
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(ended, cancel)()
			f(ctx)
		})
	}
	for _, partition := range mine {
		start(func(ctx context.Context) {
			err := m.own(ctx, partition, &Lease{m.cluster, m.group, generation.MemberID, generation.ID})
			switch {
			case ctx.Err() != nil:
			case err == nil, errors.Is(err, ErrLeaseLost):
				<-ctx.Done() // the group will say in its next generation who owns the partition
			default:
				m.fail(err)
			}
		})
	}
	if len(mine) == 0 {
		start(func(ctx context.Context) {
			if m.balancer.partial.Swap(false) {
				// This member is the leader, and the group joins again when this returns.
				m.cluster.Log.Warn().Str("group", m.group).Msg("not every topic is seen with as many partitions: assigning again")
				_ = retry.Pause(ctx, 500*time.Millisecond)
				return
			}
			<-ctx.Done() // there are more members than partitions, and this one is in reserve
		})
	}
	running.Wait()
	return nil
}

// assigned returns the partition numbers of a generation, which must be the same in all topics.
func (m *member) assigned(generation *kafkago.Generation) ([]int, error) {
	var mine []int
	for i, topic := range m.topics {
		var numbers []int
		for _, a := range generation.Assignments[topic] {
			numbers = append(numbers, a.ID)
		}
		slices.Sort(numbers)
		if i == 0 {
			mine = numbers
		}
		if !slices.Equal(numbers, mine) {
			return nil, fmt.Errorf("group %s: partitions %v of %s but %v of %s are assigned: another program is in the group; give Vigil a group of its own", m.group, mine, m.topics[0], numbers, topic)
		}
	}
	return mine, nil
}
