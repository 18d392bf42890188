package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// Written, trained on, shown; bad data is a mistake of the call with file, line and column.
func TestFleximodal(t *testing.T) {
	dir := t.TempDir()
	data, model := filepath.Join(dir, "pumps"), filepath.Join(dir, "pumps.safetensors")
	code, stdout, stderr := vigil(t.Context(), "lab", "fleximodal", "--out", data, "--train", "40", "--validation", "20", "--test", "20")
	if code != boot.ExitOK || stdout != "" || !strings.Contains(stderr, "40 subjects to train on") {
		t.Fatalf("exit %d: %s %s", code, stdout, stderr)
	}
	if code, _, stderr = vigil(t.Context(), "lab", "fleximodal", "--out", data); code != boot.ExitUsage || !strings.Contains(stderr, "is there") {
		t.Errorf("a directory that is there: exit %d: %s", code, stderr)
	}
	train := []string{"train", "--recipe", "fleximodal", "--data", data, "--set", "training.epochs=1", "--out"}
	code, stdout, stderr = vigil(t.Context(), append(train, model)...)
	if code != boot.ExitOK || !strings.Contains(stdout, "failure") || !strings.Contains(stdout, "20 patients that training never saw") {
		t.Fatalf("exit %d: %s %s", code, stdout, stderr)
	}
	if code, stdout, _ = vigil(t.Context(), "model", "show", model); code != boot.ExitOK || !strings.Contains(stdout, "amplitude, pitch, pressure, flow") {
		t.Errorf("model show: exit %d: %s", code, stdout)
	}
	path := filepath.Join(data, "process.csv")
	if err := os.WriteFile(path, []byte("subject,time,pressure,flow\np00001,1,high,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr = vigil(t.Context(), append(train, filepath.Join(dir, "other"))...)
	if code != boot.ExitUsage || !strings.Contains(stderr, "process.csv line 2, column pressure") {
		t.Errorf("a bad table: exit %d: %s", code, stderr)
	}
	if code, _, stderr = vigil(t.Context(), "lab", "concatenation"); code != boot.ExitUsage || !strings.Contains(stderr, "--data") {
		t.Errorf("no data: exit %d: %s", code, stderr)
	}
}
