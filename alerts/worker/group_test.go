package worker

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// The same patients over one partition with one worker, and over five with three
// workers in a consumer group of which one leaves in mid-run, give the same bodies.
func TestWorkersAndPartitions(t *testing.T) {
	brokers := broker(t)
	log := history.Make(21, 800, 12, true)
	one := runGroup(t, brokers, "one-", log, 1, 1)
	five := runGroup(t, brokers, "five-", log, 5, 3)
	if !maps.Equal(one, five) {
		for patient, text := range one {
			if five[patient] != text {
				t.Errorf("%s: %d bytes with one partition, %d with five", patient, len(text), len(five[patient]))
			}
		}
	}
	if len(one) < 10 {
		t.Fatalf("outputs of %d patients only", len(one))
	}
}

func runGroup(t *testing.T, brokers []string, prefix string, log []*schemas.Record, partitions, workers int) map[string]string {
	t.Helper()
	prefix += realkafka.Prefix()
	cluster := &kafka.Cluster{Brokers: brokers, Prefix: prefix}
	t.Cleanup(cluster.Close)
	if _, err := cluster.CreateTopics(t.Context(), partitions, 1); err != nil {
		t.Fatal(err)
	}
	producer := cluster.NewProducer(prefix + "intake")
	parts := make([][]schemas.Message, partitions)
	for _, rec := range log {
		m := schemas.Message{Key: []byte(rec.Patient), Value: rec.AppendBinary(nil), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}}}
		if rec.Patient == "" { // a tick, in every partition
			for p := range parts {
				parts[p] = append(parts[p], m)
			}
			continue
		}
		h := fnv.New32a()
		h.Write(m.Key)
		p := int(h.Sum32()) % partitions
		parts[p] = append(parts[p], m)
	}
	for p := range parts {
		if len(parts[p]) == 0 {
			continue
		}
		if _, err := producer.Append(t.Context(), schemas.TopicLog, p, parts[p]); err != nil {
			t.Fatal(err)
		}
	}

	store := memstore.New()
	var running sync.WaitGroup
	var services []*Service
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	var leave []context.CancelFunc
	for i := range workers {
		n := 0
		var mu sync.Mutex
		s := &Service{Cluster: cluster, Store: store, Monitor: &monitor.Monitor{Policy: alerts.DefaultPolicy()}, Log: zerolog.Nop(), Batch: 20,
			Nonce: func() string { mu.Lock(); defer mu.Unlock(); n++; return fmt.Sprint(i, "-", n) }}
		services = append(services, s)
		own, stop := context.WithCancel(ctx)
		leave = append(leave, stop)
		running.Go(func() {
			err := cluster.RunGroup(own, kafka.GroupConfig{ID: "monitor", HeartbeatInterval: 50 * time.Millisecond}, s.Own)
			if err != nil && own.Err() == nil {
				t.Errorf("worker %d: %v", i, err)
			}
		})
	}
	done := func(p int) bool {
		for _, s := range services {
			if s.Stats(p).Applied.Load() >= int64(len(parts[p])-1) {
				return true
			}
		}
		return false
	}
	left := false
	for p := 0; p < partitions; {
		switch {
		case done(p):
			p++
		case ctx.Err() != nil:
			t.Fatal("the log was not worked in time")
		default:
			time.Sleep(2 * time.Millisecond)
		}
		if p > 0 && !left && workers > 1 {
			left = true
			leave[0]()
		}
	}
	cancel()
	running.Wait()

	out := map[string]string{}
	for _, topic := range outputTopics[:2] {
		for p := range partitions {
			records, err := cluster.LastRecords(t.Context(), topic, p, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			for i := range records {
				if kind, _ := records[i].Header(schemas.HeaderType); kind != schemas.TypeClaim {
					out[string(records[i].Key)] += topic + " " + string(records[i].Value) + "\n"
				}
			}
		}
	}
	return out
}
