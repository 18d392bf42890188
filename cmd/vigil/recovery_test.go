package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

// TestRealRecovery prints how long after a fault scores come again, on a real Kafka and
// a real Redis: the first one, and the last partition's first one.
func TestRealRecovery(t *testing.T) {
	broker := startRealBroker(t)
	s := newSite(t, broker.address(), 4, 2)
	p := startPulse(s)
	defer p.stop(t)
	p.since(t, time.Now()) // all are at work
	a, b := s.workers[0], s.workers[1]

	p.report(t, "one of two workers killed and begun again under its --id", func() time.Time {
		a.kill()
		a.start()
		return time.Now()
	})
	p.report(t, "both workers killed and begun again", func() time.Time {
		a.kill()
		b.kill()
		a.start()
		b.start()
		return time.Now()
	})
	p.report(t, "one of two workers killed, the other takes over", func() time.Time {
		a.kill()
		return time.Now()
	})
	a.start()
	p.since(t, time.Now())
	p.report(t, "one of two workers ended by SIGTERM", func() time.Time {
		a.terminate()
		return time.Now()
	})
	a.start()
	p.since(t, time.Now())
	p.report(t, "broker killed; counted from when it answers again", func() time.Time {
		broker.kill()
		broker.start()
		return time.Now()
	})
	p.report(t, "Redis killed; counted from when it answers again", func() time.Time {
		s.redis.kill()
		s.redis.start()
		return time.Now()
	})
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
func (p *pulse) send(ctx context.Context, producer *ingest.Producer, i *int) error {
	want := *i % p.site.partitions
	patient := ""
	for try := 0; ; try++ {
		patient = fmt.Sprintf("pulse:%d-%d", *i, try)
		if ingest.PartitionOf([]byte(patient), p.site.partitions) == want {
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

// since waits until every partition has a score of a patient sent after from; it
// returns when each came, by the broker's clock, earliest first.
func (p *pulse) since(t *testing.T, from time.Time) []time.Time {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		first := map[int]int64{}
		for partition := range p.site.partitions {
			tail, err := p.site.cluster.LastRecords(t.Context(), schemas.TopicScores, partition, 2000)
			if err != nil {
				t.Fatal(err)
			}
			for i := range tail {
				p.mu.Lock()
				sent, ok := p.sent[string(tail[i].Key)]
				p.mu.Unlock()
				if ok && sent.After(from) && (first[partition] == 0 || tail[i].Appended < first[partition]) {
					first[partition] = tail[i].Appended
				}
			}
		}
		if len(first) == p.site.partitions {
			var came []time.Time
			for _, ms := range first {
				came = append(came, time.UnixMilli(ms))
			}
			slices.SortFunc(came, time.Time.Compare)
			return came
		}
		if time.Now().After(deadline) {
			t.Fatalf("scores in %d of %d partitions a minute after the fault", len(first), p.site.partitions)
		}
	}
}

func (p *pulse) report(t *testing.T, what string, fault func() time.Time) {
	t.Helper()
	begun := fault()
	came := p.since(t, begun)
	t.Logf("%-60s first score %5.2f s, every partition %5.2f s", what, came[0].Sub(begun).Seconds(), came[len(came)-1].Sub(begun).Seconds())
}

func (p *pulse) stop(t *testing.T) {
	p.cancel()
	p.done.Wait()
	if p.err != nil {
		t.Error(p.err)
	}
}
