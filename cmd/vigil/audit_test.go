package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// An audit log that was written holds, and an edit is told with its exit code.
func TestAuditVerify(t *testing.T) {
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	log, err := audit.Open(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"anna", "bert"} {
		if err := log.Append(audit.Entry{Who: who, What: "view", Patient: "ward:7"}); err != nil {
			t.Fatal(err)
		}
	}
	_ = log.Close()
	if code, stdout, stderr := vigil(t.Context(), "audit", "verify", file, "--checkpoint", file+".checkpoints"); code != boot.ExitOK || !strings.Contains(stdout, "holds: 3 lines, 3 checkpoints") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "bert", "karl", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := vigil(t.Context(), "audit", "verify", file); code != boot.ExitProblems || !strings.Contains(stderr, "one of them was changed") {
		t.Errorf("an edit: %d %s", code, stderr)
	}
	for _, args := range [][]string{{"audit", "verify"}, {"audit", "verify", file + ".none"}, {"audit", "verify", file, "--key", "none"}} {
		if code, _, stderr := vigil(t.Context(), args...); code != boot.ExitUsage || stderr == "" {
			t.Errorf("%v: %d %s", args, code, stderr)
		}
	}
}
