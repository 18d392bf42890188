package monitor

import (
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// A stay whose score fell due and was not made, as would be if ticks did not reach it, is counted until it is.
func TestLateStaysAreCounted(t *testing.T) {
	m := &Monitor{Policy: alerts.DefaultPolicy(), Settings: Settings{ScoreInterval: schemas.Minute}}
	s := NewPartition()
	offset := int64(0)
	take := func(r *schemas.Record) {
		t.Helper()
		if _, err := m.Step(s, r, offset, nil); err != nil {
			t.Fatal(err)
		}
		offset++
	}
	channel, _ := schemas.ChannelByName("heart_rate")
	vitals := func(patient string, after schemas.Time) {
		t.Helper()
		at, n := midnight+after, uint64(offset+1)
		take(&schemas.Record{Kind: schemas.KindObservations, Patient: patient, At: at, Available: at, Source: "s", TopicIndex: 1, Seq: n, HasSeq: true, Hash: n, Observations: []schemas.Observation{{Channel: channel, Value: 80, EventTime: at}}})
	}
	vitals("site:1", 0)
	vitals("site:1", schemas.Second) // its score is held back for a minute
	if n := s.Late(10 * schemas.Second); n != 0 {
		t.Errorf("%d late while nothing is due", n)
	}
	vitals("site:2", 90*schemas.Second)
	if n := s.Late(10 * schemas.Second); n != 1 {
		t.Errorf("%d late half a minute after a score was due, want 1", n)
	}
	take(&schemas.Record{Kind: schemas.KindTick, At: midnight + 91*schemas.Second})
	if n := s.Late(10 * schemas.Second); n != 0 {
		t.Errorf("%d late after the tick", n)
	}
}
