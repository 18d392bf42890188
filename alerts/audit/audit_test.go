package audit

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// written is a log of so many entries, closed.
func written(t *testing.T, n int) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "audit.jsonl")
	l, err := Open(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n - 1 {
		if err := l.Append(Entry{At: schemas.Time(i), Who: "anna", Role: "clinician", What: "view", Patient: "ward:7"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// A log holds as it was written, also over a restart.
func TestLogHolds(t *testing.T) {
	file := written(t, 20)
	l, err := Open(file, 7)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(Entry{Who: "bert", What: "acknowledge", Detail: "line\nbreak"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := Verify(file, "", file+checkpoints)
	if err != nil {
		t.Fatal(err)
	}
	if found.Lines != 22 || found.Checkpoints != 22 {
		t.Errorf("found %d lines, %d checkpoints, want 22 of each", found.Lines, found.Checkpoints)
	}
}

// Any byte of the log or its checkpoints that is changed, put in or taken out is found, and any cut of
// either file.
func TestEveryEditAndCutIsFound(t *testing.T) {
	file := written(t, 6)
	whole := map[string][]byte{}
	for _, name := range []string{file, file + checkpoints} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		whole[name] = text
	}
	random := rand.New(rand.NewPCG(1, 2))
	missed := 0
	for i := range 400 {
		name := []string{file, file + checkpoints}[i%2]
		text := bytes.Clone(whole[name])
		at := random.IntN(len(text))
		switch random.IntN(4) {
		case 0:
			text[at] ^= byte(1 << random.IntN(8))
		case 1:
			text = append(text[:at], text[at+1:]...)
		case 2:
			text = append(text[:at], append([]byte{byte(random.IntN(256))}, text[at:]...)...)
		case 3:
			text = text[:at]
		}
		if bytes.Equal(text, whole[name]) {
			continue
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Verify(file, "", ""); err == nil {
			missed++
			t.Errorf("edit %d of %s at byte %d was not found", i, filepath.Base(name), at)
		}
		if err := os.WriteFile(name, whole[name], 0o600); err != nil {
			t.Fatal(err)
		}
		if missed > 5 {
			t.FailNow()
		}
	}
}

// A log that is cut together with the checkpoints behind the cut is found by a checkpoint that was copied away.
func TestCutOfBothFilesIsFoundByACopy(t *testing.T) {
	file := written(t, 12)
	marks, err := os.ReadFile(file + checkpoints)
	if err != nil {
		t.Fatal(err)
	}
	notes, _ := splitNotes(marks)
	copied := filepath.Join(t.TempDir(), "copied")
	if err := os.WriteFile(copied, notes[len(notes)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	lines := bytes.SplitAfter(text, []byte("\n"))
	if err := os.WriteFile(file, bytes.Join(lines[:8], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+checkpoints, append(bytes.Join(notes[:8], []byte("\n")), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(file, "", ""); err != nil {
		t.Errorf("the files hold by themselves, since both were cut at one place: %v", err)
	}
	if _, err := Verify(file, "", copied); err == nil || !strings.Contains(err.Error(), "it was cut") {
		t.Errorf("the copy of the last checkpoint says %v, want that the log was cut", err)
	}
}

// A line without a checkpoint, as a kill leaves it, fails Verify and is told by the next start.
func TestLineWithoutCheckpointIsTold(t *testing.T) {
	file := written(t, 3)
	marks, _ := os.ReadFile(file + checkpoints)
	notes, _ := splitNotes(marks)
	if err := os.WriteFile(file+checkpoints, append(bytes.Join(notes[:2], []byte("\n")), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(file, "", ""); err == nil {
		t.Error("a line without a checkpoint was not found")
	}
	l, err := Open(file, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	text, _ := os.ReadFile(file)
	if !strings.Contains(string(text), "1 lines before this one had no checkpoint") {
		t.Errorf("the log does not say that a line had no checkpoint:\n%s", text)
	}
}

// A log that does not hold is not gone on with, and one without its key is not either.
func TestBrokenLogIsRefused(t *testing.T) {
	file := written(t, 5)
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, bytes.Replace(text, []byte("anna"), []byte("otto"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, 0); err == nil {
		t.Error("a changed log was opened")
	}
	if err := os.Remove(file + privateKey); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, 0); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("a log without its key: %v", err)
	}
}
