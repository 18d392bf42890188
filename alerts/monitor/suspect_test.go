package monitor_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
)

// Asystole alerts, and score, input and alert say that it may be a lead that came off.
func TestASuspectZeroAlertsAndSaysSo(t *testing.T) {
	m := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	at, err := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	if err != nil {
		t.Fatal(err)
	}
	rate, _ := schemas.ChannelByName("heart_rate")
	record := func(n uint64, at schemas.Time, value float32, flags schemas.Flag) *schemas.Record {
		return &schemas.Record{Kind: schemas.KindObservations, Patient: "ward:7", At: at, Hash: n, TopicIndex: 1,
			Observations: []schemas.Observation{{Channel: rate, EventTime: at, Value: value, Flags: flags}}}
	}
	partition := monitor.NewPartition()
	flagged := func(rec *schemas.Record, offset int64) (score schemas.Score, alert bool, flags []string) {
		out, err := m.Step(partition, rec, offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range out {
			switch o.Topic {
			case schemas.TopicScores:
				if err := json.Unmarshal(o.Value, &score); err != nil {
					t.Fatal(err)
				}
			case schemas.TopicAlerts:
				var a schemas.Alert
				if err := json.Unmarshal(o.Value, &a); err != nil {
					t.Fatal(err)
				}
				alert, flags = true, append(flags, a.Flags...)
			}
		}
		return score, alert, flags
	}
	const word = "possible_disconnection"
	score, alert, flags := flagged(record(1, at, 0, schemas.Suspect), 0)
	if !alert || !slices.Contains(flags, word) || !slices.Contains(score.Flags, word) || len(score.NEWS2.Inputs) != 1 || !slices.Contains(score.NEWS2.Inputs[0].Flags, word) {
		t.Errorf("alert %v with %v, score %+v", alert, flags, score)
	}
	score, _, flags = flagged(record(2, at+2*schemas.Minute, 80, 0), 1)
	if slices.Contains(flags, word) || slices.Contains(score.Flags, word) || score.NEWS2.Inputs[0].Flags != nil {
		t.Errorf("after a true rate: alert %v, score %+v", flags, score)
	}
}
