package kafka

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// onLink is a cluster all of whose connections go over a link that a test can cut.
func onLink(t *testing.T, partitions int) (*Cluster, *realkafka.Link) {
	t.Helper()
	plain, broker := testCluster(t, partitions)
	if broker != nil {
		t.Skip("wants a real broker: make test-real")
	}
	link := realkafka.NewLink(t, plain.Brokers[0])
	c := &Cluster{Brokers: plain.Brokers, Prefix: plain.Prefix, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, link.Address())
	}}
	t.Cleanup(c.Close)
	return c, link
}

// writers append values to one partition side by side: writer w the values w-0, w-1
// and so on, each in batches of its own.
func writers(t *testing.T, p *Producer, topic string, partition, n int, stop <-chan struct{}) (wait func() []int) {
	t.Helper()
	counts := make([]int, n)
	var running sync.WaitGroup
	for w := range n {
		running.Go(func() {
			for {
				var batch []schemas.Message
				for range 1 + counts[w]%7 {
					batch = append(batch, schemas.Message{Key: []byte("k"), Value: fmt.Appendf(nil, "%d-%d", w, counts[w]+len(batch))})
				}
				if _, err := p.Append(t.Context(), topic, partition, batch); err != nil {
					t.Errorf("writer %d after %d: %v", w, counts[w], err)
					return
				}
				counts[w] += len(batch)
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond):
				}
			}
		})
	}
	return func() []int { running.Wait(); return counts }
}

// wantWritten reads the partition with another client than ours: every value that was
// acknowledged is there, once, in its writer's order.
func wantWritten(t *testing.T, c *Cluster, topic string, partition int, counts []int) {
	t.Helper()
	next := make([]int, len(counts))
	err := realkafka.Records(t.Context(), c.Brokers, c.topic(topic), func(r *realkafka.Record) error {
		var w, i int
		if int(r.Partition) != partition || len(r.Headers) > 0 {
			return nil // a claim
		}
		if _, err := fmt.Sscanf(string(r.Value), "%d-%d", &w, &i); err != nil {
			return err
		}
		if i != next[w] {
			t.Errorf("offset %d: writer %d has %d, want %d", r.Offset, w, i, next[w])
		}
		next[w] = i + 1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for w := range counts {
		if next[w] != counts[w] || counts[w] == 0 {
			t.Errorf("writer %d: %d in the topic, %d acknowledged", w, next[w], counts[w])
		}
	}
}

// One batch in flight, the same bytes again: connections that are cut after the broker
// has appended and before it can say so, and a broker that is killed and begun again in
// between, cost time and nothing else, however many write to the partition.
func TestRealAnswersLost(t *testing.T) {
	c, link := onLink(t, 1)
	p := c.NewProducer(c.Prefix + "t")
	if err := p.Claim(t.Context(), schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	wait := writers(t, p, schemas.TopicLog, 0, 4, stop)
	for round := range 3 {
		for range 5 {
			time.Sleep(70 * time.Millisecond)
			link.Cut.Store(true)
			time.Sleep(20 * time.Millisecond)
			link.Cut.Store(false)
		}
		if round == 1 {
			link.Cut.Store(true) // what is in flight is appended, or not, and then the broker dies
			time.Sleep(20 * time.Millisecond)
			if err := realkafka.Shared().Kill(); err != nil {
				t.Fatal(err)
			}
			link.Cut.Store(false)
			if err := realkafka.Shared().Again(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if link.Swallowed.Load() == 0 {
		t.Error("no answer was swallowed: the test shows nothing")
	}
	close(stop)
	counts := wait()
	wantWritten(t, c, schemas.TopicLog, 0, counts)
	t.Logf("%v values in the topic, each once; %d answers swallowed, the broker killed once", counts, link.Swallowed.Load())
}

// One of three brokers is killed, the one that coordinates the group and leads a
// partition: the group goes on, a new owner can claim, nothing is lost or doubled.
func TestRealCoordinatorMoves(t *testing.T) {
	k := realkafka.Start(t, realkafka.Options{Brokers: 3})
	c := &Cluster{Brokers: k.Addresses}
	t.Cleanup(c.Close)
	const partitions = 6
	if _, err := c.CreateTopics(t.Context(), partitions, 3); err != nil {
		t.Fatal(err)
	}
	w := &ward{t: t, c: c, owner: map[int]string{}}
	stopA, stopB := w.join("a"), w.join("b")
	w.wait(2, partitions)
	broker := coordinator(t, c, c.topic("g"), kafkago.CoordinatorKeyTypeConsumer)
	p := c.NewProducer("owner")
	stop := make(chan struct{})
	var waits []func() []int
	for partition := range partitions {
		if err := p.Claim(t.Context(), schemas.TopicLog, []int{partition}, nil); err != nil {
			t.Fatal(err)
		}
		waits = append(waits, writers(t, p, schemas.TopicLog, partition, 1, stop))
	}
	killed := time.Now()
	if err := k.Kill(broker); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(t.Context(), schemas.TopicScores, broker%partitions, messages(1, 0)); err != nil {
		t.Fatal(err)
	}
	wrote := time.Since(killed)
	moved := coordinator(t, c, c.topic("g"), kafkago.CoordinatorKeyTypeConsumer)
	for moved == broker { // what the others know of it is old
		time.Sleep(50 * time.Millisecond)
		moved = coordinator(t, c, c.topic("g"), kafkago.CoordinatorKeyTypeConsumer)
	}
	elected := time.Since(killed)
	// Every partition has an owner that the new coordinator knows.
	w.wait(2, partitions)
	for holds := false; !holds; time.Sleep(20 * time.Millisecond) {
		at, err := c.client.DescribeGroups(t.Context(), &kafkago.DescribeGroupsRequest{Addr: c.client.Addr, GroupIDs: []string{c.topic("g")}})
		holds = err == nil && at.Groups[0].Error == nil && at.Groups[0].GroupState == "Stable" && len(at.Groups[0].Members) == 2
	}
	t.Logf("broker %d killed: written again after %.1f s, broker %d coordinates the group after %.1f s, both members in it after %.1f s",
		broker, wrote.Seconds(), moved, elected.Seconds(), time.Since(killed).Seconds())
	for partition := range partitions { // an owner of every producer name can be had: their coordinators too have moved
		if err := c.NewProducer(fmt.Sprint("owner-", partition)).Claim(t.Context(), schemas.TopicAlerts, []int{partition}, nil); err != nil {
			t.Error(err)
		}
	}
	if err := k.Again(); err != nil {
		t.Fatal(err)
	}
	close(stop)
	for partition, wait := range waits {
		wantWritten(t, c, schemas.TopicLog, partition, wait())
	}
	stopA()
	stopB()
	w.done.Wait()
}

// coordinator is the number of the broker that coordinates a group, once one does.
func coordinator(t *testing.T, c *Cluster, key string, kind kafkago.CoordinatorKeyType) (broker int) {
	t.Helper()
	err := c.retry(t.Context(), "finding a coordinator", func() error {
		r, err := c.client.FindCoordinator(t.Context(), &kafkago.FindCoordinatorRequest{Addr: c.client.Addr, Key: key, KeyType: kind})
		if err != nil {
			return err
		}
		if r.Error != nil {
			return r.Error
		}
		broker = r.Coordinator.NodeID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return broker
}
