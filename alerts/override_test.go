package alerts

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

const overridden = `version: 1
rules:
  - task: news2
    kind: score
    levels: [{severity: medium, at: 5}, {severity: high, at: 7}]
    dwell: 5m
  - task: mortality
    kind: risk
    levels: [{severity: high, at: 0.5}]
overrides:
  - units: [picu, cardiac]
    task: news2
    levels: [{severity: medium, at: 8}, {severity: high, at: 10}]
  - patients: ["site:42"]
    task: news2
    dwell: 0s
`

// What holds for a patient goes before what holds for the unit, number by number, and what neither names is as in the rule.
func TestThresholdsByUnitAndPatient(t *testing.T) {
	p, err := ParsePolicy([]byte(overridden))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		patient, unit string
		at            float32
		dwell         schemas.Time
	}{
		{"site:1", "", 5, 5 * schemas.Minute},
		{"site:1", "ward", 5, 5 * schemas.Minute},
		{"site:1", "picu", 8, 5 * schemas.Minute},
		{"site:42", "ward", 5, 0},
		{"site:42", "cardiac", 8, 0},
		{"again/site:42", "cardiac", 8, 0},
	} {
		q := p.For(c.patient, c.unit)
		if r := q.Rules[0]; r.Levels[0].At != c.at || r.Dwell != c.dwell || len(q.Rules) != 2 || q.Rules[1].Levels[0].At != 0.5 {
			t.Errorf("%s in %s: %+v", c.patient, c.unit, q.Rules)
		}
		if q.Hash() != p.Hash() {
			t.Errorf("%s in %s: another hash than the file's", c.patient, c.unit)
		}
	}
}

// Who comes into a unit is judged by its rules at once: an alert that would not have started there ends, and a number
// that is high enough there starts one after the dwell.
func TestAMoveIsJudgedByTheRulesOfTheUnit(t *testing.T) {
	p, err := ParsePolicy([]byte(overridden))
	if err != nil {
		t.Fatal(err)
	}
	var s State
	at := schemas.Time(1_000_000_000_000)
	step := func(unit string, e Event) string {
		var b strings.Builder
		p := p.For("site:1", unit)
		out := p.Step(&s, Event{Kind: Advance, At: e.At}, nil)
		for _, a := range p.Step(&s, e, out) {
			b.WriteString(string(a.Phase) + " " + a.Severity + "; ")
		}
		return b.String()
	}
	step("", Event{Kind: Opened, At: at, Patient: "site:1", Stay: "S"})
	score := func() *Score {
		sc := &Score{ID: "x", NEWS2: 6, Standing: Standing{Measured: NeverMeasured()}}
		sc.Standing.Points = Points{2, 2, 2}
		return sc
	}
	step("", Event{Kind: Scored, At: at, Score: score()})
	if got := step("", Event{Kind: Advance, At: at + 5*schemas.Minute}); got != "start medium; " {
		t.Errorf("on the ward: %q", got)
	}
	if got := step("picu", Event{Kind: Moved, At: at + 6*schemas.Minute}); got != "end medium; " {
		t.Errorf("moved to where 6 is no alert: %q", got)
	}
	back := at + schemas.Hour
	if got := step("", Event{Kind: Moved, At: back}); got != "" {
		t.Errorf("moved back, before the dwell: %q", got)
	}
	if got := step("", Event{Kind: Advance, At: back + 5*schemas.Minute}); got != "start medium; " {
		t.Errorf("after the dwell: %q", got)
	}
}

func TestBadOverrides(t *testing.T) {
	head := "version: 1\nrules: [{task: news2, kind: score, levels: [{severity: high, at: 7}]}]\noverrides:\n  - "
	for name, c := range map[string]struct{ file, want string }{
		"task":       {"{units: [a], task: news, dwell: 1m}", "line 4: overrides[0] (task \"news\"): there is no rule for this task to lay something over; did you mean news2?"},
		"nobody":     {"{task: news2, dwell: 1m}", "want either units or patients"},
		"both":       {"{units: [a], patients: [\"b:1\"], task: news2, dwell: 1m}", "want either units or patients"},
		"nothing":    {"{units: [a], task: news2}", "nothing is laid over"},
		"patient":    {"{patients: [\"42\"], task: news2, dwell: 1m}", "as site:42"},
		"severities": {"{units: [a], task: news2, levels: [{severity: low, at: 3}]}", "want those of the rule, high"},
		"number":     {"{units: [a], task: news2, levels: [{severity: high, at: 70}]}", "overrides of unit \"a\": task news2: levels[0]: at 70"},
		"twice":      {"{units: [a], task: news2, dwell: 1m}\n  - {units: [b, a], task: news2, dwell: 2m}", "line 5: overrides[1]: unit \"a\" has an override of news2 already, in line 4"},
		"key":        {"{unit: [a], task: news2, dwell: 1m}", "line 4: there is no key \"unit\" here; did you mean \"units\"?"},
	} {
		if _, err := ParsePolicy([]byte(head + c.file + "\n")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
