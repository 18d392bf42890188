package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts/internal/script"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

func TestDefaultPolicy(t *testing.T) {
	p := DefaultPolicy()
	sum := sha256.Sum256(DefaultPolicyYAML())
	if p.Hash() != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %s is not that of the file", p.Hash())
	}
	news2 := p.Rules[0]
	if news2.Task != TaskNEWS2 || news2.Refractory != 30*schemas.Minute || news2.Reset != 25*schemas.Minute || len(news2.Levels) != 2 ||
		news2.Levels[0].At != 5 || !news2.Levels[0].Single || news2.Levels[1].At != 7 || news2.Levels[1].Severity != "high" {
		t.Errorf("NEWS2 rule %+v", news2)
	}
	if p.NoData.After != 4*schemas.Hour {
		t.Errorf("no data after %v", p.NoData.After)
	}
}

// Each broken policy gives one error that names the place and what to write.
func TestBadPolicies(t *testing.T) {
	rule := func(lines string) string {
		return "version: 1\nrules:\n  - task: news2\n    kind: score\n" + lines
	}
	levels := "    levels: [{severity: high, at: 7}]\n"
	for name, c := range map[string]struct{ file, want string }{
		"empty":            {"", "the file is empty"},
		"no version":       {"rules: []", "write `version: 1`"},
		"later version":    {"version: 2", "version 2"},
		"unknown field":    {rule(levels + "    dwel: 3m\n"), `line 6: there is no key "dwel" here; did you mean "dwell"?`},
		"misplaced field":  {"version: 1\ndwell: 3m\n", `line 2: there is no key "dwell" here`},
		"not YAML":         {"version: [", "policy"},
		"second document":  {"version: 1\n---\nversion: 1\n", "second document"},
		"no unit":          {rule(levels + "    dwell: 30\n"), `"30": want a number with a unit`},
		"negative":         {rule(levels + "    dwell: -3m\n"), "0s to 720h"},
		"no levels":        {rule(""), "want 1 to 3"},
		"no at":            {rule("    levels: [{severity: high}]\n"), "at is missing"},
		"severity":         {rule("    levels: [{severity: urgent, at: 7}]\n"), `severity "urgent": want low, medium or high`},
		"never clears":     {rule("    levels: [{severity: high, at: 7, clear: 8}]\n"), "clear 8"},
		"clears at 0":      {rule("    levels: [{severity: high, at: 7, clear: 0}]\n"), "clear 0"},
		"beyond NEWS2":     {rule("    levels: [{severity: high, at: 21}]\n"), "at most 20"},
		"not a number":     {rule("    levels: [{severity: high, at: .nan}]\n"), "at NaN"},
		"falling levels":   {rule("    levels: [{severity: low, at: 7}, {severity: high, at: 5}]\n"), "above those of levels[0]"},
		"falling severity": {rule("    levels: [{severity: high, at: 5}, {severity: low, at: 7}]\n"), "above those of levels[0]"},
		"twice":            {rule(levels) + "  - task: news2\n    kind: score\n" + levels, "has a rule already"},
		"kind":             {"version: 1\nrules: [{task: news2, kind: risk, levels: [{severity: high, at: 0.5}]}]", "kind score goes with"},
		"kind of a task":   {"version: 1\nrules: [{task: mortality, kind: number}]", "want score (news2) or risk"},
		"task":             {"version: 1\nrules: [{task: \"Mortality!\", kind: risk}]", "lower-case"},
		"no_data as rule":  {"version: 1\nrules: [{task: no_data, kind: risk}]", "technical.no_data"},
		"risk over 1":      {"version: 1\nrules: [{task: mortality, kind: risk, levels: [{severity: high, at: 40}]}]", "at most 1"},
		"single for risk":  {"version: 1\nrules: [{task: mortality, kind: risk, levels: [{severity: high, at: 0.4, single: true}]}]", "single is for kind score"},
		"no_data severity": {"version: 1\ntechnical: {no_data: {after: 1h}}", "technical.no_data"},
		"no snooze":        {"version: 1\nsnooze: {max: 0s}", "snooze.max"},
		"short continue":   {rule(levels + "    continue: 1s\n"), "at least 1m"},
	} {
		p, err := ParsePolicy([]byte(c.file))
		if err == nil {
			t.Errorf("%s: no error, policy %+v", name, p)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "policy") || strings.Count(err.Error(), "\n") > 1 {
			t.Errorf("%s: error %q does not say %q on one line", name, err, c.want)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(DefaultPolicyYAML())
	f.Add([]byte("version: 1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := ParsePolicy(b); err == nil && len(p.Hash()) != 64 {
			t.Fatalf("hash %q", p.Hash())
		}
	})
}

// A state that decodes encodes to the same bytes, and no bytes make it panic.
func FuzzDecodeState(f *testing.F) {
	p := DefaultPolicy()
	var s State
	f.Add(s.Append(nil))
	p.Step(&s, Event{Kind: Opened, At: script.Midnight, Patient: "a:1", Stay: "S", Model: "M"}, nil)
	f.Add(s.Append(nil))
	p.Step(&s, Event{Kind: Scored, At: script.Midnight + 1, Model: "M", Score: &Score{ID: "x", NEWS2: 9, Standing: Standing{Measured: NeverMeasured()}}}, nil)
	f.Add(s.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s State
		r := packed.NewReader(b)
		s.Decode(r)
		if r.End() == nil && string(s.Append(nil)) != string(b) {
			t.Fatalf("%x decodes and encodes to %x", b, s.Append(nil))
		}
	})
}

func TestScoreOf(t *testing.T) {
	s := schemas.Score{ID: "i", Trained: true, Flags: []string{FlagCorrected},
		Risks: map[string]schemas.Risk{"b": {Value: 0.2}, "a": {Value: 0.1}},
		NEWS2: schemas.NEWS2{Value: 5, Partial: true, Missing: []string{"oxygen"}, Inputs: []schemas.NEWS2Input{{Component: "systolic", Points: 3}}}}
	got := ScoreOf(&s)
	if got.ID != "i" || !got.Trained || !got.Corrected || !got.Partial || got.NEWS2 != 5 ||
		got.Standing.Points[ComponentSystolic] != 3 || got.Standing.Points[ComponentOxygen] != NotKnown ||
		len(got.Risks) != 2 || got.Risks[0].Task != "a" || got.Risks[1].Value != 0.2 {
		t.Errorf("ScoreOf = %+v", got)
	}
}
