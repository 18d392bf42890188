package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// What `policy init` writes is a policy, it alerts like the shipped one, and its guide to overrides holds when its comment signs are
// taken away.
func TestTheWrittenPolicyIsOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if code, _, stderr := vigil(t.Context(), "policy", "init", file); code != 0 {
		t.Fatalf("init: %d %s", code, stderr)
	}
	if code, stdout, stderr := vigil(t.Context(), "policy", "check", file); code != 0 || !strings.Contains(stdout, "2 rules") {
		t.Errorf("check: %d %s %s", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, guide, _ := strings.Cut(string(text), "# overrides:\n")
	guide, _, _ = strings.Cut(guide, "#\n# What else")
	if err := os.WriteFile(file, []byte(head+"overrides:\n"+strings.ReplaceAll(guide, "#  ", " ")), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "policy", "check", file); code != 0 {
		t.Errorf("check with the overrides of the guide: %d %s %s", code, stdout, stderr)
	}
	guide, quiet, found := strings.Cut(string(text), "told then.\n#\n")
	quiet, _, _ = strings.Cut(quiet, "#\n# Try it")
	if err := os.WriteFile(file, []byte(guide+"told then.\n"+strings.ReplaceAll("\n"+quiet, "\n# ", "\n")), 0o644); err != nil || !found {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "policy", "check", file); code != 0 {
		t.Errorf("check with the quiet of the guide: %d %s %s", code, stdout, stderr)
	}
}

// Tests of a policy end with 0 where they hold and with 1 and a diff where one does not.
func TestPolicyTest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy_test.yaml")
	for at, want := range map[string]struct {
		code int
		line string
	}{
		"20m": {boot.ExitOK, "ok    " + file + ": told once\n"},
		"15m": {boot.ExitFailure, "FAIL  " + file + ": told once\n      - 15m news2 start high\n      + 20m news2 start high\n"},
	} {
		suite := "version: 1\ntests:\n  - name: told once\n    every: 5m\n    series: {news2: \"2x3 8x5\"}\n    alerts: [{at: " + at + ", task: news2, phase: start, severity: high}]\n"
		if err := os.WriteFile(file, []byte(suite), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := vigil(t.Context(), "policy", "test", file); code != want.code || stdout != want.line {
			t.Errorf("at %s: %d %q %s", at, code, stdout, stderr)
		}
	}
}

// The test of a policy that the README shows holds for what `policy init` writes.
func TestTheReadmesPolicyTestHolds(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, suite, found := strings.Cut(string(readme), "```yaml\n# policy_test.yaml\n")
	suite, _, ended := strings.Cut(suite, "```")
	if !found || !ended {
		t.Fatal("the README has no policy_test.yaml")
	}
	dir := t.TempDir()
	if code, _, stderr := vigil(t.Context(), "policy", "init", filepath.Join(dir, "policy.yaml")); code != 0 {
		t.Fatalf("init: %d %s", code, stderr)
	}
	file := filepath.Join(dir, "policy_test.yaml")
	if err := os.WriteFile(file, []byte(suite), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "policy", "test", file); code != 0 {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
}
