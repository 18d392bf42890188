package monitor

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// mimicLog is the recorded unit as the log of one partition, without Kafka; only
// some patients where names are given.
func mimicLog(t testing.TB, only ...string) (log []*schemas.Record) {
	t.Helper()
	dir := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	source, err := mimic.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := replay.NewPlan(t.Context(), source, replay.Options{Only: only})
	if err != nil {
		t.Fatal(err)
	}
	var encoder record.Encoder
	message := &schemas.Message{}
	for i := range plan.Len() {
		rec, problems := encoder.Record(plan.Event(i), message, 0)
		if len(problems) > 0 {
			t.Fatalf("event %d: %v", i, problems[0])
		}
		log = append(log, rec)
	}
	return append(log, &schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: plan.End})
}

// The recorded unit: every stay is scored each hour and ends, and marks between the
// records change nothing.
func TestMimic(t *testing.T) {
	log := mimicLog(t)
	m := testMonitor()
	s := NewPartition()
	start := time.Now()
	calm := steps(t, m, s, log, 0)
	t.Logf("%d records, %+v in %v", len(log), s.Counts(), time.Since(start))
	if c := s.Counts(); s.Open() != 0 || c.Scores < 30_000 || c.Alerts < 500 || c.Duplicates > 0 {
		t.Errorf("%d stays open at the end, %+v", s.Open(), c)
	}
	var marked []*schemas.Record
	for i, rec := range log {
		if i%7 == 0 {
			marked = append(marked, &schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: rec.Play})
		}
		marked = append(marked, rec)
	}
	if !maps.Equal(byPatient(calm), byPatient(steps(t, m, NewPartition(), marked, 0))) {
		t.Error("marks between the records changed outputs")
	}
}

// BenchmarkMimic is the recorded unit through Step with the model: time per score.
func BenchmarkMimic(b *testing.B) {
	log := mimicLog(b)
	scores := uint64(0)
	for b.Loop() {
		m, s := modelMonitor(), NewPartition()
		var out []Output
		for i, rec := range log {
			var err error
			if out, err = m.Step(s, rec, int64(i), out[:0]); err != nil {
				b.Fatal(err)
			}
		}
		scores += s.Counts().Scores
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(scores), "us/score")
}
