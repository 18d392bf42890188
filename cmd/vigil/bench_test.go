package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// BenchmarkWholePathAtFullSpeed plays the recorded unit through everything: raw
// topics, intake, log, monitor, store, outputs.
func BenchmarkWholePathAtFullSpeed(b *testing.B) {
	data := filepath.Join(opendata.Dir(b), "mimic-iii-demo")
	for b.Loop() {
		code, stdout, stderr := vigil(b.Context(), "demo", "--no-web", "--summary", "json", "--speed", "max", "--data", data, "--model", fusion.Drawn)
		var s evaluate.Summary
		if err := json.Unmarshal([]byte(stdout), &s); code != 0 || err != nil {
			b.Fatalf("exit %d: %s", code, stderr)
		}
		seconds := float64(s.WallMS) / 1000
		b.ReportMetric(float64(s.Events.Published)/seconds, "events/s")
		b.ReportMetric(float64(s.Observations)/seconds, "observations/s")
		b.ReportMetric(float64(s.Scores)/seconds, "scores/s")
		b.ReportMetric(float64(s.EventToScore.P50), "ms-p50")
		b.ReportMetric(float64(s.EventToScore.P99), "ms-p99")
	}
}

// BenchmarkSteady1000 sends live messages of ten channels, 100 a second, of 50
// patients, and scores every one: latency from the raw topic's append to the
// score's.
func BenchmarkSteady1000(b *testing.B) {
	for b.Loop() {
		latencies := steady(b, 8*time.Second, 100)
		slices.Sort(latencies)
		b.ReportMetric(float64(len(latencies)), "scores")
		b.ReportMetric(float64(evaluate.Quantile(latencies, 0.5)), "ms-p50")
		b.ReportMetric(float64(evaluate.Quantile(latencies, 0.99)), "ms-p99")
	}
}

var steadyChannels = []string{"heart_rate", "respiratory_rate", "spo2", "systolic_arterial", "diastolic_arterial", "mean_arterial", "temperature", "fio2", "gcs_total", "peep"}

func steady(b *testing.B, lasts time.Duration, perSecond int) []int64 {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	house, err := boot.Start(ctx, boot.Config{State: b.TempDir(), Store: "auto", Partitions: 8, Workers: 1, ScoreInterval: 1, Log: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	defer house.Close()
	done := make(chan error, 1)
	go func() { done <- house.Work(ctx) }()
	producer := house.Cluster.NewProducer("bench")
	values := map[string]json.Number{}
	send := func(patient, seq int) {
		for i, name := range steadyChannels {
			values[name] = json.Number(strconv.Itoa(20 + (seq+i)%40))
		}
		values["fio2"], values["gcs_total"], values["peep"] = "0.3", "15", "5"
		at := schemas.FromStd(time.Now())
		e := &schemas.Event{Topic: schemas.TopicVitals, Patient: fmt.Sprintf("bench:%04d", patient), Source: "bench", Seq: uint64(seq), HasSeq: true,
			Vitals: &schemas.Vitals{Head: schemas.Head{EventTime: &at}, Values: values}}
		m, err := schemas.EncodeEvent(e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := producer.Append(ctx, m.Topic, kafka.PartitionOf(m.Key, house.Partitions), []schemas.Message{m}); err != nil {
			b.Fatal(err)
		}
	}
	send(0, 1)
	for scored := 0; scored == 0; time.Sleep(50 * time.Millisecond) {
		_ = house.Cluster.Each(ctx, schemas.TopicScores, func(m *schemas.Message) error {
			if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeScore {
				scored++
			}
			return nil
		})
	}
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for i := 0; i < int(lasts.Seconds()*float64(perSecond)); i++ {
		<-tick.C
		send(i%50, 2+i/50)
	}
	time.Sleep(500 * time.Millisecond) // the last ones are on their way
	var s evaluate.Summary
	t := evaluate.NewTally("")
	if _, err := t.Read(ctx, house.Cluster, &s); err != nil {
		b.Fatal(err)
	}
	cancel()
	<-done
	return t.Latencies()
}
