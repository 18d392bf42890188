package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// The teacher's script reads what vigil train exports, and gives each stay to train on
// a probability of models that did not see it: good ones, and not too good.
func TestTeacher(t *testing.T) {
	python := os.Getenv("VIGIL_PYTHON")
	if python == "" {
		t.Skip("needs Python with fusion/recipes/requirements.txt: make test-teacher")
	}
	dir := t.TempDir()
	table, out := filepath.Join(dir, "statistics.csv"), filepath.Join(dir, "teacher.csv")
	code, _, stderr := vigil(t.Context(), "train", "--recipe", "physionet2012", "--data", filepath.Join(opendata.Dir(t), "physionet2012"), "--export-statistics", table)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	script := filepath.Join("..", "..", "fusion", "recipes", "teacher.py")
	said, err := exec.CommandContext(t.Context(), python, "-B", script, "fit", table, "--out", out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	t.Logf("%s", said)
	quality := regexp.MustCompile(`AUROC (\S+) AUPRC (\S+)`).FindSubmatch(said)
	if quality == nil {
		t.Fatal("it does not say how good it is")
	}
	auroc, _ := strconv.ParseFloat(string(quality[1]), 64)
	auprc, _ := strconv.ParseFloat(string(quality[2]), 64)
	if auroc < 0.845 || auroc > 0.88 || auprc < 0.48 || auprc > 0.58 {
		t.Errorf("AUROC %v, AUPRC %v out of fold: want about 0.855 and 0.50; more than 0.88 and 0.58 has seen the labels", auroc, auprc)
	}
	b, err := os.ReadFile(out)
	if err != nil || bytes.Count(b, []byte("\n")) != 4001 || !bytes.HasPrefix(b, []byte("patient,stay,probability\nphysionet2012:132539,132539,0.")) {
		t.Errorf("%d lines, begins %.80q (%v)", bytes.Count(b, []byte("\n")), b, err)
	}

	// A table of something else is refused.
	said, err = exec.CommandContext(t.Context(), python, "-B", script, "fit", out, "--out", table).CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || !bytes.Contains(said, []byte("--export-statistics")) {
		t.Errorf("a table of another kind: %v: %s", err, said)
	}
}
