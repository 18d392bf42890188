package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// The risks that a model is judged by are those that a live run publishes at the same moments.
func TestEvaluateJudgesWhatIsPublished(t *testing.T) {
	data, exported := someRecords(t), t.TempDir()
	demoJSON(t, "--data", data, "--speed", "max", "--store", "miniredis", "--model", fusion.Drawn, "--export", exported)
	published := map[string]float32{} // by stay and moment
	for line := range strings.Lines(string(readFile(t, exported, "scores.jsonl"))) {
		var s struct {
			schemas.Score
			Value *schemas.Score `json:"value"`
		}
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		score := &s.Score
		if s.Value != nil {
			score = s.Value
		}
		published[score.Stay+" "+score.AsOf.String()] = score.Risks[taskMortality].Value
	}
	first, err := openRecorded(data)
	if err != nil {
		t.Fatal(err)
	}
	admitted := map[string]schemas.Time{}
	for p, err := range first.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Stays {
			admitted[s.ID] = s.Admit
		}
	}
	recorded, outcome, _, err := openJudged(data)
	if err != nil {
		t.Fatal(err)
	}
	all, err := judge.Play(t.Context(), recorded, judge.Plan{Model: fusion.Untrained(), Policy: alerts.DefaultPolicy(), Task: taskMortality, Outcome: outcome})
	if err != nil {
		t.Fatal(err)
	}
	held, died := 0, 0
	for i := range all.Stays {
		s := &all.Stays[i]
		if s.Died {
			died++
		}
		if len(s.Points) != 48 {
			t.Fatalf("stay %s has %d points, want one for each hour", s.ID, len(s.Points))
		}
		for _, p := range s.Points {
			at := admitted[s.ID] + schemas.Time(p.Hour*float64(schemas.Hour))
			was, ok := published[s.ID+" "+at.String()]
			if !ok || was != p.Risk {
				t.Fatalf("stay %s hour %v: judged by %v, published %v (%v)", s.ID, p.Hour, p.Risk, was, ok)
			}
			held++
		}
	}
	if held != 48*48 || died != 16 {
		t.Errorf("%d risks of %d deaths were held, want %d of 16", held, died, 48*48)
	}
}

