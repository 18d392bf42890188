package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// TestRealRecovery prints how long after a fault scores come again, on a real Kafka and
// a real Redis: the first one, and the last partition's first one, which the goal is of.
func TestRealRecovery(t *testing.T) {
	broker := startRealBroker(t)
	s := newSite(t, broker.address(), 4, 2)
	p := startPulse(s)
	defer p.stop(t)
	p.settle(t)
	a, b := s.workers[0], s.workers[1]

	p.report(t, "one of two workers killed and begun again under its --id", time.Second, func() {
		a.kill()
		a.start()
	})
	p.report(t, "both workers killed and begun again", time.Second, func() {
		a.kill()
		b.kill()
		a.start()
		b.start()
	})
	p.report(t, "one of two workers killed, the other takes over", 8*time.Second, a.kill)
	a.start()
	p.settle(t)
	p.report(t, "one of two workers ended by SIGTERM", 0, a.terminate)
	a.start()
	p.settle(t)
	for range 2 {
		p.report(t, "broker killed; counted from when it answers again", 2*time.Second, func() {
			broker.kill()
			broker.start()
		})
	}
	p.report(t, "Redis killed; counted from when it answers again", 0, func() {
		s.redis.kill()
		s.redis.start()
	})
	p.report(t, "Redis emptied, small windows", 0, s.empty)
}

// TestRealRecoveryOfThree is the same for one of three brokers; each of them in turn with
// make soak.
func TestRealRecoveryOfThree(t *testing.T) {
	broker := startThreeBrokers(t)
	s := newSite(t, broker.address(), 6, 2)
	p := startPulse(s)
	defer p.stop(t)
	p.settle(t)
	for n := 1; n <= 1 || soaking() && n <= 3; n++ {
		broker.replicated()
		p.report(t, fmt.Sprintf("broker %d of three killed (its session: 3 s)", n), 0, func() { broker.kill(n) })
		broker.start()
		p.settle(t)
	}
}

// TestRealRecoveryOfWindows empties Redis under the windows of 500 patients, measured
// once a minute, of which every tick is scored by NEWS2; 48 h with make soak (or
// VIGIL_HOURS), an hour without.
func TestRealRecoveryOfWindows(t *testing.T) {
	hours := 1
	if soaking() {
		hours = 48
	}
	if n, err := strconv.Atoi(os.Getenv("VIGIL_HOURS")); err == nil {
		hours = n
	}
	broker := startRealBroker(t)
	flags := []string{"--model", "none", "--score-interval", "0s", "--inputs", "alerting"}
	if dir := os.Getenv("VIGIL_BENCH_PROFILE"); dir != "" {
		flags = append(flags, "--profile", filepath.Join(dir, "windows.pprof"))
	}
	s := newSite(t, broker.address(), benchPartitions, 1, flags...)
	n := benchPatients * 60 * hours
	begun := time.Now()
	newBenchLoad(benchPartitions).backlog(t.Context(), t, s.cluster, n)
	p := startPulse(s)
	defer p.stop(t)
	p.settle(t)
	now, most := process{s.workers[0].cmd.Process.Pid}.memory()
	memo, _ := listener(s.redis.address()).memory()
	t.Logf("%d ticks of %d patients, %d h, sent and scored in %.1f s; worker %d MB (at most %d), Redis %d MB", n, benchPatients, hours, time.Since(begun).Seconds(), now, most, memo)
	state := fmt.Sprintf("%d patients x %d h", benchPatients, hours)
	p.report(t, "worker killed and begun again under its --id, "+state, time.Second, func() {
		s.workers[0].kill()
		s.workers[0].start()
	})
	p.report(t, "Redis killed; counted from when it answers again, "+state, 0, func() {
		s.redis.kill()
		s.redis.start()
	})
	p.report(t, "Redis emptied, "+state, 15*time.Second, s.empty)
	s.workers[0].terminate() // which writes the profile
}

// empty is FLUSHALL.
func (s *site) empty() {
	c := s.redis.client()
	defer c.Close()
	if err := c.FlushAll(context.WithoutCancel(s.t.Context())).Err(); err != nil {
		s.t.Error(err)
	}
}

// pulse sends a new patient's first vitals to every partition, twenty times a
// second: each is scored at once.
type pulse struct {
	site   *site
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.Mutex
	sent   map[string]time.Time // by patient
	err    error
}

