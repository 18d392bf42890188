package kafka

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// requests counts those of a kind that reach the broker.
func requests(broker *kfake.Cluster, kind kmsg.Key) *atomic.Int64 {
	var n atomic.Int64
	broker.ControlKey(int16(kind), func(kmsg.Request) (kmsg.Response, error, bool) {
		broker.KeepControl()
		n.Add(1)
		return nil, nil, false
	})
	return &n
}

// Readers of many partitions that wait are in few requests, idle and at work, and so are
// the batches that several producers write at once.
func TestRequestsAreShared(t *testing.T) {
	const partitions, times = 8, 50
	c, broker := faulty(t, partitions)
	fetches, produces := requests(broker, kmsg.Fetch), requests(broker, kmsg.Produce)
	var readers sync.WaitGroup
	for _, topic := range schemas.RawTopics {
		for p := range partitions {
			readers.Go(func() {
				r := c.NewReader(topic, p, 0)
				for range 3 {
					if got, err := r.Read(t.Context(), 10); err != nil || len(got) > 0 {
						t.Errorf("Read of nothing = %v, %v", got, err)
					}
				}
			})
		}
	}
	readers.Wait()
	if n, single := fetches.Load(), int64(3*partitions*len(schemas.RawTopics)); n > single/4 {
		t.Errorf("%d fetches for %d reads", n, single)
	}
	fetches.Store(0)
	var all sync.WaitGroup
	for p := range partitions {
		all.Go(func() {
			producer := c.NewProducer(c.Prefix + string(rune('a'+p)))
			for i := range times {
				if _, err := producer.Append(t.Context(), schemas.TopicLog, p, messages(1, i)); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			r := c.NewReader(schemas.TopicLog, p, 0)
			for next := int64(0); next < times; next = r.Next() {
				if _, err := r.Read(t.Context(), times); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d batches in %d requests, read in %d", partitions*times, produces.Load(), fetches.Load())
	if n := produces.Load(); n > partitions*times*3/4 {
		t.Errorf("%d produce requests for %d batches", n, partitions*times)
	}
	if n := fetches.Load(); n > partitions*times*3/4 {
		t.Errorf("%d fetches for %d batches", n, partitions*times)
	}
}

// Readers of one partition at offsets of their own each get all from there on, and a
// record larger than a fetch comes also where other partitions always have something.
func TestReadersOfOnePartition(t *testing.T) {
	c, _ := testCluster(t, 3)
	p := c.NewProducer(c.Prefix + "t")
	const n = 2000
	large := schemas.Message{Key: []byte("k"), Value: bytes.Repeat([]byte("x"), 5<<20)}
	var all sync.WaitGroup
	stop := make(chan struct{})
	for _, busy := range []int{1, 2} {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := p.Append(t.Context(), schemas.TopicLog, busy, messages(10, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		all.Go(func() {
			for r := c.NewReader(schemas.TopicLog, busy, 0); ; {
				if _, err := r.Read(t.Context(), n); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	write := func(from, to int) {
		for i := from; i < to; i += 10 {
			if _, err := p.Append(t.Context(), schemas.TopicLog, 0, messages(10, i)); err != nil {
				t.Error(err)
			}
		}
	}
	write(0, 500)
	var readers sync.WaitGroup
	for from := range int64(5) {
		readers.Go(func() {
			r := c.NewReader(schemas.TopicLog, 0, 100*from)
			want := 100 * from
			for want <= n {
				got, err := r.Read(t.Context(), 50)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range got {
					if got[i].Offset != want {
						t.Errorf("offset %d follows %d", got[i].Offset, want-1)
						return
					}
					want++
				}
			}
		})
	}
	write(500, n)
	if _, err := p.Append(t.Context(), schemas.TopicLog, 0, []schemas.Message{large}); err != nil {
		t.Error(err)
	}
	readers.Wait()
	close(stop)
	all.Wait()
}
