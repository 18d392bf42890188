package audit_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/vigil-icu/vigil/alerts/audit"
)

// Somebody looks at a patient; later the log is held against its checkpoints.
func ExampleVerify() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "audit.jsonl")
	log, err := audit.Open(file, 0)
	if err != nil {
		panic(err)
	}
	if err := log.Append(audit.Entry{Who: "anna", Role: "clinician", What: "view", Patient: "ward:7"}); err != nil {
		panic(err)
	}
	_ = log.Close()
	found, err := audit.Verify(file, "", "")
	fmt.Println(found.Lines, "lines,", found.Checkpoints, "checkpoints,", err)

	text, _ := os.ReadFile(file)
	_ = os.WriteFile(file, text[:len(text)/2], 0o600)
	_, err = audit.Verify(file, "", "")
	fmt.Println(err != nil)
	// Output:
	// 2 lines, 2 checkpoints, <nil>
	// true
}
