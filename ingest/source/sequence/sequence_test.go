package sequence

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func open(t *testing.T, path string) *Sequence {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// numbers asks for the numbers of messages, each a letter of the sender and one of the
// message: "a1" is message 1 of sender a.
func numbers(t *testing.T, s *Sequence, names ...string) string {
	t.Helper()
	var messages []Message
	for _, name := range names {
		m := Message{Stream: Stream{Patient: "site:1", Source: name[:1], Topic: "icu.vitals.v1"}}
		copy(m.ID[:], name)
		messages = append(messages, m)
	}
	given, err := s.Number(messages)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, g := range given {
		if out = append(out, fmt.Sprint(g.Seq)); g.Appended {
			out[len(out)-1] += "!"
		}
	}
	return strings.Join(out, " ")
}

// A story of one file: "!" marks what is known to be appended.
func TestNumbersAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers")
	s := open(t, path)
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Fatalf("numbers %q, want %q", got, want)
		}
	}
	want(numbers(t, s, "ax", "ay", "bx", "ax"), "1 2 1 1") // by stream; the same message is the same number
	if err := s.Appended(); err != nil {
		t.Fatal(err)
	}
	want(numbers(t, s, "ax", "az"), "1! 3") // cut before it is appended
	s.Close()

	s = open(t, path)
	want(numbers(t, s, "az", "ay", "aw", "bx"), "3 2! 4 1!")
	s.Close()

	s = open(t, path)
	want(numbers(t, s, "bv", "az", "aw"), "2 3 4")
	if err := s.Appended(); err != nil {
		t.Fatal(err)
	}
	want(numbers(t, s, "az", "aw", "bv"), "3! 4! 2!")

	// What another process numbered, and this one has not asked for, stays to be appended.
	numbers(t, s, "au", "at")
	s.Close()
	s = open(t, path)
	want(numbers(t, s, "ax", "at"), "1! 6")
	if err := s.Appended(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = open(t, path)
	want(numbers(t, s, "at", "au"), "6! 5")
}

// A sender's own number stays, and numbers that are given go on behind it.
func TestOwnNumbers(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "numbers"))
	st := Stream{Patient: "site:1", Source: "a", Topic: "icu.notes.v1"}
	given, err := s.Number([]Message{{ID: ID{1}, Stream: st, Own: 40}, {ID: ID{2}, Stream: st}, {ID: ID{3}, Stream: st, Own: 7}, {ID: ID{4}, Stream: st}})
	if want := []Given{{Seq: 40}, {Seq: 41}, {Seq: 7}, {Seq: 42}}; err != nil || !slices.Equal(given, want) {
		t.Errorf("given %v, %v, want %v", given, err, want)
	}
}

// A line that was cut while it was written is taken out, and its number is given again.
func TestCutLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers")
	s := open(t, path)
	numbers(t, s, "ax")
	numbers(t, s, "ay")
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := strings.IndexByte(string(whole), '\n') + 1
	for cut := second; cut < len(whole); cut++ {
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		s := open(t, path)
		if got := numbers(t, s, "aq", "ax"); got != "2 1" {
			t.Fatalf("cut at byte %d the numbers are %s", cut, got)
		}
		s.Close()
	}
}

func TestFilesThatAreNot(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"another": "ROW_ID,VALUE\n", "other JSON": "{\"topic\":\"x\"}\n", "short id": "{\"id\":\"00\",\"seq\":1}\n",
		"no number": "{\"id\":\"" + strings.Repeat("0", 32) + "\"}\n", "more appended than given": "{\"appended\":[[0,1]]}\n", "nothing appended": "{\"appended\":[[2,1]]}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path+": line 1 ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(dir, "numbers")
	open(t, path)
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice: %v", err)
	}
}

// After a write that failed no number is given any more.
func TestFullDisk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "numbers"))
	s.file.Close()
	for range 2 {
		if given, err := s.Number([]Message{{ID: ID{1}}}); err == nil || given != nil {
			t.Errorf("given %v, %v", given, err)
		}
	}
	if len(s.given)+len(s.place) > 0 {
		t.Errorf("it remembers %v", s.given)
	}
}
