package policylab

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
)

// others are policies unlike the shipped one: other levels and times, and rules of units and patients.
var others = []string{`version: 1
rules:
  - task: news2
    kind: score
    levels: [{severity: low, at: 1, clear: 1}, {severity: medium, at: 3, clear: 2, single: true}, {severity: high, at: 5, clear: 4}]
    dwell: 7m
    clear_dwell: 13m
    refractory: 2h
    reset: 3h
    continue: 1h
    update: 1
technical: {no_data: {after: 50m, severity: medium}}
`, `version: 1
rules:
  - task: news2
    kind: score
    levels: [{severity: medium, at: 2}, {severity: high, at: 9, clear: 3}]
    update: 1
overrides:
  - {units: [ICU, B], task: news2, dwell: 30m, levels: [{severity: medium, at: 4}, {severity: high, at: 6}]}
  - {patients: ["ward:1"], task: news2, refractory: 6h}
`}

// What the lab plays by a policy are the alerts that the monitor puts out under that policy, id for id and word for
// word, though the lab has heard a monitor of another policy.
func TestTheLabsAlertsAreTheMonitors(t *testing.T) {
	told := 0
	for seed := range uint64(4) {
		var log []*schemas.Record
		for i, rec := range history.Make(seed, 2500, 5, seed%2 == 1) {
			switch rec.Kind {
			case schemas.KindCommand, schemas.KindMergeOut, schemas.KindUnmerge: // left to others, as the package says
				continue
			}
			if rec.Move != nil && rec.Move.Unit == "" && i%2 == 0 {
				rec.Move.Unit = []string{"ICU", "B", "ward"}[i%3]
			}
			log = append(log, rec)
		}
		recorder := &Recorder{}
		published(t, log, alerts.DefaultPolicy(), recorder.Listen)
		for i, text := range append([]string{string(alerts.DefaultPolicyYAML())}, others...) {
			p, err := alerts.ParsePolicy([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			want := published(t, log, p, nil)
			found := map[string][]schemas.Alert{}
			for _, c := range recorder.Courses() {
				stay := c.Patient + " " + c.Stay
				found[stay] = c.Play(p, nil)
				if last := c.events[len(c.events)-1]; last.kind != alerts.Ended { // time went on in the log, and it does not in the course
					want[stay] = slices.DeleteFunc(want[stay], func(a schemas.Alert) bool { return a.AsOf > last.at })
				}
			}
			for stay := range want {
				for n := range max(len(want[stay]), len(found[stay])) {
					if n >= len(want[stay]) || n >= len(found[stay]) || !reflect.DeepEqual(bare(want[stay][n]), bare(found[stay][n])) {
						t.Fatalf("seed %d, policy %d, revision %d of %d and %d of %s:\n%+v\n%+v", seed, i, n, len(want[stay]), len(found[stay]), stay,
							want[stay][min(n, len(want[stay])-1)], found[stay][min(n, len(found[stay])-1)])
					}
				}
				told += len(want[stay])
			}
			if len(want) != len(found) {
				for stay := range found {
					if len(want[stay]) == 0 && len(found[stay]) > 0 {
						t.Fatalf("seed %d: alerts of %s, who has none", seed, stay)
					}
				}
			}
		}
	}
	if told < 1000 {
		t.Errorf("%d revisions were held, want 1,000 at least", told)
	}
}

// bare is a revision without what the monitor adds, and the score, whose id the policy of the recording is part of.
func bare(a schemas.Alert) schemas.Alert {
	a.N, a.Flags, a.Score, a.Drivers, a.Change = 0, nil, "", nil, nil
	return a
}

// published are the alerts of a log by patient and stay.
func published(t *testing.T, log []*schemas.Record, p *alerts.Policy, listen func(monitor.Heard)) map[string][]schemas.Alert {
	t.Helper()
	m := &monitor.Monitor{Policy: p, Listen: listen}
	s := monitor.NewPartition()
	all := map[string][]schemas.Alert{}
	var out []monitor.Output
	for offset, rec := range log {
		var err error
		if out, err = m.Step(s, rec, int64(offset), out[:0]); err != nil {
			t.Fatal(err)
		}
		for i := range out {
			if out[i].Topic == schemas.TopicAlerts {
				a, err := schemas.DecodeAlert(out[i].Value)
				if err != nil {
					t.Fatal(err)
				}
				all[a.Patient+" "+a.Stay] = append(all[a.Patient+" "+a.Stay], *a)
			}
		}
	}
	return all
}

// On real stays the lab counts what judge counts of the same play, alarm for alarm.
func TestRealStaysGiveTheAlarmsThatWereJudged(t *testing.T) {
	courses, stays := recorded(t, 40)
	alarms := 0
	for i, c := range courses {
		if c.Stay != stays[i].ID {
			t.Fatalf("course %d is of stay %s, the %dth stay is %s", i, c.Stay, i, stays[i].ID)
		}
		var starts []judge.Alarm
		for _, a := range c.Play(alerts.DefaultPolicy(), nil) {
			if a.Phase == schemas.PhaseStart {
				starts = append(starts, judge.Alarm{Task: a.Task, Hour: float64(a.AsOf-c.Admitted) / float64(schemas.Hour)})
			}
		}
		if !reflect.DeepEqual(starts, stays[i].Alarms) {
			t.Fatalf("stay %s: %v, judged %v", c.Stay, starts, stays[i].Alarms)
		}
		alarms += len(starts)
	}
	if len(courses) < 30 || alarms < 20 {
		t.Errorf("%d stays with %d alarms: too few to hold anything", len(courses), alarms)
	}
}

// axes reads axes.
func axes(t *testing.T, texts ...string) (list []Axis) {
	t.Helper()
	for _, text := range texts {
		a, err := ParseAxis(text)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	return list
}

// A policy of a grid is its file with other numbers: comments stay, clear keeps its distance, what was not
// written is put in.
func TestGrid(t *testing.T) {
	list, leftOut, err := Grid(alerts.DefaultPolicyYAML(), axes(t, "tasks.mortality.medium=0.3,0.5", "news2.high.at=8", "mortality.clear_dwell=0s..20m:10m", "news2.dwell=5m"))
	if err != nil || leftOut != 0 || len(list) != 6 {
		t.Fatalf("%d policies, %d left out, %v", len(list), leftOut, err)
	}
	for i, clear := range []float32{0.2415, 0.2415, 0.2415, 0.4024, 0.4024, 0.4024} {
		c := &list[i]
		medium, high := c.Policy.Rules[1].Levels[0], c.Policy.Rules[0].Levels[1]
		if medium.Clear != clear || medium.At != []float32{0.3, 0.5}[i/3] || high.At != 8 || high.Clear != 7 {
			t.Errorf("%s: %+v, %+v", c.Name, medium, high)
		}
		if c.Policy.Rules[1].ClearDwell != schemas.Time(i%3)*10*schemas.Minute || c.Policy.Rules[0].Dwell != 5*schemas.Minute {
			t.Errorf("%s: %+v", c.Name, c.Policy.Rules)
		}
		if again, err := alerts.ParsePolicy(c.Text); err != nil || again.Hash() != c.Policy.Hash() {
			t.Errorf("%s: its text is another policy (%v)", c.Name, err)
		}
	}
	if want := "mortality.medium=0.5 news2.high.at=8 mortality.clear_dwell=20m news2.dwell=5m"; list[5].Name != want {
		t.Errorf("the last is called %q, want %q", list[5].Name, want)
	}
	shipped, mine := strings.Split(string(alerts.DefaultPolicyYAML()), "\n"), strings.Split(string(list[0].Text), "\n")
	if len(mine) != len(shipped)+1 {
		t.Errorf("%d lines became %d", len(shipped), len(mine))
	}
	changed := 0
	for _, line := range mine {
		if !slices.Contains(shipped, line) {
			changed++
		}
	}
	if changed != 4 { // medium and high; the dwell, and the new line of clear_dwell
		t.Errorf("%d lines changed, want 4:\n%s", changed, list[0].Text)
	}
}

// A grid in which some combinations make no sense tries the others.
func TestWhatIsNoPolicyIsLeftOut(t *testing.T) {
	list, leftOut, err := Grid(alerts.DefaultPolicyYAML(), axes(t, "mortality.medium.at=0.2..0.8:0.2"))
	if err != nil || len(list) != 2 || leftOut != 2 {
		t.Errorf("%d policies, %d left out, %v", len(list), leftOut, err)
	}
	if _, _, err := Grid(alerts.DefaultPolicyYAML(), axes(t, "mortality.medium.at=0.7,0.8")); err == nil || !strings.Contains(err.Error(), "above those of levels[0]") {
		t.Errorf("nothing left: %v", err)
	}
}

// Lists and ranges in all ways of writing a policy.
func TestFlowAndBlockForms(t *testing.T) {
	for _, text := range []string{
		"version: 1\nrules: [{task: news2, kind: score, levels: [{severity: high, at: 7}]}]\n",
		"version: 1\nrules:\n- task: news2\n  kind: score\n  levels:\n  - severity: high\n    at: '7' # é\n",
		"version: 1\nrules:\n    - kind: \"score\"\n      levels:\n        - at: 7\n          severity: high\n      task: \"news2\"",
	} {
		list, _, err := Grid([]byte(text), axes(t, "news2.high.at=9", "news2.high.clear=5", "news2.dwell=1h", "news2.update=2"))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		r := list[0].Policy.Rules[0]
		if r.Levels[0].At != 9 || r.Levels[0].Clear != 5 || r.Dwell != schemas.Hour || r.Update != 2 {
			t.Errorf("%s became %s", text, list[0].Text)
		}
	}
}

func TestBadGrids(t *testing.T) {
	for text, want := range map[string]string{
		"mortality.medium.at":              "want KEY=",
		"mortality.medium.ad=1":            "want TASK.SEVERITY.at",
		"mortality.dwel=1m":                "did you mean mortality.dwell?",
		"mortality=1":                      "want TASK.SEVERITY.at",
		"mortality.medium.at=0.2..0.6":     "wants both ends and a step",
		"mortality.medium.at=0.6..0.2:0.1": "the greater end last",
		"mortality.medium.at=0.2..0.6:0":   "a step above 0",
		"mortality.medium.at=0..1:0.00001": "more than",
		"mortality.medium.at=0.2,":         "an empty value",
		"mortality.medium.at=0.2}":         "want a number",
		"mortality.dwell=0s..1x:5m":        "want a time",
	} {
		if _, err := ParseAxis(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for text, want := range map[string]string{
		"mortalty.dwell=1m":    "did you mean mortality?",
		"mortality.low.at=0.1": "no level of severity low",
	} {
		if _, _, err := Grid(alerts.DefaultPolicyYAML(), axes(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	twice := axes(t, "mortality.medium=0.3", "mortality.medium.at=0.4")
	if _, _, err := Grid(alerts.DefaultPolicyYAML(), twice); err == nil || !strings.Contains(err.Error(), "set twice") {
		t.Errorf("a key that is set twice: %v", err)
	}
	many := axes(t, "mortality.medium.at=0.1..0.5:0.001", "mortality.high.at=0.5..0.9:0.001")
	if _, _, err := Grid(alerts.DefaultPolicyYAML(), many); err == nil || !strings.Contains(err.Error(), "greater steps") {
		t.Errorf("too many: %v", err)
	}
}

// ward is a score log of 20 stays of 10 hours: every fourth ends in death, and its risk is higher by far; of the
// others each has a risk of its own.
func ward(t *testing.T) []*Course {
	t.Helper()
	var b bytes.Buffer
	for i := range 20 {
		for h := 1; h <= 10; h++ {
			risk := 0.05 * float64(i%10)
			if i%4 == 0 && h > 3 {
				risk = 0.55 + 0.02*float64(i)
			}
			fmt.Fprintf(&b, `{"id":"s%d-%d","n":%d,"due":"hour","patient":"site:%d","stay":"S%d","as_of":"2026-01-01T%02d:00:00.000Z","model":"m","trained":true,"risks":{"mortality":{"value":%g}},"news2":{"value":0,"missing":[]}}`+"\n", i, h, h, i/2, i, h, risk)
		}
	}
	list, err := ReadScores(&b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		c := list[i]
		c.OutcomeKnown = c.Stay != "S3"
		var n int
		fmt.Sscanf(c.Stay, "S%d", &n)
		if c.Died = n%4 == 0; c.Died {
			c.Death = 30 * schemas.Hour
		}
	}
	return list
}

func TestTry(t *testing.T) {
	list, _, err := Grid(alerts.DefaultPolicyYAML(), axes(t, "mortality.medium.at=0.1..0.5:0.1", "mortality.dwell=0s,8h"))
	if err != nil {
		t.Fatal(err)
	}
	list = append([]Candidate{{Policy: alerts.DefaultPolicy(), Name: "shipped", InForce: true}}, list...)
	r, err := Try(t.Context(), ward(t), list, Options{Task: "mortality", Draws: 50, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Stays != 20 || r.Patients != 10 || r.Events != 5 || r.Unknown != 1 || math.Abs(float64(r.PatientDays)-200.0/24) > 1e-9 {
		t.Errorf("%+v", *r)
	}
	// The shipped policy finds all five deaths, and the two others whose risk is 0.45; the first alarm of a
	// death is at hour 4, 3 h after the first score and so 27 before it.
	shipped := &r.Policies[0]
	if shipped.Alarms != 5+2 || shipped.Recall != 1 || math.Abs(float64(shipped.Lead)-(27-5.0/60)) > 1e-9 || math.Abs(float64(shipped.Precision)-5.0/7) > 1e-9 || shipped.RecallLow != 1 {
		t.Errorf("shipped: %+v", *shipped)
	}
	found := map[string]Result{}
	for _, p := range r.Policies {
		found[p.Name] = p
	}
	if p := found["mortality.medium.at=0.5 mortality.dwell=0s"]; p.Alarms != 5 || p.Recall != 1 || p.Precision != 1 || !p.Frontier {
		t.Errorf("at 0.5: %+v", p)
	}
	if p := found["mortality.medium.at=0.5 mortality.dwell=8h"]; p.Alarms != 0 || p.Recall != 0 || !math.IsNaN(float64(p.Lead)) {
		t.Errorf("at 0.5 for 8 h: %+v", p)
	}
	if f := r.Frontier(); f[0].Alarms != 0 || f[len(f)-1].Alarms != 5 || f[len(f)-1].Recall != 1 {
		t.Errorf("frontier %+v", f)
	}
	// High only: one alarm of each death whose risk gets so far.
	high, err := Try(t.Context(), ward(t), list[:1], Options{Severity: "high"})
	if err != nil {
		t.Fatal(err)
	}
	if p := high.Policies[0]; p.Alarms != 4 || p.Recall != 0.8 || p.Calls != p.PerPatientDay {
		t.Errorf("high: %+v", p)
	}

	var text bytes.Buffer
	if err := WriteText(&text, r, false); err != nil || !strings.Contains(text.String(), "11 policies on 20 stays") || !strings.Contains(text.String(), "in force") || !strings.Contains(text.String(), schemas.Notice) {
		t.Errorf("%v:\n%s", err, text.String())
	}
	var svg bytes.Buffer
	if err := WriteSVG(&svg, r); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the picture is no XML: %v", err)
		}
	}
	if !strings.Contains(svg.String(), "in force") || !strings.Contains(svg.String(), "not a medical device") {
		t.Error("the picture does not show the policy in force, or not what Vigil is not")
	}
}

func TestBadScores(t *testing.T) {
	good := `{"id":"a","n":%d,"due":"hour","patient":"site:1","stay":"S1","as_of":"2026-01-01T0%d:00:00.000Z","risks":{},"news2":{"value":0,"missing":[]}}` + "\n"
	for text, want := range map[string]string{
		"":             "no score",
		"{}\n":         "line 1: this is no score",
		"{\"id\":3}\n": "line 1",
		fmt.Sprintf(good, 1, 5) + fmt.Sprintf(good, 2, 4):       "line 2: the score is older",
		strings.Replace(good, `"value":0`, `"value":5`, 1):      "invalid",
		strings.Repeat("x", mostLine+1):                         "line 1: longer than",
		strings.Replace(fmt.Sprintf(good, 1, 1), "0,", "5,", 1): "record with --inputs all",
	} {
		if _, err := ReadScores(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
	twice, err := ReadScores(strings.NewReader(fmt.Sprintf(good, 1, 1) + fmt.Sprintf(good, 1, 1)))
	if err != nil || twice[0].FullHours != 1 {
		t.Errorf("a score that is published twice: %v", err)
	}
}
