package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// A note is explained by its sections and by each concept with its polarity.
func TestExplainNoteShowsSectionsConceptsAndPolarity(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note.txt")
	if err := os.WriteFile(note, []byte("PMH: HTN.\nHPI: Denies chest pain but has cough. ?PNA\nFH: mother with stroke"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, talk bytes.Buffer
	if code := run(context.Background(), []string{"encoders", "explain", "note", note}, &out, &talk); code != boot.ExitOK {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	for _, want := range [][]string{{"past_medical", "PMH:"}, {"hypertension", "historical"}, {"chest pain", "absent", "denies"}, {"cough", "present"}, {"pneumonia", "possible"}, {"stroke", "family", "mother"}} {
		found := false
		for line := range strings.Lines(out.String()) {
			all := true
			for _, w := range want {
				all = all && strings.Contains(line, w)
			}
			found = found || all
		}
		if !found {
			t.Errorf("no line has %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	run(context.Background(), []string{"encoders", "explain", "note", note, "--json"}, &out, &talk)
	var j struct {
		Findings []struct{ Concept, Polarity, Text string }
	}
	if err := json.Unmarshal(out.Bytes(), &j); err != nil || len(j.Findings) != 5 || j.Findings[0].Text != "HTN" {
		t.Errorf("%v, %+v", err, j)
	}
}

func TestExplainNoteSaysWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secret := "Mr Zyxwv denies chest pain"
	for _, c := range []struct{ path, want string }{
		{filepath.Join(dir, "none"), "cannot read the note"},
		{dir, "cannot read the note"},
		{write("empty", " \n"), "is empty"},
		{write("latin1", secret+"\xe4"), "not UTF-8"},
		{write("huge", secret+strings.Repeat("x", 1<<20)), "divide it"},
	} {
		var out, talk bytes.Buffer
		if code := run(context.Background(), []string{"encoders", "explain", "note", c.path}, &out, &talk); code != boot.ExitUsage || !strings.Contains(talk.String(), c.want) {
			t.Errorf("%s: exit code %d, %q, want %q", c.path, code, talk.String(), c.want)
		}
		if strings.Contains(out.String()+talk.String(), "Zyxwv") {
			t.Errorf("%s: the text of the note is in the message", c.path)
		}
	}
}

// Tables are known by their columns, whatever their names and wherever they lie.
func TestEvaluateNotesTakesTablesByTheirColumns(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte("encounter_id,note\nX1,\"CHIEF COMPLAINT\n\nCough.\n\nPLAN\n\nRest.\"\n"))
	z.Close()
	for name, content := range map[string]string{
		"one.csv": "ID,section_header,section_text\n0,MEDICATIONS,\"Lisinopril and aspirin,\ntwice daily.\"\n1,ALLERGY,Penicillin.\n", "a/b/two.csv.gz": packed.String(), "other.csv": "a,b\n1,2\n", "README.md": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, talk bytes.Buffer
	if code := run(context.Background(), []string{"encoders", "evaluate", "notes", dir, "--json"}, &out, &talk); code != boot.ExitOK {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var j struct {
		Notes    int
		Sections map[string]sectionAccuracy
		Polarity map[string]*polarityPart
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &j); err != nil {
		t.Fatal(err)
	}
	if j.Notes != 3 || j.Sections["mts-dialog"].N != 2 || j.Sections["aci-bench"].N != 2 || j.Sections["aci-bench"].ByHeading != 1 || j.Sections["mts-dialog"].ByHeading != 1 {
		t.Errorf("%+v", j)
	}
	if j.Polarity["invented"] == nil || j.Polarity["invented"].F1 < 0.9 || j.Polarity["open"] != nil || j.Polarity["independent"] != nil {
		t.Errorf("%+v", j.Polarity)
	}
	if p := j.Polarity["invented"]; p.Interval[0] >= p.F1 || p.Interval[1] <= p.F1 || p.Interval[1] >= 1 || p.By["absent"].Mentions == 0 || p.Located < p.LocatedRight {
		t.Errorf("%+v", p)
	}
	if code := run(context.Background(), []string{"encoders", "evaluate", "notes", filepath.Join(dir, "a", "none")}, &out, &talk); code != boot.ExitUsage {
		t.Errorf("no folder: exit code %d", code)
	}
	talk.Reset()
	if code := run(context.Background(), []string{"encoders", "evaluate", "notes", t.TempDir()}, &out, &talk); code != boot.ExitUsage || !strings.Contains(talk.String(), "section_header") {
		t.Errorf("an empty folder: exit code %d, %q", code, talk.String())
	}
}
