package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

const quietRules = `version: 1
rules:
  - {task: news2, kind: score, levels: [{severity: medium, at: 5, clear: 4}, {severity: high, at: 7, clear: 6}], dwell: %s, refractory: 20m, reset: 5m, update: 1, continue: 30m}
  - {task: mortality, kind: risk, levels: [{severity: medium, at: 0.3, clear: 0.2}, {severity: high, at: 0.6, clear: 0.5}], dwell: %s, clear_dwell: 10m, refractory: 30m}
  - {task: sepsis, kind: risk, levels: [{severity: low, at: 0.3}, {severity: medium, at: 0.7}]}
group: true
inhibit:
  - {by: news2, tasks: [mortality, sepsis], severity: medium}
  - {by: mortality, tasks: [sepsis], severity: high}
suppress:
  - {from: 1970-01-01T03:00:00Z, until: 1970-01-01T05:00:00Z, tasks: [news2], severity: high}
  - {from: 1970-01-01T05:00:00Z, until: 1970-01-01T06:00:00Z, units: [picu]}
  - {from: 1970-01-01T08:00:00Z, until: 1970-01-01T08:30:00Z, severity: high}
`

// Whatever keeps alerts quiet, no due time lies in the past once an event is done, nothing rings in a time in which it is
// to be quiet, and it does not matter how time is cut up.
func TestQuietNeverLooksBack(t *testing.T) {
	held, grouped := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		times := []string{"0s", "7m", "45m"}
		p, err := alerts.ParsePolicy(fmt.Appendf(nil, quietRules, times[r.IntN(3)], times[r.IntN(3)]))
		if err != nil {
			t.Fatal(err)
		}
		var coarse, fine alerts.State
		var told, again []schemas.Alert
		unit := ""
		both := func(e alerts.Event) {
			told = p.For("h:1", unit).Step(&coarse, e, told)
			again = p.For("h:1", unit).Step(&fine, e, again)
			if due := p.For("h:1", unit).Due(&coarse); due <= e.At {
				t.Fatalf("seed %d: after an event at %s something is due at %s", seed, e.At, due)
			}
		}
		both(alerts.Event{Kind: alerts.Opened, At: 1, Patient: "h:1", Stay: "S"})
		at := schemas.Time(1)
		measured := alerts.NeverMeasured()
		for range 150 {
			to := at + schemas.Time(1+r.IntN(12*int(schemas.Minute)))
			for cut := at; cut < to; cut += schemas.Minute {
				again = p.For("h:1", unit).Step(&fine, alerts.Event{Kind: alerts.Advance, At: cut}, again)
			}
			both(alerts.Event{Kind: alerts.Advance, At: to})
			at = to
			switch r.IntN(8) {
			case 0:
				unit = []string{"", "picu", "ward"}[r.IntN(3)]
				both(alerts.Event{Kind: alerts.Moved, At: at})
			case 1:
				if len(told) > 0 {
					verb := []string{alerts.VerbEnd, alerts.VerbSnooze, alerts.VerbAcknowledge}[r.IntN(3)]
					both(alerts.Event{Kind: alerts.Commanded, At: at, Command: &schemas.Command{Verb: verb, Alert: told[len(told)-1-r.IntN(min(3, len(told)))].ID, Until: at + schemas.Hour}})
				}
			default:
				sc := alerts.Score{ID: "s", Trained: true, Corrected: r.IntN(9) == 0}
				value := r.IntN(11)
				for c := range sc.Standing.Points {
					sc.Standing.Points[c] = int8(min(2, value))
					value -= int(sc.Standing.Points[c])
					sc.NEWS2 += int(sc.Standing.Points[c])
					measured[c] = at
				}
				sc.Standing.Measured = measured
				if r.IntN(5) > 0 {
					sc.Risks = []alerts.TaskRisk{{Task: "mortality", Value: r.Float32()}, {Task: "sepsis", Value: r.Float32()}}
				}
				both(alerts.Event{Kind: alerts.DataCame, At: at, Measured: &measured})
				both(alerts.Event{Kind: alerts.Scored, At: at, Score: &sc})
			}
		}
		if !reflect.DeepEqual(told, again) {
			t.Fatalf("seed %d: time that is cut up gives %d revisions, else %d", seed, len(again), len(told))
		}
		open := map[string]string{} // severity by task
		for _, a := range told {
			if rises := a.Phase == schemas.PhaseStart || a.Phase == schemas.PhaseEscalate; rises {
				minute := a.AsOf / schemas.Minute
				if a.Task == alerts.TaskNEWS2 && minute >= 180 && minute < 300 || a.Kind != alerts.KindTechnical && minute >= 480 && minute < 510 {
					t.Fatalf("seed %d: %s rings at %s", seed, a.Task, a.AsOf)
				}
				if by := open[alerts.TaskNEWS2]; a.Kind == alerts.KindRisk && (by == "high" || by == "medium" && a.Severity != "high") {
					t.Fatalf("seed %d: %s %s rings at %s while NEWS2 is %s", seed, a.Task, a.Severity, a.AsOf, by)
				}
				if slices.Contains(a.Flags, alerts.FlagGrouped) {
					grouped++
				}
				held++
			}
			if open[a.Task] = a.Severity; a.Phase == schemas.PhaseEnd {
				delete(open, a.Task)
			}
		}
	}
	if held < 2000 || grouped < 100 {
		t.Errorf("%d starts and escalations, %d grouped: too few to hold anything", held, grouped)
	}
}

func TestBadQuiet(t *testing.T) {
	base := string(alerts.DefaultPolicyYAML())
	for text, want := range map[string]string{
		"inhibit: [{by: news2}]":                                                             `inhibit[0]: tasks is missing`,
		"inhibit: [{by: new2, tasks: [mortality]}]":                                          `line 54: inhibit[0]: by: there is no rule for task "new2"; did you mean news2?`,
		"inhibit: [{by: news2, tasks: [mortalty]}]":                                          "did you mean mortality?",
		"inhibit: [{by: news2, tasks: [news2]}]":                                             "inhibits itself",
		"inhibit: [{by: news2, severity: hi, tasks: [mortality]}]":                           "want low, medium or high",
		"inhibit: [{by: news2, tasks: [mortality]}, {by: mortality, tasks: [news2]}]":        "inhibit each other",
		"suppress: [{from: 2026-03-01T06:00:00Z}]":                                           `until ""`,
		"suppress: [{from: 2026-03-01, until: 2026-03-02T06:00:00Z}]":                        "line 54: suppress[0]: from \"2026-03-01\": want a time with its zone",
		"suppress: [{from: 2026-03-01T06:00:00Z, until: 2026-03-01T06:00:00Z}]":              "after from",
		"suppress: [{from: 2026-03-01T06:00:00Z, until: 2026-05-01T06:00:00Z}]":              "more than 30 days",
		"suppress: [{from: 2026-03-01T06:00:00Z, until: 2026-03-01T07:00:00Z, tasks: [x]}]":  `no rule for task "x"`,
		"suppress: [{from: 2026-03-01T06:00:00Z, until: 2026-03-01T07:00:00Z, severity: x}]": "the highest that is kept quiet",
		"suppres: []": `did you mean "suppress"?`,
	} {
		if _, err := alerts.ParsePolicy([]byte(base + text + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
