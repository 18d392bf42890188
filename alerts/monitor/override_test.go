package monitor

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// The unit that a movement names decides which thresholds hold, from that record on and also after a restart.
func TestATransferChangesTheThresholds(t *testing.T) {
	policy, err := alerts.ParsePolicy([]byte(`version: 1
rules: [{task: news2, kind: score, levels: [{severity: low, at: 3}]}]
overrides: [{units: [picu], task: news2, levels: [{severity: low, at: 9}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	m, s := &Monitor{Policy: policy}, NewPartition()
	at, rate := schemas.Time(1_900_000_000_000), channel(t, "respiratory_rate")
	move := func(kind schemas.RecordKind, minute schemas.Time, unit string) *schemas.Record {
		return &schemas.Record{Kind: kind, Patient: "ward:7", At: at + minute*schemas.Minute, Hash: uint64(minute) + 1, Move: &schemas.Move{Stay: "S1", Unit: unit}}
	}
	log := []*schemas.Record{
		move(schemas.KindAdmit, 0, "picu"),
		{Kind: schemas.KindObservations, Patient: "ward:7", At: at + schemas.Minute, Hash: 99, TopicIndex: 1,
			Observations: []schemas.Observation{{Channel: rate, EventTime: at + schemas.Minute, Value: 28}}},
	}
	alertsOf := func(out []Output) (list []string) {
		for i := range out {
			if out[i].Topic == schemas.TopicAlerts {
				list = append(list, string(out[i].Value))
			}
		}
		return list
	}
	if got := alertsOf(steps(t, m, s, log, 0)); len(got) != 0 {
		t.Fatalf("3 points in a unit that alerts at 9: %s", got)
	}
	stored := &window.StoredPartition{}
	for _, w := range s.Writes(nil) {
		stored.Patients = append(stored.Patients, window.StoredPatient{Patient: w.Patient, State: w.State})
	}
	s, err = m.LoadPartition(stored)
	if err != nil {
		t.Fatal(err)
	}
	got := alertsOf(steps(t, m, s, append(log, move(schemas.KindTransfer, 2, "ward")), len(log)))
	if len(got) != 1 || !strings.Contains(got[0], `"phase":"start"`) || !strings.Contains(got[0], `"threshold":3`) {
		t.Errorf("moved to a ward that alerts at 3: %s", got)
	}
}