func startPulse(s *site) *pulse {
	ctx, cancel := context.WithCancel(s.t.Context())
	p := &pulse{site: s, cancel: cancel, sent: map[string]time.Time{}}
	p.done.Go(func() {
		producer := s.cluster.NewProducer(s.prefix + "pulse")
		for i, beat := 0, time.NewTicker(50*time.Millisecond); ; {
			for range s.partitions { // one to each, in whatever order their names fall
				if p.err = p.send(context.WithoutCancel(ctx), producer, &i); p.err != nil {
					return
				}
			}
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
			}
		}
	})
	return p
}

// send makes up names until one falls into the next partition.
func (p *pulse) send(ctx context.Context, producer *kafka.Producer, i *int) error {
	want := *i % p.site.partitions
	patient := ""
	for try := 0; ; try++ {
		patient = fmt.Sprintf("pulse:%d-%d", *i, try)
		if kafka.PartitionOf([]byte(patient), p.site.partitions) == want {
			break
		}
	}
	*i++
	at := schemas.FromStd(time.Now())
	m, err := schemas.EncodeEvent(&schemas.Event{
		Topic: schemas.TopicVitals, Patient: patient, Source: "gateway", Seq: 1, HasSeq: true,
		Vitals: &schemas.Vitals{Head: schemas.Head{EventTime: &at}, Values: map[string]json.Number{"heart_rate": "80"}},
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.sent[patient] = time.Now()
	p.mu.Unlock()
	_, err = producer.Append(ctx, m.Topic, want, []schemas.Message{m})
	return err
}

// settle returns when scores come in every partition.
func (p *pulse) settle(t *testing.T) {
	t.Helper()
	p.watch(t)(time.Now())
}

// recoveryLimit is how long scores may be away on however loaded a machine.
const recoveryLimit = 5 * time.Minute

// report does a fault and says when scores came: the first one, and the last
// partition's first one; goal is of that, 0: there is none.
func (p *pulse) report(t *testing.T, what string, goal time.Duration, fault func()) {
	t.Helper()
	since := p.watch(t)
	fault()
	begun := time.Now()
	came := since(begun)
	first, last := came[0].Sub(begun), came[len(came)-1].Sub(begun)
	aim := ""
	if goal > 0 {
		aim = fmt.Sprintf(" (goal %.0f s: %s)", goal.Seconds(), reached(last, goal))
	}
	t.Logf("%-78s first score %6.2f s, every partition %6.2f s%s", what, first.Seconds(), last.Seconds(), aim)
	if goal == 0 {
		goal = 10 * time.Second // to be explained
	}
	if last > goal {
		for i, w := range p.site.workers {
			text := w.talk.String()
			t.Logf("worker %d has said last: %s", i, text[max(0, len(text)-1500):])
		}
	}
}

// watch follows the scores from here on; since waits until every partition has one of
// a patient sent after a time, and returns when each was published, earliest first.
func (p *pulse) watch(t *testing.T) (since func(time.Time) []time.Time) {
	t.Helper()
	_, next, err := p.site.cluster.Ends(t.Context(), schemas.TopicScores)
	if err != nil {
		t.Fatal(err)
	}
	return func(from time.Time) []time.Time {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), recoveryLimit)
		defer cancel()
		came, errs := make([]time.Time, len(next)), make([]error, len(next))
		var readers sync.WaitGroup
		for partition := range next {
			readers.Go(func() { came[partition], errs[partition] = p.first(ctx, partition, next[partition], from) })
		}
		readers.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("scores do not come in every partition: %v", err)
		}
		slices.SortFunc(came, time.Time.Compare)
		return came
	}
}

// first reads the scores of a partition until one of a patient who was sent after from.
func (p *pulse) first(ctx context.Context, partition int, offset int64, from time.Time) (time.Time, error) {
	r := p.site.cluster.NewReader(schemas.TopicScores, partition, offset)
	for {
		batch, err := r.Read(ctx, 1000)
		if err != nil {
			return time.Time{}, err
		}
		p.mu.Lock()
		for i := range batch {
			if sent, ok := p.sent[string(batch[i].Key)]; ok && sent.After(from) {
				p.mu.Unlock()
				return time.UnixMilli(batch[i].Appended), nil
			}
		}
		p.mu.Unlock()
	}
}

func (p *pulse) stop(t *testing.T) {
	p.cancel()
	p.done.Wait()
	if p.err != nil {
		t.Error(p.err)
	}
}