// One line of JSON on stdout, talk on stderr, and a folder with the report.
func TestEvaluate(t *testing.T) {
	data, dir := someRecords(t), filepath.Join(t.TempDir(), "report")
	code, stdout, stderr := vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--json", "--draws", "20", "--report", dir)
	if code != boot.ExitOK || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	var r judge.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	q := r.Tasks[taskMortality]
	if r.Model != fusion.Untrained().Hash() || q.N != 48 || q.Events != 16 || q.Hours["48"].N != 48 || q.Alerts["policy"] == nil || r.Baselines["news2"] == nil {
		t.Errorf("%s", stdout)
	}
	if !strings.Contains(stderr, "48 patients in ") {
		t.Errorf("stderr %q does not tell of the patients", stderr)
	}
	for _, name := range []string{"report.json", "report.schema.json", "report.html", "predictions.csv", "predictions.parquet", "hours.parquet"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if code, schema, stderr := vigil(t.Context(), "evaluate", "--schema"); code != boot.ExitOK || schema != string(readFile(t, dir, "report.schema.json")) {
		t.Errorf("--schema: exit %d: %s", code, stderr)
	}
	again, stdoutAgain, _ := vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--json", "--draws", "20")
	if again != boot.ExitOK || stdoutAgain != stdout {
		t.Error("the same model and data give another report")
	}
	// With less the report says so, and is another.
	code, stdout, stderr = vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--json", "--draws", "5", "--drop", "0.5", "--delays", "2")
	var less judge.Report
	if err := json.Unmarshal([]byte(stdout), &less); err != nil || code != boot.ExitOK || less.Dropped != 0.5 || less.Delays != 2 || less.Tasks[taskMortality].Hours["24"].Mean == q.Hours["24"].Mean {
		t.Errorf("exit %d (%v): %s%s", code, err, stdout, stderr)
	}
	code, stdout, stderr = vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--json", "--draws", "5", "--withhold", "numeric")
	var none judge.Report
	if err := json.Unmarshal([]byte(stdout), &none); err != nil || code != boot.ExitOK || none.Tasks[taskMortality].All.N != 48 || none.Tasks[taskMortality].Hours["24"].Mean == q.Hours["24"].Mean {
		t.Errorf("exit %d (%v): %s%s", code, err, stdout, stderr)
	}
	// One table of all ways to have less, and the file that it comes from.
	code, stdout, stderr = vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--draws", "2", "--robustness", "--report", dir)
	var table judge.Robustness
	if err := json.Unmarshal(readFile(t, dir, "robustness.json"), &table); err != nil || code != boot.ExitOK || len(table.Rows) != 11 || table.Stays != 48 || table.Events != 16 {
		t.Fatalf("exit %d (%v), %d rows: %s%s", code, err, len(table.Rows), stdout, stderr)
	}
	for i, row := range table.Rows {
		if changed := row.Hours["24"].Mean != table.Rows[0].Hours["24"].Mean; changed == (i == 0) || !strings.Contains(stdout, "\n"+row.Less+"  ") {
			t.Errorf("less %s: mean risk at hour 24 %v: %s", row.Less, row.Hours["24"].Mean, stdout)
		}
	}
	again, stdoutAgain, stderr = vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--draws", "2", "--robustness", "--report", dir)
	if again != boot.ExitOK || stdoutAgain != stdout || stderr != "" {
		t.Errorf("a table that is there is made again, or another: exit %d: %s%s", again, stdoutAgain, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--draws", "3", "--robustness", "--report", dir); code != boot.ExitUsage || !strings.Contains(stderr, "name another folder with --report") {
		t.Errorf("a table of other settings: exit %d: %s", code, stderr)
	}
	// What was charted is known earlier than what was available, and the report says which is which.
	code, stdout, stderr = vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", data, "--json", "--draws", "5", "--time-basis", "both")
	var both judge.Report
	if err := json.Unmarshal([]byte(stdout), &both); err != nil || code != boot.ExitOK {
		t.Fatalf("exit %d: %v: %s", code, err, stderr)
	}
	early, late := both.Charted.Tasks[taskMortality].Hours["1"], both.Tasks[taskMortality].Hours["1"]
	if both.TimeBasis != "available" || both.Charted.TimeBasis != "charted" || early.Mean == late.Mean {
		t.Errorf("basis %s and %s, mean risks at hour 1 %v and %v", both.TimeBasis, both.Charted.TimeBasis, late.Mean, early.Mean)
	}
}

// Patients of the training are refused, or left out where that is asked for.
func TestEvaluateRefusesWhomTheModelHasSeen(t *testing.T) {
	data, model := someRecords(t), filepath.Join(t.TempDir(), "m.safetensors")
	if code, _, stderr := vigil(t.Context(), "train", "--recipe", "tiny", "--data", data, "--out", model); code != boot.ExitOK {
		t.Fatalf("train: %s", stderr)
	}
	code, _, stderr := vigil(t.Context(), "evaluate", "--model", model, "--data", data)
	if code != boot.ExitUsage || !strings.Contains(stderr, "has learned from patient") || !strings.Contains(stderr, "--held-out") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	code, stdout, stderr := vigil(t.Context(), "evaluate", "--model", model, "--data", data, "--held-out", "--draws", "10")
	if code != boot.ExitOK || !strings.Contains(stdout, "left out: 36 patients") || !strings.Contains(stdout, "mortality: 12 stays of 12 patients, 4 end") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	alone := t.TempDir()
	if err := os.CopyFS(filepath.Join(alone, "held"), os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", alone, "--draws", "2"); code != boot.ExitOK || !strings.Contains(stdout, "mortality: 48 stays") {
		t.Errorf("a set of another name: exit %d: %s%s", code, stdout, stderr)
	}
	if err := os.Remove(filepath.Join(alone, "held", "Outcomes-x.txt")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "--data is missing"},
		{[]string{"--data", alone, "--model", fusion.Drawn}, "put it beside the records"},
		{[]string{"--data", data, "--time-basis", "guessed"}, "--time-basis"},
		{[]string{"--data", data, "--model", fusion.Drawn, "--withhold", "genes"}, "--withhold genes"},
		{[]string{"--data", data, "--drop", "1"}, "--drop 1"},
		{[]string{"--data", data, "--corrupt", "-1"}, "--corrupt -1"},
		{[]string{"--data", data, "--gap", "25"}, "--gap 25"},
		{[]string{"--data", data, "--robustness", "--drop", "0.5"}, "--robustness goes through"},
		{[]string{"--data", data, "--model", boot.NoModel}, "has no risk"},
		{[]string{"--data", data, "--data", data, "--model", fusion.Drawn}, "is in " + data + " and in " + data},
		{[]string{"--data", filepath.Join(data, "none")}, "there is no folder or file"},
		{[]string{"--data", data, "--model", "open-icu-9"}, "model file"},
	} {
		if code, _, stderr := vigil(t.Context(), append([]string{"evaluate"}, c.args...)...); code != boot.ExitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, %s, want %q", c.args, code, stderr, c.want)
		}
	}
}

// The README's table of what the model is worth with less is that of the committed result.
func TestREADMEHasTheCommittedRobustness(t *testing.T) {
	var table judge.Robustness
	if err := json.Unmarshal(readFile(t, filepath.Join("..", "..", "alerts", "judge", "testdata"), "robustness-open-icu-1.json"), &table); err != nil {
		t.Fatal(err)
	}
	if want := table.Markdown(); !strings.Contains(string(readFile(t, filepath.Join("..", ".."), "README.md")), want) {
		t.Errorf("the README's table is not that of the file, which is\n%s", want)
	}
}

// The README's table of what the model is worth by the hour, and what is said below it, are those of
// the committed report, which is of the model that serves.
func TestREADMEHasTheCommittedReport(t *testing.T) {
	var report judge.Report
	if err := json.Unmarshal(readFile(t, filepath.Join("..", "..", "alerts", "judge", "testdata"), "report-open-icu-1.json"), &report); err != nil {
		t.Fatal(err)
	}
	readme := string(readFile(t, filepath.Join("..", ".."), "README.md"))
	table, err := report.Markdown(taskMortality, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	told, err := report.Told(taskMortality)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{table, told} {
		if !strings.Contains(readme, want) {
			t.Errorf("the README does not say what the report says, which is\n%s", want)
		}
	}
	if report.Model != fusion.Shipped().Hash() {
		t.Errorf("the report is of model %.12s, and %.12s serves: make it anew with vigil evaluate --held-out --json, as the README says", report.Model, fusion.Shipped().Hash())
	}
	// A table is of one set of stays, and of a report that has the hours.
	other := report
	other.Data = []string{"another"}
	if _, err := report.Markdown(taskMortality, "another", &other); err == nil || !strings.Contains(err.Error(), "other data") {
		t.Errorf("beside a report of other data: %v", err)
	}
	if beside, err := report.Markdown(taskMortality, "same", &report); err != nil || !strings.Contains(beside, "`same`: AUROC") {
		t.Errorf("beside itself: %s (%v)", beside, err)
	}
	if _, err := report.Markdown("another", "", nil); err == nil {
		t.Error("a table of a task that the report has not")
	}
}
