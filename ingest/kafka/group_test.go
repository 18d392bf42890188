package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// ward notes who owns which partition, and that nobody owns one twice.
type ward struct {
	t     *testing.T
	c     *Cluster
	mu    sync.Mutex
	owner map[int]string
	done  sync.WaitGroup
}

func (w *ward) handler(worker string) Handler {
	return func(ctx context.Context, partition int, lease *Lease) error {
		if err := lease.Check(ctx); err != nil {
			return err
		}
		w.mu.Lock()
		if other := w.owner[partition]; other != "" {
			w.t.Errorf("partition %d is owned by %s while %s still has it", partition, worker, other)
		}
		w.owner[partition] = worker
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		delete(w.owner, partition)
		w.mu.Unlock()
		return ctx.Err()
	}
}

func (w *ward) join(name string) context.CancelFunc {
	ctx, cancel := context.WithCancel(w.t.Context())
	w.done.Go(func() {
		if err := w.c.RunGroup(ctx, GroupConfig{ID: "g"}, w.handler(name)); !errors.Is(err, context.Canceled) {
			w.t.Errorf("%s ends with %v, want its context's error", name, err)
		}
	})
	return cancel
}

// wait returns when so many workers share all partitions.
func (w *ward) wait(workers, partitions int) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		w.mu.Lock()
		seen := map[string]bool{}
		for _, o := range w.owner {
			seen[o] = true
		}
		n, owners := len(w.owner), fmt.Sprint(w.owner)
		w.mu.Unlock()
		if n == partitions && len(seen) == workers {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("never %d workers on all %d partitions: %s", workers, partitions, owners)
		}
	}
}

func TestGroupCoversEveryPartitionOnce(t *testing.T) {
	c, _ := testCluster(t, 5)
	w := &ward{t: t, c: c, owner: map[int]string{}}
	stopA := w.join("a")
	w.wait(1, 5)
	stopB, stopC := w.join("b"), w.join("c")
	w.wait(3, 5)
	stopB()
	stopC()
	w.wait(1, 5)
	stopA()
	w.done.Wait()
}

// More workers than partitions: the idle ones stay and take over.
func TestIdleWorkersTakeOver(t *testing.T) {
	c, _ := testCluster(t, 1)
	w := &ward{t: t, c: c, owner: map[int]string{}}
	stops := []context.CancelFunc{w.join("a"), w.join("b"), w.join("c")}
	for range stops {
		w.wait(1, 1)
		w.mu.Lock()
		i := slices.Index([]string{"a", "b", "c"}, w.owner[0])
		w.mu.Unlock()
		if i < 0 {
			continue // it changed hands just now
		}
		stops[i]()
	}
	for _, stop := range stops {
		stop()
	}
	w.done.Wait()
}

// A coordinator that refuses, and leases that end, are survived by joining again.
func TestGroupOutlastsTrouble(t *testing.T) {
	c, broker := faulty(t, 3)
	w := &ward{t: t, c: c, owner: map[int]string{}}
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.CoordinatorLoadInProgress, Count: 1})
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.SyncGroup}, Err: kerr.NotCoordinator, Count: 1})
	stop := w.join("a")
	w.wait(1, 3)
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1}).Wait(t.Context(), 1)
	w.wait(1, 3)
	stop()
	w.done.Wait()
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.JoinGroup}, Err: kerr.GroupAuthorizationFailed, Count: 1})
	if err := c.RunGroup(t.Context(), GroupConfig{ID: "g"}, w.handler("b")); !errors.Is(err, kafkago.GroupAuthorizationFailed) {
		t.Fatalf("RunGroup without the right to = %v", err)
	}
}

