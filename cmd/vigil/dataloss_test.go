package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Where retention takes what was not yet read, a worker says so and goes on with what
// is left, and every score that may lack something is marked: for the raw topics behind
// an outage, and for the patient log under an empty Redis.
func TestRealDataLoss(t *testing.T) {
	broker := startRealBroker(t)
	s := newSite(t, broker.address(), 1, 1, "--score-interval", "0s")
	w := s.workers[0]
	gateway := s.cluster.NewProducer(s.prefix + "gateway")
	send := func(from, to int) {
		for seq := from; seq <= to; seq++ {
			live(t, s.cluster, gateway, "ward:1", seq)
		}
	}
	send(1, 10)
	if got := s.flags(t, 10); slices.Contains(got, "gap") {
		t.Fatalf("before any loss the scores are flagged %v", got)
	}
	w.kill()

	send(11, 30)
	s.forget(t, schemas.TopicVitals, 20)
	w.start()
	if got := s.flags(t, 20); !slices.Contains(got, "gap") {
		t.Errorf("after ten of twenty messages were lost the newest score is flagged %v, want gap", got)
	}
	wantSaid(t, w, "messages were lost before intake read them", `"lost":10`)
	w.kill()

	s.empty()
	_, next, err := s.cluster.Ends(t.Context(), schemas.TopicLog)
	if err != nil {
		t.Fatal(err)
	}
	s.forget(t, schemas.TopicLog, next[0]-3)
	w.start()
	send(31, 31)
	if got := s.flags(t, 21); !slices.Contains(got, "gap") {
		t.Errorf("after the log's beginning was lost with Redis the newest score is flagged %v, want gap", got)
	}
	wantSaid(t, w, "the log begins later than the state needs")
	if !w.alive() {
		t.Error("the worker has ended")
	}
	// It is not forgotten with Redis.
	s.empty()
	send(32, 32)
	if got := s.flags(t, 22); !slices.Contains(got, "gap") {
		t.Errorf("rebuilt again, the newest score is flagged %v, want gap", got)
	}
}

// forget takes the records of partition 0 below an offset, as retention does.
func (s *site) forget(t *testing.T, topic string, below int64) {
	t.Helper()
	if err := realkafka.DeleteRecords(t.Context(), strings.Split(s.brokers, ","), s.prefix+topic, 0, below); err != nil {
		t.Fatal(err)
	}
}

// flags are those of the newest score after a record, once there are n such scores.
func (s *site) flags(t *testing.T, n int) (flags []string) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		scores := 0
		eachScore(t, s.cluster, func(score *schemas.Score) {
			if score.Due == schemas.DueRecord {
				scores, flags = scores+1, score.Flags
			}
		})
		if scores >= n {
			return flags
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d scores, want %d: %s", scores, n, s.workers[0].talk.String())
		}
	}
}

// wantSaid holds that a program has said something on stderr.
func wantSaid(t *testing.T, p *program, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.talk.String(), text) {
			t.Errorf("nothing says %q: %s", text, p.talk.String())
		}
	}
}
