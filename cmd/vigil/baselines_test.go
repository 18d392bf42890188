package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// The table of baselines is made by one command: a row for each, and what is done is not done
// again; what was made with other settings is refused.
func TestTeacherHasBaselines(t *testing.T) {
	python := os.Getenv("VIGIL_PYTHON")
	if python == "" {
		t.Skip("needs Python with fusion/recipes/requirements.txt: make test-teacher")
	}
	data, out := someRecords(t), t.TempDir()
	script := filepath.Join("..", "..", "fusion", "recipes", "baselines.py")
	baselines := func(args ...string) (stdout, stderr string, code int) {
		t.Helper()
		var said, talk bytes.Buffer
		cmd := exec.CommandContext(t.Context(), python, append([]string{"-B", script, "--vigil", binary(t), "--recipe", "tiny", "--data", data, "--set", "data.hours=[48]", "--out", out}, args...)...)
		cmd.Stdout, cmd.Stderr = &said, &talk
		err := cmd.Run()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		return said.String(), talk.String(), cmd.ProcessState.ExitCode()
	}
	stdout, stderr, code := baselines("--only", "logistic,boosting,zeros", "--seeds", "2")
	if code != boot.ExitOK || bytes.Count([]byte(stdout), []byte("\n")) != 5 {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	files, err := filepath.Glob(filepath.Join(out, "*.json"))
	if err != nil || len(files) != 5 { // logistic regression has no seed
		t.Fatalf("%v (%v)", files, err)
	}
	before, err := os.Stat(filepath.Join(out, "zeros-2.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(out, "zeros-1.json")); err != nil {
		t.Fatal(err)
	}
	again, stderr, code := baselines("--only", "logistic,boosting,zeros", "--seeds", "2")
	after, err := os.Stat(filepath.Join(out, "zeros-2.safetensors"))
	if code != boot.ExitOK || again != stdout || err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("again: exit %d (%v): %s%s", code, err, again, stderr)
	}
	if stdout, stderr, code := baselines("--only", "zeros", "--set", "training.epochs=1"); code != boot.ExitUsage || !bytes.Contains([]byte(stderr), []byte("name another folder with --out")) {
		t.Errorf("other settings: exit %d: %s%s", code, stdout, stderr)
	}
	if _, stderr, code := baselines("--only", "forest"); code != boot.ExitUsage || !bytes.Contains([]byte(stderr), []byte("--only forest")) {
		t.Errorf("a row that there is not: exit %d: %s", code, stderr)
	}
}
