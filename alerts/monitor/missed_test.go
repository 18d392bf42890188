package monitor

import (
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// What comes under an id whose patient goes on under another is answered where it is handed to:
// only there is known whether it finds what it takes back.
func TestMissedUnderAnOldID(t *testing.T) {
	m, s := &Monitor{Policy: alerts.DefaultPolicy()}, NewPartition()
	spo2, _ := schemas.ChannelByName("spo2")
	offset := int64(0)
	letters := func(r *schemas.Record) (n int) {
		offset++
		r.At = schemas.Time(midnight) + schemas.Time(offset)*schemas.Minute
		r.Hash, r.Source = uint64(offset), "gw"
		out, err := m.Step(s, r, offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if out[i].Topic == schemas.TopicDeadLetters {
				n++
			}
		}
		return n
	}
	retraction := func() *schemas.Record {
		return &schemas.Record{Kind: schemas.KindObservations, Patient: "d:old", TopicIndex: 1,
			Observations: []schemas.Observation{{Channel: spo2, EventTime: schemas.Time(midnight), Flags: schemas.Retracted, Ref: "x"}}}
	}
	if n := letters(retraction()); n != 1 {
		t.Errorf("before the merge: %d dead letters, want 1", n)
	}
	letters(&schemas.Record{Kind: schemas.KindMergeOut, Patient: "d:old", Move: &schemas.Move{Other: "d:new"}})
	if n := letters(retraction()); n != 0 {
		t.Errorf("behind the merge: %d dead letters of the old id, want none", n)
	}
	handed := retraction()
	handed.Patient = "d:new"
	if n := letters(handed); n != 1 {
		t.Errorf("at the survivor: %d dead letters, want 1", n)
	}
}
