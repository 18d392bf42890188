package monitor

import (
	"fmt"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// ward12 is a calm ward: 12 patients, vitals every minute, six channels.
func ward12(minutes int) (log []*schemas.Record) {
	channels := []string{"heart_rate", "respiratory_rate", "spo2", "systolic_arterial", "temperature", "fio2"}
	values := []float32{80, 16, 97, 120, 37, 0.3}
	seq := uint64(0)
	for minute := range minutes {
		for p := range 12 {
			at := midnight + schemas.Time(minute)*schemas.Minute + schemas.Time(p)*1000
			rec := &schemas.Record{
				Kind: schemas.KindObservations, Patient: fmt.Sprintf("ward:%02d", p), At: at, Available: at,
				Source: "synth@1", TopicIndex: 1, HasSeq: true, Seq: seq + 1,
			}
			for i, name := range channels {
				ch, _ := schemas.ChannelByName(name)
				rec.Observations = append(rec.Observations, schemas.Observation{Channel: ch, EventTime: at, Value: values[i] + float32((minute*7+p)%5)/10, Ref: fmt.Sprintf("SYNTH:%d", seq)})
			}
			log = append(log, rec)
		}
		seq++
	}
	return log
}

// BenchmarkStep: one log record of six observations, and the score that follows.
func BenchmarkStep(b *testing.B) {
	b.Run("news2", func(b *testing.B) { benchmarkStep(b, testMonitor()) })
	b.Run("model", func(b *testing.B) { benchmarkStep(b, modelMonitor()) })
}

func benchmarkStep(b *testing.B, m *Monitor) {
	log := ward12(3000)
	s := NewPartition()
	var out []Output
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%len(log) == 0 {
			s = NewPartition()
		}
		var err error
		if out, err = m.Step(s, log[i%len(log)], int64(i), out[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTick: a tick over a thousand open stays of which nothing is due.
func BenchmarkTick(b *testing.B) {
	m := testMonitor()
	s := NewPartition()
	for i := range 1000 {
		rec := *ward12(1)[0]
		rec.Patient = fmt.Sprintf("ward:%d", i)
		if _, err := m.Step(s, &rec, int64(i), nil); err != nil {
			b.Fatal(err)
		}
	}
	tick := &schemas.Record{Kind: schemas.KindTick, At: midnight + schemas.Second}
	b.ReportAllocs()
	for b.Loop() {
		if out, _ := m.Step(s, tick, 2000, nil); len(out) > 0 {
			b.Fatal("something was due")
		}
	}
}

// BenchmarkWrites: a patient's state on its way to the store, after one record.
func BenchmarkWrites(b *testing.B) {
	log := ward12(600)
	m := testMonitor()
	s := NewPartition()
	for i, rec := range log {
		if _, err := m.Step(s, rec, int64(i), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		for _, p := range s.patients {
			s.markChanged(p)
		}
		size = 0
		for _, w := range s.Writes(nil) {
			size += len(w.State)
		}
	}
	b.ReportMetric(float64(size)/12, "bytes/patient")
}
