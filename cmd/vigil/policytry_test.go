package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/policylab"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// alertLines are alerts as JSON lines, by stay, without what the monitor adds to what the policy says.
func alertLines(t *testing.T, text string, keep func(*schemas.Alert) bool) map[string][]schemas.Alert {
	t.Helper()
	list := map[string][]schemas.Alert{}
	for line := range strings.Lines(text) {
		a, err := schemas.DecodeAlert([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if a.N, a.Flags, a.Drivers, a.Change = 0, nil, nil, nil; keep(a) {
			list[a.Stay] = append(list[a.Stay], *a)
		}
	}
	return list
}

// The lab's alerts are those of the whole pipeline, id for id and score for score: intake, broker, worker and store.
func TestThePolicyLabRingsAsThePipelineDoes(t *testing.T) {
	data, dir := someRecords(t), t.TempDir()
	file := filepath.Join(dir, "site.yaml")
	site := strings.NewReplacer("at: 5, clear: 4, single: true", "at: 1, clear: 1", "at: 0.41, clear: 0.33", "at: 0.08, clear: 0.06", "at: 0.59, clear: 0.47", "at: 0.16, clear: 0.12",
		"update: 0.1", "update: 0.02", "after: 4h ", "after: 34m ").Replace(string(usable(alerts.DefaultPolicyYAML(), alerts.DefaultPolicy(), []string{taskMortality})))
	if err := os.WriteFile(file, []byte(site), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := alerts.ParsePolicy([]byte(site))
	if err != nil {
		t.Fatal(err)
	}
	demoJSON(t, "--data", data, "--speed", "max", "--store", "miniredis", "--policy", file, "--export", dir)
	all := func(*schemas.Alert) bool { return true }
	want := alertLines(t, string(readFile(t, dir, "alerts.jsonl")), all)
	tried := filepath.Join(dir, "tried.jsonl")
	code, stdout, stderr := vigil(t.Context(), "policy", "try", "--data", data, "--policy", file, "--score-interval", "1m", "--choose", p.Hash()[:12], "--alerts", tried, "--draws", "20")
	if code != boot.ExitOK || !strings.Contains(stdout, schemas.Notice) {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	found := alertLines(t, string(readFile(t, dir, "tried.jsonl")), all)
	tasks := map[string]int{}
	for stay := range want {
		for _, a := range want[stay] {
			tasks[a.Task]++
		}
	}
	if !reflect.DeepEqual(want, found) {
		t.Fatalf("the pipeline's alerts of %d stays are not the lab's, of %d", len(want), len(found))
	}
	if tasks[taskMortality] < 20 || tasks[alerts.TaskNEWS2] < 20 || tasks[alerts.TaskNoData] < 20 {
		t.Fatalf("too few revisions to hold anything: %v", tasks)
	}

	// From the log of scores alone, and another policy that is chosen from a grid and written.
	mine := filepath.Join(dir, "mine.yaml")
	try := []string{"policy", "try", "--data", data, "--policy", file, "--scores", filepath.Join(dir, "scores.jsonl"), "--grid", "mortality.medium.at=0.06..0.14:0.02", "--draws", "20"}
	code, stdout, stderr = vigil(t.Context(), append(try, "--json", "--picture", filepath.Join(dir, "frontier.svg"))...)
	var r policylab.Report
	if err := json.Unmarshal([]byte(stdout), &r); code != boot.ExitOK || err != nil {
		t.Fatalf("exit %d: %v %s", code, err, stderr)
	}
	if r.Stays != 48 || r.Events != 16 || len(r.Policies) != 5 || !r.Policies[0].InForce || r.Policies[0].Hash != p.Hash() {
		t.Fatalf("%s", stdout)
	}
	chosen := r.Frontier()[0]
	if code, _, stderr = vigil(t.Context(), append(try, "--choose", chosen.ID, "--write", mine)...); code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if written, err := alerts.ParsePolicy(readFile(t, dir, "mine.yaml")); err != nil || written.Hash() != chosen.Hash {
		t.Errorf("what was written is not what was chosen: %v", err)
	}
	if code, _, stderr = vigil(t.Context(), append(try, "--choose", chosen.ID, "--write", mine)...); code != boot.ExitUsage || !strings.Contains(stderr, "is there already") {
		t.Errorf("a file is written over: %d %s", code, stderr)
	}
	if code, _, stderr = vigil(t.Context(), append(try, "--choose", p.Hash(), "--alerts", tried)...); code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	ofNumbers := func(a *schemas.Alert) bool { return a.Kind != alerts.KindTechnical && a.Phase != schemas.PhaseEnd }
	want = alertLines(t, string(readFile(t, dir, "alerts.jsonl")), ofNumbers)
	if found := alertLines(t, string(readFile(t, dir, "tried.jsonl")), ofNumbers); !reflect.DeepEqual(want, found) {
		t.Errorf("the log of scores gives other alerts: %d and %d stays", len(want), len(found))
	}
}

func TestPolicyTryRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "scores.jsonl")
	if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct{ args, want string }{
		{"", "--data is missing"},
		{"--data x", "nothing to try"},
		{"--data x --grid mortality.dwel=1m", "did you mean mortality.dwell?"},
		{"--data x --grid mortality.dwell=1m --write y", "--choose ID"},
		{"--data x --grid mortality.dwell=1m --severity hi", "want low, medium or high"},
		{"--data x --grid mortality.dwell=1m --task sofa", "has no rule for it"},
		{"--data x --grid mortality.medium.at=0.9", "no combination of the grid is a policy"},
		{"--data x missing.yaml", "missing.yaml"},
		{"--scores " + file + " --grid mortality.dwell=1m", "line 1: this is no score"},
	} {
		code, _, stderr := vigil(t.Context(), append([]string{"policy", "try"}, strings.Fields(of.args)...)...)
		if code != boot.ExitUsage || !strings.Contains(stderr, of.want) {
			t.Errorf("%s: %d %q, want %q", of.args, code, stderr, of.want)
		}
	}
}
