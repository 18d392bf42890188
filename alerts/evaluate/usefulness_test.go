package evaluate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// revision is one of an alert, told so many minutes after the alert began.
func revision(id, stay, task string, n int, minutes schemas.Time, phase schemas.Phase, severity, reason string) *schemas.Alert {
	return &schemas.Alert{ID: id, Revision: n, Patient: "h:" + stay, Stay: stay, Task: task, Kind: alerts.KindScore, Phase: phase, Severity: severity, AsOf: minutes * schemas.Minute, Reason: reason}
}

func TestUsefulness(t *testing.T) {
	u := NewUsefulness()
	for _, stay := range []string{"S1", "S2", "S3", "S4"} {
		for h := range schemas.Time(12) {
			u.Score(&schemas.Score{Patient: "h:" + stay, Stay: stay, Due: schemas.DueHour, AsOf: h * schemas.Hour})
			u.Score(&schemas.Score{Patient: "h:" + stay, Stay: stay, Due: schemas.DueHour, AsOf: h * schemas.Hour})   // it came twice
			u.Score(&schemas.Score{Patient: "h:" + stay, Stay: stay, Due: schemas.DueRecord, AsOf: h * schemas.Hour}) // no full hour
		}
	}
	for _, a := range []*schemas.Alert{
		revision("a", "S1", "news2", 0, 1, schemas.PhaseStart, "medium", "NEWS2 5"),
		revision("a", "S1", "news2", 1, 5, schemas.PhaseEscalate, "high", "NEWS2 8"),
		revision("a", "S1", "news2", 2, 9, schemas.PhaseUpdate, "high", "acknowledged by ann"),
		revision("a", "S1", "news2", 2, 9, schemas.PhaseUpdate, "high", "acknowledged by ann"),
		revision("a", "S1", "news2", 3, 20, schemas.PhaseUpdate, "high", "verdict by ann: false: the lead was off"),
		revision("a", "S1", "news2", 4, 21, schemas.PhaseUpdate, "high", "verdict by bob: Useful"),
		revision("a", "S1", "news2", 5, 61, schemas.PhaseEnd, "high", "NEWS2 2, below 4"),
		revision("b", "S2", "news2", 0, 1, schemas.PhaseStart, "high", "NEWS2 9"),
		revision("b", "S2", "news2", 1, 2, schemas.PhaseUpdate, "high", "verdict: not useful, asleep"),
		revision("c", "S3#2", "news2", 0, 1, schemas.PhaseStart, "high", "NEWS2 9"),
		revision("c", "S3#2", "news2", 1, 4, schemas.PhaseUpdate, "high", "verdict by ann: knownish"),
		revision("d", "S4", "news2", 0, 1, schemas.PhaseStart, "medium", "NEWS2 5"),
	} {
		if a.Stay == "S3#2" {
			a.Patient = "h:S3"
		}
		u.Alert(a)
	}
	u.Outcome("h:S1", "S1", true)
	u.Outcome("h:S2", "S2", false)
	u.Outcome("h:S3", "S3", false)
	u.Outcome("h:S4", "S4", true)
	u.NoOutcome("h:S4", "S4")
	r := u.Report()
	if r.Stays != 4 || r.Outcomes != 3 || r.Deaths != 1 || r.PatientDays != 2 || len(r.Rules) != 2 {
		t.Fatalf("%+v", *r)
	}
	high := &r.Rules[0]
	if high.Severity != "high" || high.Alerts != 3 || high.PerPatientDay != 1.5 || high.AckMinutes != 8 || high.OpenMinutes != 60 ||
		high.Useful != 1 || high.NotUseful != 1 || high.Known != 0 || high.Other != 1 || high.Share != 0.5 || float64(high.PPV) != 1.0/3 || high.Recall != 1 {
		t.Errorf("%+v", *high)
	}
	if medium := &r.Rules[1]; medium.Severity != "medium" || medium.Alerts != 1 || written(medium.PPV, 2) != "-" || medium.Recall != 0 {
		t.Errorf("%+v", *medium)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "4 stays, 2.0 patient-days") || !strings.Contains(text.String(), schemas.Notice) {
		t.Errorf("%v\n%s", err, text.String())
	}
	if b, err := json.Marshal(r); err != nil || !strings.Contains(string(b), `"ppv":null`) {
		t.Errorf("%v %s", err, b)
	}
}
