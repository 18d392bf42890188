package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// testCluster is an embedded broker with all topics.
func testCluster(t testing.TB, partitions int) (*Cluster, *kfake.Cluster) {
	t.Helper()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	c := &Cluster{Brokers: broker.ListenAddrs()}
	t.Cleanup(c.Close)
	if made, err := c.CreateTopics(t.Context(), partitions, 1); err != nil || made != len(schemas.Topics) {
		t.Fatalf("CreateTopics = %d, %v", made, err)
	}
	return c, broker
}

func messages(n, from int) []schemas.Message {
	out := make([]schemas.Message, n)
	for i := range out {
		out[i] = schemas.Message{
			Key: []byte("k"), Value: fmt.Appendf(nil, "v%d", from+i),
			Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: "i", Value: fmt.Sprint(from + i)}},
		}
	}
	return out
}

// readAll reads what is in a partition now, claims left out.
func readAll(t testing.TB, c *Cluster, topic string, partition int) []schemas.Message {
	t.Helper()
	first, next, err := c.Ends(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.readTo(t.Context(), topic, partition, first[partition], next[partition])
	if err != nil {
		t.Fatal(err)
	}
	var out []schemas.Message
	for _, m := range all {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeClaim {
			out = append(out, m)
		}
	}
	return out
}

func TestAppendThenReadInOrder(t *testing.T) {
	c, _ := testCluster(t, 2)
	p := c.NewProducer("t")
	if err := p.Claim(t.Context(), schemas.TopicLog, []int{1}, nil); err != nil {
		t.Fatal(err)
	}
	const n = 4500 // more than one batch
	base, err := p.Append(t.Context(), schemas.TopicLog, 1, messages(n, 0))
	if err != nil || base != 1 {
		t.Fatalf("Append = %d, %v, want offset 1 behind the claim", base, err)
	}
	got := readAll(t, c, schemas.TopicLog, 1)
	if len(got) != n {
		t.Fatalf("read %d records, want %d", len(got), n)
	}
	for i := range got {
		if string(got[i].Value) != fmt.Sprintf("v%d", i) || string(got[i].Key) != "k" || got[i].Offset != int64(i+1) || got[i].Appended == 0 {
			t.Fatalf("record %d is %+v", i, got[i])
		}
		if v, _ := got[i].Header("i"); v != fmt.Sprint(i) {
			t.Fatalf("record %d has header %q", i, v)
		}
	}
	r := c.NewReader(schemas.TopicLog, 1, 100)
	defer r.Close()
	few, err := r.Read(t.Context(), 7)
	if err != nil || len(few) != 7 || few[0].Offset != 100 {
		t.Fatalf("Read from 100 = %d records, %v", len(few), err)
	}
	if again, err := r.Read(t.Context(), 7); err != nil || again[0].Offset != 107 {
		t.Fatalf("the next Read begins at %v, %v, want 107", again, err)
	}
	tail, err := c.LastRecords(t.Context(), schemas.TopicLog, 1, 3)
	if err != nil || len(tail) != 3 || tail[2].Offset != n {
		t.Fatalf("LastRecords = %v, %v", tail, err)
	}
}

func TestReadWaitsAtTheTail(t *testing.T) {
	c, _ := testCluster(t, 1)
	r := c.NewReader(schemas.TopicLog, 0, 0)
	defer r.Close()
	for range 3 {
		if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 0 {
			t.Fatalf("Read at the tail = %v, %v", got, err)
		}
	}
	if _, err := c.NewProducer("t").Append(t.Context(), schemas.TopicLog, 0, messages(1, 0)); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Read(t.Context(), 10); err != nil || len(got) != 1 {
		t.Fatalf("Read = %v, %v, want the record", got, err)
	}
}

func TestLostRecordsAreSaid(t *testing.T) {
	c, _ := testCluster(t, 1)
	r := c.NewReader(schemas.TopicLog, 0, 77)
	defer r.Close()
	var lost *DataLossError
	if _, err := r.Read(t.Context(), 10); !errors.As(err, &lost) || lost.Offset != 77 {
		t.Fatalf("Read beyond the end = %v, want a DataLossError", err)
	}
}

// A broker that appends and then answers that it failed makes a plain producer
// write twice.
func TestLostAnswerWritesOnce(t *testing.T) {
	c, broker := testCluster(t, 1)
	p := c.NewProducer("t")
	if err := p.Claim(t.Context(), schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: schemas.TopicLog, Err: kerr.NotEnoughReplicasAfterAppend, Count: 3})
	for i := range 10 {
		if _, err := p.Append(t.Context(), schemas.TopicLog, 0, messages(5, 5*i)); err != nil {
			t.Fatal(err)
		}
	}
	got := readAll(t, c, schemas.TopicLog, 0)
	if len(got) != 50 {
		t.Fatalf("%d records, want 50", len(got))
	}
	for i := range got {
		if string(got[i].Value) != fmt.Sprintf("v%d", i) {
			t.Fatalf("record %d is %s", i, got[i].Value)
		}
	}
}

