package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// world is an embedded broker with the topics of one run: a log, and what a
// service makes of it.
type world struct {
	cluster *kafka.Cluster
	monitor *monitor.Monitor
	shelf   monitor.Shelf
	models  Models
	said    zerolog.Logger // the zero value says nothing
	log     *kafka.Producer
	next    int64 // log offset that comes next
	records int
	idle    atomic.Int64 // owners that were killed
	names   atomic.Int64
}

// TestMain gives the tests a real Kafka where VIGIL_REAL=1 wants one.
func TestMain(m *testing.M) { os.Exit(realkafka.Main(m, realkafka.Options{})) }

func broker(t testing.TB) []string {
	t.Helper()
	if k := realkafka.Shared(); k != nil {
		return k.Addresses
	}
	b, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b.ListenAddrs()
}

func newWorld(t testing.TB, brokers []string, prefix string) *world {
	t.Helper()
	return openWorld(t, brokers, prefix+realkafka.Prefix())
}

// openWorld is newWorld under a prefix as it is, whose topics may be there.
func openWorld(t testing.TB, brokers []string, prefix string) *world {
	t.Helper()
	w := &world{cluster: &kafka.Cluster{Brokers: brokers, Prefix: prefix}, monitor: &monitor.Monitor{Policy: alerts.DefaultPolicy()}}
	t.Cleanup(w.cluster.Close)
	if _, err := w.cluster.CreateTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	w.log = w.cluster.NewProducer(prefix + "intake")
	return w
}

// write appends records as intake does: with claims and offset records between
// them, and now and then something that is not intake's.
func (w *world) write(t testing.TB, records []*schemas.Record) {
	t.Helper()
	header := func(kind string) []schemas.Header {
		return []schemas.Header{{Key: schemas.HeaderType, Value: kind}}
	}
	var messages []schemas.Message
	for _, rec := range records {
		messages = append(messages, schemas.Message{Key: []byte(rec.Patient), Value: rec.AppendBinary(nil), Headers: header(schemas.TypeLog)})
		switch w.records++; w.records % 40 {
		case 10:
			messages = append(messages, schemas.Message{Key: []byte("o"), Value: []byte{}, Headers: header(schemas.TypeOffsets)})
		case 20:
			messages = append(messages, schemas.Message{Key: []byte("c"), Value: []byte{}, Headers: header(schemas.TypeClaim)})
		case 30:
			messages = append(messages, schemas.Message{Key: []byte("x"), Value: []byte("not a log record")})
		}
	}
	base, err := w.log.Append(t.Context(), schemas.TopicLog, 0, messages)
	if err != nil {
		t.Fatal(err)
	}
	w.next = base + int64(len(messages))
}

// outputs are the records of the output topics, claims left out, each as one line.
func (w *world) outputs(t testing.TB) (lines []string) {
	t.Helper()
	for _, topic := range outputTopics {
		records, err := w.cluster.LastRecords(t.Context(), topic, 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			m := &records[i]
			kind, _ := m.Header(schemas.HeaderType)
			if kind == schemas.TypeClaim {
				continue
			}
			position, _ := m.Header(schemas.HeaderPosition)
			id, _ := m.Header(schemas.HeaderID)
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s %s", topic, position, kind, id, m.Key, m.Value))
		}
	}
	return lines
}

func (w *world) service(store Store) *Service {
	return &Service{
		Cluster: w.cluster, Store: store, Monitor: w.monitor, Shelf: w.shelf, Models: w.models, Log: w.said,
		Nonce: func() string { return fmt.Sprintf("owner-%d", w.names.Add(1)) },
	}
}

// drain works the log to its end with a calm owner.
func (w *world) drain(t testing.TB, store Store) {
	t.Helper()
	s := w.service(store)
	s.Batch = 100
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- s.Own(ctx, 0, nil) }()
	for s.Stats(0).Applied.Load() < w.next-1 {
		select {
		case err := <-done:
			t.Fatalf("at %d of %d: %v", s.Stats(0).Applied.Load(), w.next-1, err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

var errCrash = errors.New("the process is gone")

// Histories in which the process is killed between any two of its steps, the
// store is rolled back or lost, and a second owner works beside the first, end as
// a calm one does: byte for byte, nothing lost, doubled or reordered.
func TestCrashHistories(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) }) // after the broker's
	brokers := broker(t)
	seeds := 12
	if testing.Short() {
		seeds = 3
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("memory/", seed), func(t *testing.T) {
			store := memstore.New()
			crashHistory(t, brokers, seed, func() Store { return store }, func(r *rand.Rand) func() {
				then := store.Clone()
				return func() {
					if r.IntN(3) == 0 {
						store = memstore.New() // lost
					} else {
						store = then // rolled back
					}
				}
			})
		})
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("miniredis/", seed), func(t *testing.T) {
			server := miniredis.RunT(t)
			store, err := redisstore.Open("redis://"+server.Addr(), "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			crashHistory(t, brokers, 100+seed, func() Store { return store }, func(r *rand.Rand) func() {
				if r.IntN(2) == 0 {
					return server.FlushAll // lost
				}
				return func() { // away for a while
					server.SetError("LOADING Redis is loading the dataset in memory")
					time.AfterFunc(30*time.Millisecond, func() { server.SetError("") })
				}
			})
		})
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("redis/", seed), func(t *testing.T) {
			server := redis.NewClient(&redis.Options{Addr: storetest.Redis(t)})
			t.Cleanup(func() { server.Close() })
			store, err := redisstore.Open("redis://"+server.Options().Addr, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { store.Close() })
			crashHistory(t, brokers, 200+seed, func() Store { return store }, func(*rand.Rand) func() {
				return func() { server.FlushAll(context.WithoutCancel(t.Context())) }
			})
		})
	}
}

