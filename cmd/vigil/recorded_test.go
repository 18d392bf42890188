package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// vigil runs the program and returns what it printed.
func vigil(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, talk bytes.Buffer
	code = run(ctx, args, &out, &talk)
	return code, out.String(), talk.String()
}

// demoJSON runs a demo to its end and returns its summary.
func demoJSON(t *testing.T, args ...string) evaluate.Summary {
	t.Helper()
	code, stdout, stderr := vigil(t.Context(), append([]string{"demo", "--no-web", "--summary", "json"}, args...)...)
	if code != 0 {
		t.Fatalf("vigil demo %s ends with %d: %s", strings.Join(args, " "), code, stderr)
	}
	s := decodeSummary(t, stdout)
	checkSums(t, &s)
	return s
}

// decodeSummary reads the one line of stdout.
func decodeSummary(t *testing.T, line string) (s evaluate.Summary) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		t.Fatalf("stdout is not one JSON object: %v: %.200s", err, line)
	}
	return s
}

// checkSums holds what every summary promises.
func checkSums(t *testing.T, s *evaluate.Summary) {
	t.Helper()
	if r := s.Rows; r.Read != r.Used+r.Unmapped+r.Duplicate+r.Rejected {
		t.Errorf("rows: %+v do not add up", r)
	}
	if e := s.Events; e.Published != e.Logged+e.Duplicate+e.DeadLetters || e.Duplicate < 0 {
		t.Errorf("events: %+v do not add up", e)
	}
	if !strings.HasPrefix(s.Digest, "sha256:") || s.Scores == 0 {
		t.Errorf("digest %q, %d scores", s.Digest, s.Scores)
	}
}

// whole is the whole recorded unit, played once for all tests that look at it.
var whole struct {
	once   sync.Once
	dir    string
	stdout string
}

// cleaned are all tests, with what they leave behind removed.
type cleaned struct{ *testing.M }

func (c cleaned) Run() int {
	defer os.RemoveAll(whole.dir)
	defer os.RemoveAll(built.dir)
	return c.M.Run()
}

// TestMain makes this test's binary the command vigil of scripts.
func TestMain(m *testing.M) {
	testscript.Main(cleaned{m}, map[string]func(){"vigil": main})
}

func wholeRun(t *testing.T) (exported string, s evaluate.Summary) {
	t.Helper()
	if testing.Short() {
		t.Skip("plays the whole recorded unit: left out with -short")
	}
	data := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	whole.once.Do(func() {
		var err error
		if whole.dir, err = os.MkdirTemp("", "vigil-test-"); err != nil {
			t.Fatal(err)
		}
		_, whole.stdout, _ = vigil(context.Background(), "demo", "--no-web", "--summary", "json", "--speed", "max", "--data", data, "--export", whole.dir,
			"--model", fusion.Drawn) // NEWS2 is what is looked at, and the other costs some times as much
	})
	return whole.dir, decodeSummary(t, whole.stdout)
}

func TestWholeRecordedUnit(t *testing.T) {
	exported, s := wholeRun(t)
	checkSums(t, &s)
	if s.Source != "mimic-iii" || s.Patients != 72 || s.Stays != 102 || s.Events.DeadLetters != 0 || s.Alerts["start"] == 0 || s.FirstAlertMS == nil {
		t.Errorf("summary %+v", s)
	}
	if s.Alerts["start"] != s.Alerts["end"] {
		t.Errorf("%d alerts start and %d end, though every stay has ended", s.Alerts["start"], s.Alerts["end"])
	}
	for name, want := range map[string]int{"scores.jsonl": s.Scores, "alerts.jsonl": sum(s.Alerts)} {
		b, err := os.ReadFile(filepath.Join(exported, name))
		if err != nil || bytes.Count(b, []byte("\n")) != want {
			t.Errorf("%s has %d lines, want %d (%v)", name, bytes.Count(b, []byte("\n")), want, err)
		}
	}
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func TestNEWS2AgreesWithTheTables(t *testing.T) {
	exported, _ := wholeRun(t)
	checkNEWS2(t, newsMIMIC3, filepath.Join(opendata.Dir(t), "mimic-iii-demo"), exported, 20)
}

// The same of some patients of MIMIC-IV, all their stays.
func TestNEWS2AgreesWithTheTablesOfMIMICIV(t *testing.T) {
	if testing.Short() {
		t.Skip("plays recorded patients: left out with -short")
	}
	data, exported := filepath.Join(opendata.Dir(t), "mimic-iv-demo"), t.TempDir()
	s := demoJSON(t, "--speed", "max", "--data", data, "--export", exported, "--patients", strings.Join(drawn(t, data, 17), ","), "--model", fusion.Drawn)
	checkSums(t, &s)
	if s.Source != "mimic-iv" || s.Patients != 17 || s.Events.DeadLetters != 0 || s.Alerts["start"] == 0 {
		t.Errorf("summary %+v", s)
	}
	checkNEWS2(t, newsMIMIC4, data, exported, s.Stays)
}
