package policytest

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
)

const sitePolicy = `version: 1
rules:
  - task: news2
    kind: score
    levels: [{severity: medium, at: 5, clear: 4, single: true}, {severity: high, at: 7, clear: 6}]
    refractory: 30m
    reset: 25m
  - task: mortality
    kind: risk
    levels: [{severity: high, at: 0.5, clear: 0.4}]
    dwell: 10m
overrides:
  - {units: [picu], task: news2, levels: [{severity: medium, at: 9}, {severity: high, at: 11}]}
technical: {no_data: {after: 2h, severity: low}}
`

// ran runs the one test of a suite.
func ran(t *testing.T, body string) (*Result, error) {
	t.Helper()
	p, err := alerts.ParsePolicy([]byte(sitePolicy))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse([]byte("version: 1\ntests:\n  - name: t\n" + body))
	if err != nil {
		return nil, err
	}
	return s.Tests[0].Run(p)
}

// Each story gives the alerts that stand beside it, by the policy above.
func TestStories(t *testing.T) {
	for name, body := range map[string]string{
		"a level that is reached starts, a higher one escalates, a low one ends": `    series: {news2: "2x3 5 8 2"}
    alerts: [{at: 4m, task: news2, phase: start, severity: medium}, {at: 5m, task: news2, phase: escalate, severity: high}, {at: 6m, task: news2, phase: end, severity: high}]
`,
		"a single component of 3 points": `    series: {news2: "3x3 3!"}
    alerts: [{at: 4m, task: news2, phase: start, severity: medium}]
`,
		"a risk waits for the dwell, and is held where the model gives none": `    every: 5m
    series: {mortality: "0.1+0.1x5 0.6x2 _ 0.1", news2: "0x9"}
    alerts: [{at: 30m, task: mortality, phase: start, severity: high}, {at: 50m, task: mortality, phase: end, severity: high}]
`,
		"points that grow stale hold an alert": `    series: {news2: "8 _x2 0", mortality: "0x3"}
    alerts: [{at: 0m, task: news2, phase: start, severity: high}, {at: 3m, task: news2, phase: end, severity: high}]
`,
		"data that stop": `    series: {news2: "0"}
    alerts: [{at: 2h, task: no_data, phase: start, severity: low}]
`,
		"the unit's own thresholds, from the move on": `    series: {news2: "8x20"}
    unit: picu
    events: [{at: 10m, do: move, unit: ward}]
    alerts: [{at: 10m, task: news2, phase: start, severity: high}]
`,
		"a snooze runs out": `    series: {news2: "8x90"}
    events: [{at: 1m, do: snooze, task: news2, for: 1h}, {at: 80m, do: discharge}]
    phases: [start, reset, end]
    alerts: [{at: 0m, task: news2, phase: start, severity: high}, {at: 61m, task: news2, phase: reset, severity: high}, {at: 80m, task: news2, phase: end, severity: high}]
`,
	} {
		r, err := ran(t, body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !r.OK() {
			t.Errorf("%s:\n%s", name, r.Diff())
		}
	}
}

// What a policy keeps quiet, in the tests of a site.
func TestQuietStories(t *testing.T) {
	p, err := alerts.ParsePolicy([]byte(`version: 1
rules:
  - {task: news2, kind: score, levels: [{severity: medium, at: 5, clear: 4}, {severity: high, at: 7, clear: 6}]}
  - {task: mortality, kind: risk, levels: [{severity: medium, at: 0.3, clear: 0.2}, {severity: high, at: 0.6, clear: 0.5}]}
group: true
inhibit: [{by: news2, severity: high, tasks: [mortality]}]
suppress: [{from: 2100-01-01T02:00:00Z, until: 2100-01-01T03:00:00Z, units: [picu]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse([]byte(`version: 1
tests:
  - name: a high NEWS2 inhibits the risk until it ends
    every: 10m
    series: {news2: "2 8x2 1x3", mortality: "0.1 0.4x5"}
    alerts:
      - {at: 10m, task: news2, phase: start, severity: high}
      - {at: 40m, task: news2, phase: end, severity: high}
      - {at: 40m, task: mortality, phase: start, severity: medium}
  - name: a risk beside a medium NEWS2 is told and grouped, a graver one is not
    every: 10m
    series: {news2: "5x5", mortality: "0.1 0.4 0.7x3"}
    alerts:
      - {at: 0m, task: news2, phase: start, severity: medium}
      - {at: 10m, task: mortality, phase: start, severity: medium, grouped: true}
      - {at: 20m, task: mortality, phase: escalate, severity: high}
  - name: what is planned for the unit keeps medium quiet, and tells it afterwards if it is still reached
    every: 30m
    unit: picu
    series: {news2: "1x3 5x5", mortality: "0.1x8"}
    alerts: [{at: 180m, task: news2, phase: start, severity: medium}]
  - name: elsewhere nothing is planned
    every: 30m
    unit: ward
    series: {news2: "1x4 5x4", mortality: "0.1x8"}
    alerts: [{at: 150m, task: news2, phase: start, severity: medium}]
`))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Tests {
		if r, err := s.Tests[i].Run(p); err != nil || !r.OK() {
			t.Errorf("%s: %v\n%s", s.Tests[i].Name, err, r.Diff())
		}
	}
}

func TestADiffTellsWhatWasExpectedAndWhatCame(t *testing.T) {
	r, err := ran(t, `    series: {news2: "2 5 8"}
    alerts: [{at: 0m, task: news2, phase: start, severity: low}, {at: 2m, task: news2, phase: escalate, severity: high}]
`)
	if err != nil {
		t.Fatal(err)
	}
	want := "- 0s news2 start low\n+ 1m news2 start medium\n  2m news2 escalate high\n"
	if r.OK() || r.Diff() != want {
		t.Errorf("diff:\n%swant:\n%s", r.Diff(), want)
	}
}

func TestBadSuites(t *testing.T) {
	for body, want := range map[string]string{
		"    serie: {news2: \"1\"}\n":                                        `line 4: there is no key "serie" here; did you mean "series"?`,
		"    series: {mortalty: \"1\"}\n":                                    `line 4: the policy has no rule for series "mortalty": want one of news2, mortality; did you mean mortality?`,
		"    series: {news2: \"1y\"}\n":                                      `line 4: series.news2: "1y"`,
		"    series: {news2: \"21\"}\n":                                      "want 0 to 20",
		"    series: {mortality: \"1.5\"}\n":                                 "want 0 to 1",
		"    series: {news2: \"1x999999\"}\n":                                "at most",
		"    every: 0s\n":                                                    "above 0s",
		"    every: 5\n":                                                     "with its unit",
		"    events: [{at: 1m, do: snoze, task: news2}]":                     "did you mean snooze?",
		"    events: [{at: 1m, do: acknowledge, task: news2}]":               "no alert of it yet",
		"    alerts: [{at: 1m, task: news2, phase: update, severity: high}]": `phase "update"`,
		"    alerts: [{at: 1m, task: news, phase: start, severity: high}]":   "did you mean news2?",
		"    alerts: [{at: 1m, task: news2, phase: start, severity: hihg}]":  "did you mean high?",
		"    name: u\n":                                                      "already",
	} {
		if _, err := ran(t, body); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	if _, err := Parse([]byte("version: 1\n")); err == nil || !strings.Contains(err.Error(), "no tests") {
		t.Errorf("a suite of no tests: %v", err)
	}
}