func TestHandlerErrorEndsTheWorker(t *testing.T) {
	c, _ := testCluster(t, 3)
	for _, want := range []error{errors.New("broken"), fmt.Errorf("inner: %w", context.Canceled)} {
		err := c.RunGroup(t.Context(), GroupConfig{ID: "g"}, func(ctx context.Context, partition int, _ *Lease) error {
			if partition == 1 {
				return want
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, want) {
			t.Errorf("RunGroup = %v, want %v", err, want)
		}
	}
}

// Topics with unequal partition counts are refused before anything is owned.
func TestGroupWantsEqualTopics(t *testing.T) {
	c, _ := testCluster(t, 2)
	if _, err := c.client.CreatePartitions(t.Context(), &kafkago.CreatePartitionsRequest{
		Topics: []kafkago.TopicPartitionsConfig{{Name: c.topic(schemas.TopicNotes), Count: 3}},
	}); err != nil {
		t.Fatal(err)
	}
	for n, err := c.Partitions(t.Context()); err == nil && n == 2; n, err = c.Partitions(t.Context()) { // until the metadata is new
		time.Sleep(20 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := c.RunGroup(ctx, GroupConfig{ID: "g"}, func(context.Context, int, *Lease) error {
		t.Error("a partition is owned")
		return nil
	})
	if err == nil || ctx.Err() != nil {
		t.Fatalf("RunGroup = %v, want an error about partition counts", err)
	}
}

func TestLease(t *testing.T) {
	c, broker := testCluster(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	var names []string
	err := c.RunGroup(ctx, GroupConfig{ID: "g"}, func(ctx context.Context, _ int, lease *Lease) error {
		defer cancel()
		names = append(names, lease.String())
		if err := lease.Check(ctx); err != nil {
			t.Errorf("a good lease: %v", err)
		}
		if err := lease.Commit(ctx, schemas.TopicVitals, 0, 42); err != nil {
			t.Errorf("Commit: %v", err)
		}
		r, err := c.client.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{GroupID: c.topic("g"), Topics: map[string][]int{c.topic(schemas.TopicVitals): {0}}})
		if err != nil || r.Topics[c.topic(schemas.TopicVitals)][0].CommittedOffset != 42 {
			t.Errorf("the committed offset is %v, %v, want 42", r, err)
		}
		late, strange := *lease, *lease
		late.generation++
		strange.member += "x"
		for _, l := range []*Lease{&late, &strange} {
			if err := l.Check(ctx); !errors.Is(err, ErrLeaseLost) {
				t.Errorf("Check of lease %s = %v, want ErrLeaseLost", l, err)
			}
			if err := l.Commit(ctx, schemas.TopicVitals, 0, 7); !errors.Is(err, ErrLeaseLost) {
				t.Errorf("Commit of lease %s = %v, want ErrLeaseLost", l, err)
			}
		}
		if broker == nil {
			return nil
		}
		broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.NotCoordinator, Count: 1})
		broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.RebalanceInProgress, Count: 1})
		if err := lease.Check(ctx); err != nil {
			t.Errorf("a lease in a rebalance: %v, want it to hold", err)
		}
		// kafka-go may take a broker for the coordinator that is none, for minutes: that
		// is no refusal, and must not stop the owner.
		fault := broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.NotCoordinator, Count: -1})
		if err := lease.Check(t.Context()); err != nil || fault.Hits() < 3 {
			t.Errorf("a lease whose coordinator is not to be found: %v after %d tries, want it to hold", err, fault.Hits())
		}
		fault.Remove()
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(names) != 1 || names[0] == "" {
		t.Fatalf("RunGroup = %v, leases %q", err, names)
	}
}

// The heartbeat's answer in kafka-go's wrong order: throttle and code are told
// apart.
func TestHeartbeatCode(t *testing.T) {
	for _, x := range []struct {
		throttle int32
		code     int16
	}{{0, 0}, {0, 22}, {0, 27}, {5, 0}, {5, 25}, {70_000, 0}, {70_000, 22}, {1 << 30, 27}} {
		// On the wire: throttle (4 bytes), code (2). Read as: code (2), throttle (4).
		wire := uint64(uint32(x.throttle))<<16 | uint64(uint16(x.code))
		r := &kafkago.HeartbeatResponse{Throttle: time.Duration(int32(uint32(wire))) * time.Millisecond}
		if high := int16(wire >> 32); high != 0 {
			r.Error = kafkago.Error(high)
		}
		if got := heartbeatCode(r); got != kafkago.Error(x.code) {
			t.Errorf("throttle %d, code %d is read as %d", x.throttle, x.code, got)
		}
	}
}

