package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// feeder sends live vitals of a few patients, one a second each; the value is the
// sequence number, so that what is lost or doubled has a name.
type feeder struct {
	site   *site
	sent   int // messages of each patient, all of them acknowledged
	err    error
	cancel context.CancelFunc
	done   sync.WaitGroup
}

const fed = 12 // patients

func startFeeder(s *site) *feeder {
	ctx, cancel := context.WithCancel(s.t.Context())
	f := &feeder{site: s, cancel: cancel}
	f.done.Go(func() {
		p := s.cluster.NewProducer(s.prefix + "gateway")
		for ctx.Err() == nil && f.err == nil {
			f.sent++
			for patient := range fed {
				// What is begun is finished: an unknown end would leave a gap in the count.
				if f.err = f.send(context.WithoutCancel(ctx), p, patient, f.sent); f.err != nil {
					return
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	})
	return f
}

func (f *feeder) send(ctx context.Context, p *kafka.Producer, patient, seq int) error {
	at := schemas.FromStd(time.Now())
	m, err := schemas.EncodeEvent(&schemas.Event{
		Topic: schemas.TopicVitals, Patient: fmt.Sprintf("ward:%02d", patient), Source: "gateway", Seq: uint64(seq), HasSeq: true,
		Vitals: &schemas.Vitals{Head: schemas.Head{EventTime: &at}, Values: map[string]json.Number{"heart_rate": json.Number(fmt.Sprint(20 + seq))}},
	})
	if err != nil {
		return err
	}
	_, err = p.Append(ctx, m.Topic, kafka.PartitionOf(m.Key, f.site.partitions), []schemas.Message{m})
	return err
}

func (f *feeder) stop(t *testing.T) {
	t.Helper()
	f.cancel()
	f.done.Wait()
	if f.err != nil {
		t.Fatalf("feeding: %v", f.err)
	}
}

// check holds the windows against what was sent: every value, each once.
func (f *feeder) check(t *testing.T, patients []window.StoredPatient) {
	t.Helper()
	if len(patients) != fed {
		t.Errorf("%d live patients in the store, want %d", len(patients), fed)
	}
	heartRate, _ := schemas.ChannelByName("heart_rate")
	for _, p := range patients {
		w, err := window.Load(p.Chunks)
		if err != nil {
			t.Fatal(err)
		}
		var wrong []float32
		points := w.At(schemas.FromStd(time.Now().Add(time.Hour)), math.MaxUint32, 0).Append(nil, heartRate)
		for i, point := range points {
			if point.Value != float32(20+i+1) {
				wrong = append(wrong, point.Value)
			}
		}
		if len(points) != f.sent || wrong != nil {
			t.Errorf("%s: %d of %d observations in the window, in the wrong place %v", p.Patient, len(points), f.sent, wrong)
		}
	}
}
