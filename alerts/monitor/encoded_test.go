package monitor

import (
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// A note that was logged without its vector gets it from the repeat that has one: once, at its own
// place, and a score follows. The state that is stored has it too.
func TestItemEncodedSince(t *testing.T) {
	m := &Monitor{Policy: alerts.DefaultPolicy(), Settings: Settings{ScoreInterval: EveryRecord}}
	s := NewPartition()
	offset := int64(0)
	take := func(r schemas.Record) int {
		t.Helper()
		scored := s.Counts().Scores
		if _, err := m.Step(s, &r, offset, nil); err != nil {
			t.Fatal(err)
		}
		offset++
		return int(s.Counts().Scores - scored)
	}
	note := func(n uint64, at schemas.Time, vector ...float32) schemas.Record {
		r := schemas.Record{Kind: schemas.KindNote, Patient: "site:1", At: at, Available: at, Source: "ehr", TopicIndex: 3, Seq: n, HasSeq: true, Hash: n,
			Item: &schemas.Item{EventTime: midnight + schemas.Time(n)*schemas.Minute, State: schemas.Present, Ref: "icu.notes.v1/0/1"}}
		if vector != nil {
			r.Item.Encoder, r.Item.Vector = "ward/1", vector
		}
		return r
	}
	items := func() (list [][]float32) {
		for _, i := range s.patients["site:1"].modalities[encoders.Notes].items {
			list = append(list, i.Vector)
		}
		return list
	}
	equal := func(want ...[]float32) {
		t.Helper()
		if got := items(); !slices.EqualFunc(got, want, slices.Equal[[]float32]) {
			t.Fatalf("items %v, want %v", got, want)
		}
	}
	take(note(1, midnight+schemas.Minute))
	take(note(2, midnight+2*schemas.Minute, 9, 9))
	equal(nil, []float32{9, 9})
	if n := take(note(1, midnight+3*schemas.Minute)); n != 0 {
		t.Errorf("a repeat without a vector gave %d scores", n)
	}
	equal(nil, []float32{9, 9})
	if n := take(note(1, midnight+4*schemas.Minute, 1, 2)); n != 1 {
		t.Errorf("the vector gave %d scores, want 1", n)
	}
	equal([]float32{1, 2}, []float32{9, 9})
	if n := take(note(1, midnight+5*schemas.Minute, 7, 7)); n != 0 {
		t.Errorf("another vector gave %d scores", n)
	}
	equal([]float32{1, 2}, []float32{9, 9})
	if c := s.Counts(); c.Records != 2 || c.Duplicates != 3 {
		t.Errorf("counts %+v, want 2 records and 3 duplicates", c)
	}
}