// Every topic's partition of a number goes to one member, whatever the order of
// the metadata; all are given out, evenly.
func TestBalancer(t *testing.T) {
	topics := []string{"b", "a", "c"}
	for _, members := range []int{1, 2, 3, 7, 12} {
		for _, partitions := range []int{1, 5, 8, 64} {
			var metadata []kafkago.Partition
			for i, topic := range topics {
				for p := range partitions {
					metadata = append(metadata, kafkago.Partition{Topic: topic, ID: (p*(2*i+3) + i) % partitions})
				}
			}
			if partitions%3 == 0 || partitions%5 == 0 || partitions%7 == 0 {
				metadata = metadata[:0] // the strides above would repeat: in reverse instead
				for i := range len(topics) * partitions {
					metadata = append(metadata, kafkago.Partition{Topic: topics[i%3], ID: partitions - 1 - i/3})
				}
			}
			var group []kafkago.GroupMember
			for m := range members {
				group = append(group, kafkago.GroupMember{ID: fmt.Sprintf("m%02d", members-m), Topics: topics})
			}
			owner := map[int]string{}
			for member, assigned := range (&sortedRange{}).AssignGroups(group, metadata) {
				mine := assigned["a"]
				if n := len(mine); n < partitions/members || n > (partitions+members-1)/members {
					t.Errorf("%d members, %d partitions: %s has %d", members, partitions, member, n)
				}
				for _, topic := range topics {
					if !slices.Equal(assigned[topic], mine) {
						t.Errorf("%s owns %v of a but %v of %s", member, mine, assigned[topic], topic)
					}
				}
				for _, p := range mine {
					if owner[p] != "" {
						t.Errorf("partition %d is given to %s and %s", p, owner[p], member)
					}
					owner[p] = member
				}
			}
			if len(owner) != partitions {
				t.Errorf("%d members: %d of %d partitions are given out", members, len(owner), partitions)
			}
		}
	}
}

// Whoever died without leaving is taken out by the next process of its name, and
// by no other.
func TestEvict(t *testing.T) {
	c, _ := testCluster(t, 2)
	named := &Cluster{Brokers: c.Brokers, Prefix: c.Prefix, ClientID: "ward-a"}
	defer named.Close()
	owned := make(chan *Lease, 8)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- named.RunGroup(ctx, GroupConfig{ID: "g"}, func(ctx context.Context, _ int, l *Lease) error {
			owned <- l
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	lease := <-owned
	if n, err := c.Evict(t.Context(), "g"); n != 0 || err != nil {
		t.Errorf("another's name takes out %d, %v", n, err)
	}
	if n, err := c.Evict(t.Context(), "nobody"); n != 0 || err != nil {
		t.Errorf("of a group that is not there %d, %v", n, err)
	}
	if n, err := named.Evict(t.Context(), "g"); n != 1 || err != nil {
		t.Errorf("its own name takes out %d, %v", n, err)
	}
	if err := lease.Check(t.Context()); !errors.Is(err, ErrLeaseLost) {
		t.Errorf("the lease of who was taken out: %v, want ErrLeaseLost", err)
	}
	again := <-owned // it goes on: it was not dead
	for again.String() == lease.String() {
		again = <-owned
	}
	following, stop := context.WithCancel(t.Context())
	defer stop()
	followed := make(chan error, 1)
	go func() { followed <- again.Follow(following, schemas.TopicLog, 1, func() int64 { return 17 }) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		at, err := c.Committed(t.Context(), "g", schemas.TopicLog)
		if err != nil {
			t.Fatal(err)
		}
		if at[0] == -1 && at[1] == 17 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("committed %v, want -1 and 17", at)
		}
	}
	stop()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Errorf("Follow ends with %v", err)
	}
	cancel()
	<-ended
}
