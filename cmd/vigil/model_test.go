package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// vigil model parity says of each case whether it is ok, ends with the count, and exits
// 4 where a case is off.
func TestModelParity(t *testing.T) {
	from, dir := opendata.Reference(t), t.TempDir()
	const file = "time_embedding.safetensors"
	raw, err := os.ReadFile(filepath.Join(from, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var cases []any
	for _, c := range index["cases"].([]any) {
		if c.(map[string]any)["file"] == file {
			cases = append(cases, c)
		}
	}
	index["cases"] = cases
	raw, err = json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := os.ReadFile(filepath.Join(from, file))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("index.json", raw)
	write(file, vectors)
	code, stdout, stderr := vigil(t.Context(), "model", "parity", dir)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != boot.ExitOK || len(lines) != len(cases)+1 || lines[len(cases)] != "3 ok, 0 failed" || !strings.HasSuffix(lines[0], " ok") {
		t.Fatalf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}

	// The names of an output and of a gradient of the same shape change places.
	a, b, c := []byte(`"phi.s11/grad/phi.w"`), []byte(`"phi.s11/grad/phi.b"`), []byte(`"phi.s11/grad/phi.x"`)
	swapped := bytes.Replace(bytes.Replace(bytes.Replace(vectors, a, c, 1), b, a, 1), c, b, 1)
	write(file, swapped)
	code, stdout, stderr = vigil(t.Context(), "model", "parity", dir)
	if code != boot.ExitProblems || !strings.HasSuffix(stdout, "2 ok, 1 failed\n") || !strings.Contains(stdout, "FAILED float64: gradient phi.") || !strings.Contains(stderr, "1 of 3 cases") {
		t.Errorf("gradients exchanged: exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	write(file, vectors[:len(vectors)-9])
	if code, _, stderr = vigil(t.Context(), "model", "parity", dir); code != boot.ExitUsage || !strings.Contains(stderr, "torn") {
		t.Errorf("a torn file: exit %d, stderr %q", code, stderr)
	}
}

// A model's probabilities for each stay and hour are those that evaluate judges, with outcomes or
// without; patients of the training are refused, or left out where that is asked for.
func TestModelScoreWritesAProbabilityForEachHour(t *testing.T) {
	data, dir := someRecords(t), t.TempDir()
	model := filepath.Join(dir, "m.safetensors")
	if code, _, stderr := vigil(t.Context(), "train", "--recipe", "tiny", "--data", data, "--out", model); code != boot.ExitOK {
		t.Fatalf("train: %s", stderr)
	}
	if code, _, stderr := vigil(t.Context(), "model", "score", model, "--data", data, "--out", filepath.Join(dir, "refused")); code != boot.ExitUsage || !strings.Contains(stderr, "has learned from patient") || !strings.Contains(stderr, "--held-out") {
		t.Errorf("patients of the training: exit %d: %s", code, stderr)
	}
	scored, judged := filepath.Join(dir, "scored"), filepath.Join(dir, "judged")
	code, stdout, stderr := vigil(t.Context(), "model", "score", model, "--data", data, "--held-out", "--out", scored)
	if code != boot.ExitOK || !strings.Contains(stdout, "12 stays, 0 of them without a known outcome; 36 patients") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "evaluate", "--model", model, "--data", data, "--held-out", "--draws", "1", "--report", judged); code != boot.ExitOK {
		t.Fatal(stderr)
	}
	with := string(readFile(t, scored, "hours.csv"))
	if with != string(readFile(t, judged, "predictions.csv")) || strings.Count(with, "\n") != 1+12*48 {
		t.Errorf("%d lines, or not those that are judged", strings.Count(with, "\n"))
	}
	if !bytes.Equal(readFile(t, scored, "hours.parquet"), readFile(t, judged, "hours.parquet")) {
		t.Error("the tables as Parquet are unlike")
	}

	if err := os.Remove(filepath.Join(data, "Outcomes-x.txt")); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = vigil(t.Context(), "model", "score", model, "--data", data, "--held-out", "--out", scored)
	if code != boot.ExitOK || !strings.Contains(stdout, "12 stays, 12 of them without a known outcome") || !strings.Contains(stderr, "without outcomes: no outcomes at") {
		t.Errorf("without outcomes: exit %d: %s%s", code, stdout, stderr)
	}
	without := regexp.MustCompile(`(?m)^((?:[^,]*,){4})[01],`).ReplaceAllString(with, "$1,")
	if string(readFile(t, scored, "hours.csv")) != without {
		t.Error("without outcomes the probabilities are others")
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{model}, "wants --data with --out"},
		{[]string{model, model, "--data", data, "--out", scored}, "wants one model"},
		{[]string{model, "--out", scored}, "--data"},
		{[]string{model, "--data", data, "--out", scored, "--recipe", "tiny"}, "not both"},
		{[]string{boot.NoModel, "--data", data, "--out", scored}, "has no risk"},
		{[]string{model, "--data", data, "--out", model}, "--out"},
	} {
		if code, _, stderr := vigil(t.Context(), append([]string{"model", "score"}, c.args...)...); code != boot.ExitUsage || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d, %s, want %q", c.args, code, stderr, c.want)
		}
	}
}