func TestOlderOwnerIsFenced(t *testing.T) {
	c, _ := testCluster(t, 1)
	old, young := c.NewProducer("owner"), c.NewProducer("owner")
	ctx := t.Context()
	if err := old.Claim(ctx, schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Append(ctx, schemas.TopicLog, 0, messages(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := young.Claim(ctx, schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := old.Append(ctx, schemas.TopicLog, 0, messages(1, 1)); !errors.Is(err, ErrFenced) {
		t.Fatalf("the older owner's Append = %v, want ErrFenced", err)
	}
	if _, err := young.Append(ctx, schemas.TopicLog, 0, messages(1, 2)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, c, schemas.TopicLog, 0); len(got) != 2 || string(got[1].Value) != "v2" {
		t.Fatalf("the log holds %v", got)
	}
}

func TestGroupCoversEveryPartitionOnce(t *testing.T) {
	c, _ := testCluster(t, 5)
	var mu sync.Mutex
	owner := map[int]string{}
	own := func(worker string) Handler {
		return func(ctx context.Context, partition int, lease *Lease) error {
			if err := lease.Check(ctx); err != nil {
				return err
			}
			mu.Lock()
			if other := owner[partition]; other != "" {
				t.Errorf("partition %d is owned by %s while %s still has it", partition, worker, other)
			}
			owner[partition] = worker
			mu.Unlock()
			<-ctx.Done()
			mu.Lock()
			delete(owner, partition)
			mu.Unlock()
			return ctx.Err()
		}
	}
	covered := func(by int) bool {
		mu.Lock()
		defer mu.Unlock()
		workers := map[string]bool{}
		for _, w := range owner {
			workers[w] = true
		}
		return len(owner) == 5 && len(workers) == by
	}
	wait := func(by int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !covered(by); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("never %d workers on all partitions: %v", by, owner)
			}
		}
	}
	var done sync.WaitGroup
	join := func(name string) context.CancelFunc {
		ctx, cancel := context.WithCancel(t.Context())
		done.Go(func() {
			if err := c.RunGroup(ctx, GroupConfig{ID: "g"}, own(name)); err != nil && ctx.Err() == nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		return cancel
	}
	stopA := join("a")
	wait(1)
	stopB, stopC := join("b"), join("c")
	wait(3)
	stopB()
	stopC()
	wait(1)
	stopA()
	done.Wait()
}

// Vectors of the Java client's Utils.murmur2.
func TestPartitionOfAgreesWithJava(t *testing.T) {
	for key, want := range map[string]uint32{
		"21": 1<<32 - 973932308, "foobar": 1<<32 - 790332482,
		"a-little-bit-long-string": 1<<32 - 985981536, "a-little-bit-longer-string": 1<<32 - 1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": 1<<32 - 58897971, "abc": 479470107,
	} {
		if got := murmur2([]byte(key)); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, int32(got), int32(want))
		}
	}
}
