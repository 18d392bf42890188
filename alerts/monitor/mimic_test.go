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
func mimicLog(t testing.TB, set string, only ...string) (log []*schemas.Record) {
	t.Helper()
	dir := filepath.Join(opendata.Dir(t), set)
	open := mimic.Open
	if set == "mimic-iv-demo" {
		open = mimic.OpenIV
	}
	source, err := open(dir)
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
	log := mimicLog(t, "mimic-iii-demo")
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

// A site that charts the eye, verbal and motor parts and no total has one all the same: it is
// in the window of every patient who has the parts.
func TestComaTotalIsKnownFromItsParts(t *testing.T) {
	if testing.Short() {
		t.Skip("two recorded units: left out with -short")
	}
	channel := func(name string) schemas.Channel {
		ch, ok := schemas.ChannelByName(name)
		if !ok {
			t.Fatal(name)
		}
		return ch
	}
	parts, total := []schemas.Channel{channel("gcs_eye"), channel("gcs_verbal"), channel("gcs_motor")}, channel("gcs_total")
	for _, set := range []string{"mimic-iii-demo", "mimic-iv-demo"} {
		m, s := testMonitor(), NewPartition()
		have, known, charted := map[string]bool{}, map[string]bool{}, 0
		for i, rec := range mimicLog(t, set) {
			if _, err := m.Step(s, rec, int64(i), nil); err != nil {
				t.Fatal(err)
			}
			p := s.patients[rec.Patient]
			if p == nil || rec.Kind != schemas.KindObservations || known[p.id] {
				continue
			}
			at := rec.Observations[0].EventTime
			latest := func(ch schemas.Channel) bool {
				_, ok := p.window.Latest(ch, at, at)
				return ok
			}
			have[p.id] = have[p.id] || latest(parts[0]) && latest(parts[1]) && latest(parts[2])
			known[p.id] = have[p.id] && latest(total)
		}
		for _, yes := range have {
			if yes {
				charted++
			}
		}
		n := 0
		for _, yes := range known {
			if yes {
				n++
			}
		}
		t.Logf("%s: %d patients have all three parts of one time, %d of them a total", set, charted, n)
		if n != charted || n < 20 {
			t.Errorf("%s: %d of %d have a total", set, n, charted)
		}
	}
}

// BenchmarkMimic is the recorded unit through Step with the model: time per score.
func BenchmarkMimic(b *testing.B) {
	log := mimicLog(b, "mimic-iii-demo")
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
