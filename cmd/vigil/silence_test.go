package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/vigil-icu/vigil/alerts/watch"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// silent is a site whose watch is on and whose workers a test begins.
type silent struct {
	t     *testing.T
	house *boot.House
	talk  safeBuffer
	p     *kafka.Producer
	seq   int

	broker *embedded.Broker
	fast   atomic.Int64 // ms by which this machine's clock is fast
}

func silentSite(t *testing.T, redis string) *silent {
	t.Helper()
	if testing.Short() {
		t.Skip("waits until silences are said: left out with -short")
	}
	s := &silent{t: t}
	clock := func() schemas.Time { return schemas.FromStd(time.Now()) + schemas.Time(s.fast.Load()) }
	broker, err := embedded.StartBroker(t.TempDir(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	s.broker = broker
	s.house, err = boot.Start(t.Context(), boot.Config{Kafka: boot.Kafka{Brokers: broker.Addresses()}, Redis: boot.Redis{URL: redis}, Store: "miniredis", Partitions: 2, Workers: 1, Clock: clock, Log: zerolog.New(&s.talk)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.house.Close() })
	s.p = s.house.Cluster.NewProducer("gateway")
	s.goes(s.house.Watch)
	return s
}

// goes has something go on until the test or stop ends it.
func (s *silent) goes(f func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	stop = func() { cancel(); <-done }
	s.t.Cleanup(stop)
	return stop
}

// works lets the workers begin, and waits until a message is scored.
func (s *silent) works() (stop func()) {
	s.t.Helper()
	stop = s.goes(func(ctx context.Context) { _ = s.house.Work(ctx) })
	s.send()
	waitScored(s.t, s.house.Cluster, "ward:1", 1)
	return stop
}

func (s *silent) send() {
	s.t.Helper()
	s.seq++
	live(s.t, s.house.Cluster, s.p, "ward:1", s.seq)
}

// said waits until a line with all of some words is in the log behind a place.
func (s *silent) said(from int, words ...string) {
	s.t.Helper()
	begun := time.Now()
	for deadline := begun.Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		for line := range strings.Lines(s.talk.String()[from:]) {
			all := true
			for _, word := range words {
				all = all && strings.Contains(line, word)
			}
			if all {
				s.t.Logf("%q after %.1f s", words[0], time.Since(begun).Seconds())
				return
			}
		}
	}
	s.t.Fatalf("no line says %q: %s", words, s.talk.String()[from:])
}

func (s *silent) here() string { return fmt.Sprint(kafka.PartitionOf([]byte("ward:1"), 2)) }

// Partitions that nobody owns are said, though nothing comes, and again when somebody does.
func TestSilenceOfPartitionsWithoutOwner(t *testing.T) {
	t.Parallel()
	s := silentSite(t, "")
	s.said(0, "no worker owns the partition", `"partitions":[0,1]`)
	if got := s.house.Status(); !strings.Contains(got, "now in partition 0,1: no worker") {
		t.Errorf("status: %s", got)
	}
	s.works()
	s.said(0, "over: no worker owns", `"partitions":[0,1]`)
	time.Sleep(3 * time.Second)
	if got := s.talk.String(); strings.Count(got, "\n") != 2 {
		t.Errorf("more is said: %s", got)
	}
}

// A worker that owns partitions and does nothing is said by the processes beside it.
func TestSilenceOfAnOwnerThatHangs(t *testing.T) {
	t.Parallel()
	s := silentSite(t, "")
	s.works()()
	s.goes(func(ctx context.Context) {
		c := &kafka.Cluster{Brokers: s.house.Cluster.Brokers}
		defer c.Close()
		_ = c.RunGroup(ctx, kafka.GroupConfig{ID: boot.Group}, func(ctx context.Context, _ int, _ *kafka.Lease) error {
			<-ctx.Done()
			return ctx.Err()
		})
	})
	m := []schemas.Message{{Key: []byte("x"), Value: []byte("x")}}
	if _, err := s.p.Append(t.Context(), schemas.TopicLog, 1, m); err != nil {
		t.Fatal(err)
	}
	s.said(0, "worker elsewhere that owns the partition", "1]", schemas.TopicLog)
}

// A store that takes requests and answers none is said with the partition that waits for it.
func TestSilenceOfTheStore(t *testing.T) {
	t.Parallel()
	r := startRedis(t)
	s := silentSite(t, "redis://"+r.address()+"/0")
	s.works()
	from := len(s.talk.String())
	_ = r.cmd.Process.Signal(syscall.SIGSTOP)
	s.send()
	s.said(from, "the store does not answer", `"partitions":[`+s.here()+`]`, schemas.TopicLog, "see to Redis")
	_ = r.cmd.Process.Signal(syscall.SIGCONT)
	s.said(from, "over: messages were accepted")
	if got := s.house.Status(); !strings.Contains(got, "silences of partitions were said") || strings.Contains(got, "now in partition") {
		t.Errorf("status: %s", got)
	}
}

// A sender that leaves a transaction open is said, with the partition that it holds back. When it
// ends nothing is left to be done, though the topic goes on behind the last message.
func TestSilenceOfAnOpenTransaction(t *testing.T) {
	t.Parallel()
	s := silentSite(t, "")
	s.works()
	from := len(s.talk.String())
	sender, err := kgo.NewClient(kgo.SeedBrokers(s.house.Cluster.Brokers...), kgo.TransactionalID("gateway"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	if err := sender.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	message := &kgo.Record{Topic: schemas.TopicVitals, Partition: 1, Key: []byte("ward:2"), Value: []byte("{}")}
	if err := sender.ProduceSync(t.Context(), message).FirstErr(); err != nil {
		t.Fatal(err)
	}
	s.said(from, "an open transaction of a sender holds the topic back", `"partitions":[1]`, schemas.TopicVitals, "abort")
	if err := sender.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	s.said(from, "over: messages were accepted", `"partitions":[1]`)
	from = len(s.talk.String())
	time.Sleep(3 * watch.Every)
	if got := s.talk.String()[from:]; strings.Contains(got, "partitions") {
		t.Errorf("then it says %s", got)
	}
}

// A log whose time is not the clock's is said while patients are watched by it: here, since the
// machine's clock is set and the log does not go with it.
func TestSilenceOfTheClock(t *testing.T) {
	t.Parallel()
	s := silentSite(t, "")
	s.works()
	for fast, words := range map[time.Duration]string{20 * time.Second: "is behind this machine's clock", -20 * time.Second: "is ahead of this machine's clock"} {
		from := len(s.talk.String())
		s.fast.Store(fast.Milliseconds())
		s.said(from, words, `"partitions":[`+s.here()+`]`, "time service")
		s.fast.Store(0)
		s.said(from, "over: the time of the log")
	}
}

// Brokers that do not answer are said once for all partitions.
func TestSilenceOfTheBrokers(t *testing.T) {
	t.Parallel()
	s := silentSite(t, "")
	s.works()
	from := len(s.talk.String())
	s.broker.Close()
	s.said(from, "the brokers do not answer", `"partitions":[0,1]`, "see to Kafka")
	if got := s.house.Status(); !strings.Contains(got, "now in partition 0,1: the brokers do not answer") || !strings.Contains(got, "waiting for Kafka") {
		t.Errorf("status: %s", got)
	}
}
