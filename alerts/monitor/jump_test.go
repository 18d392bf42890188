package monitor

import (
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// One record cannot make more hours pass than a stay lasts without data: a patient's time that
// jumps by five centuries is one step of bounded work, with a stay that was announced and with
// one that was not.
func TestJumpOfCenturies(t *testing.T) {
	for _, admitted := range []bool{false, true} {
		m, s := &Monitor{Policy: alerts.DefaultPolicy()}, NewPartition()
		at := schemas.Time(midnight)
		spo2, _ := schemas.ChannelByName("spo2")
		step := func(kind schemas.RecordKind, seq uint64) int {
			r := &schemas.Record{Kind: kind, Provenance: schemas.Recorded, Patient: "d:1", At: at, Available: at, Source: "x", TopicIndex: 1, Seq: seq, HasSeq: true}
			if admitted {
				r.Provenance |= schemas.SourceHasADT
			}
			if kind == schemas.KindAdmit {
				r.Move = &schemas.Move{At: at, Stay: "S1"}
			} else {
				r.Observations = []schemas.Observation{{Channel: spo2, EventTime: at, Value: 80}}
			}
			out, err := m.Step(s, r, int64(seq), nil)
			if err != nil {
				t.Fatal(err)
			}
			return len(out)
		}
		if admitted {
			step(schemas.KindAdmit, 1)
		}
		step(schemas.KindObservations, 2)
		at += 500 * 365 * 24 * schemas.Hour
		n := step(schemas.KindObservations, 3)
		hours := int(schemas.MaxUnheard / schemas.Hour)
		if !admitted {
			hours = 24
		}
		if n < hours || n > 4*hours+20 {
			t.Errorf("admitted %v: %d outputs of one step, want about %d", admitted, n, hours)
		}
		if open := s.Open(); open != map[bool]int{false: 1, true: 0}[admitted] {
			t.Errorf("admitted %v: %d open stays", admitted, open)
		}
	}
}