// crashHistory works a log through crashes. store is the one in force; save
// remembers it and returns what puts it back, or away.
func crashHistory(t *testing.T, brokers []string, seed uint64, store func() Store, save func(*rand.Rand) func()) {
	r := rand.New(rand.NewPCG(seed, 9))
	log := history.WithTicks(r, history.Make(seed, 300, 4, seed%2 == 1), 0.1)
	calm := newWorld(t, brokers, fmt.Sprintf("calm%d-", seed))
	calm.write(t, log)
	calm.drain(t, memstore.New())
	want := calm.outputs(t)

	w := newWorld(t, brokers, fmt.Sprintf("crash%d-", seed))
	restore := save(r)
	restored := false
	for len(log) > 0 {
		n := min(len(log), 1+r.IntN(60))
		w.write(t, log[:n])
		log = log[n:]
		if r.IntN(4) == 0 {
			restore()
			restored = true
		}
		if r.IntN(3) == 0 {
			restore = save(r)
		}
		w.crash(t, r, store())
	}
	w.drain(t, store())
	got := w.outputs(t)
	if !slices.Equal(want, got) {
		t.Fatalf("seed %d: %d outputs, the calm run has %d; the first difference (- calm, + crashed):\n%s", seed, len(got), len(want), history.FirstDifference(want, got))
	}
	if len(want) < 200 || !restored {
		t.Fatalf("seed %d: %d outputs, store put back %v: the history tests too little", seed, len(want), restored)
	}
}

// A store that is lost is rebuilt from where the outputs say, not from the log's
// beginning, and what follows is the same.
func TestRebuildAfterLoss(t *testing.T) {
	brokers := broker(t)
	var log []*schemas.Record
	m := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	for seed := uint64(1); ; seed++ { // a ward in which every patient has had several stays
		log = history.Make(seed, 1200, 2, false)
		s := monitor.NewPartition()
		for i, rec := range log[:900] {
			if _, err := m.Step(s, rec, int64(10+i), nil); err != nil {
				t.Fatal(err)
			}
		}
		if s.RebuildFrom(910) > 200 {
			break
		}
	}
	calm := newWorld(t, brokers, "calm-")
	calm.write(t, log[:900])
	calm.write(t, log[900:])
	calm.drain(t, memstore.New())

	w := newWorld(t, brokers, "lost-")
	w.write(t, log[:900])
	w.drain(t, memstore.New())
	w.write(t, log[900:])
	tails, err := readTails(t.Context(), w.cluster, 0)
	if err != nil || tails.rebuildFrom < 100 || tails.rebuildFrom > 940 {
		t.Fatalf("the outputs say to rebuild from %d, %v: want well inside the log", tails.rebuildFrom, err)
	}
	w.drain(t, memstore.New())
	if want, got := calm.outputs(t), w.outputs(t); !slices.Equal(want, got) {
		t.Fatalf("first difference (- calm, + rebuilt):\n%s", history.FirstDifference(want, got))
	}

	// A store of another log is ahead of this one.
	other := newWorld(t, brokers, "other-")
	other.write(t, log[:3])
	ahead := memstore.New()
	w.drain(t, ahead)
	if err := other.service(ahead).Own(t.Context(), 0, nil); err == nil || !strings.Contains(err.Error(), "belongs to another log") {
		t.Fatalf("Own with a store that is ahead of the log = %v", err)
	}
}

// crash runs an owner until it is killed at a random point, or has been idle;
// sometimes two at once, of which one sleeps in mid-step and wakes as a zombie.
func (w *world) crash(t *testing.T, r *rand.Rand, store Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	var running sync.WaitGroup
	owners := 1 + r.IntN(3)/2
	w.idle.Store(0)
	running.Go(func() {
		for ctx.Err() == nil && w.idle.Load() < int64(owners) {
			time.Sleep(time.Millisecond)
		}
		cancel()
	})
	for i := range owners {
		s := w.service(store)
		s.Batch = 1 + r.IntN(80)
		left := int64(1 + r.IntN(25))
		nap := time.Duration(0)
		if i == 1 {
			nap = time.Duration(r.IntN(30)) * time.Millisecond
		}
		s.cut = func(string) error {
			switch left--; {
			case left == 0:
				return errCrash
			case left == 3 && nap > 0:
				time.Sleep(nap) // stopped, and woken when another owns the partition
			}
			return nil
		}
		running.Go(func() {
			if err := s.Own(ctx, 0, nil); !errors.Is(err, errCrash) && ctx.Err() == nil {
				t.Errorf("Own = %v", err)
			}
			w.idle.Add(1)
		})
		running.Go(func() {
			for ctx.Err() == nil {
				if s.Stats(0).Applied.Load() >= w.next-1 {
					cancel()
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	running.Wait()
}
