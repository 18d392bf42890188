package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// someRecords writes a folder of 48 records in the form of PhysioNet 2012, with outcomes.
func someRecords(t *testing.T) string {
	t.Helper()
	dir, outcomes := t.TempDir(), "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n"
	for i := range 48 {
		died := i % 3 / 2
		text := fmt.Sprintf("Time,Parameter,Value\n00:00,RecordID,%d\n00:00,Age,%d\n00:00,Gender,%d\n", 300001+i, 40+i, i%2)
		for h := range 48 {
			text += fmt.Sprintf("%02d:05,HR,%d\n%02d:30,Lactate,%d.%d\n", h, 70+(7*i+h)%20+15*died, h, 1+2*died, (i+h)%10)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(300001+i, ".txt")), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		outcomes += fmt.Sprintf("%d,-1,%d,9,%d,%d\n", 300001+i, i%10, 20*died-1+died, died)
	}
	if err := os.WriteFile(filepath.Join(dir, "Outcomes-x.txt"), []byte(outcomes), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func hashOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Trained, looked at, trained again: the same file; the table on stdout, talk on stderr.
func TestTrain(t *testing.T) {
	data, dir := someRecords(t), t.TempDir()
	model := filepath.Join(dir, "m.safetensors")
	args := []string{"train", "--recipe", "tiny", "--data", data, "--seed", "3", "--out"}
	code, stdout, stderr := vigil(t.Context(), append(args, model)...)
	if code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{"test: 36 examples of 12 patients that training never saw", "AUROC", "AUPRC", "mortality", " to ", "seed 3"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout %q does not say %q", stdout, want)
		}
	}
	for _, want := range []string{"tiny: a small network", "reading " + data, "patients to train on", "epoch 1/3  loss ", "validation", "AUPRC", " left"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr %q does not say %q", stderr, want)
		}
	}
	if m, err := fusion.Load(model); err != nil || !m.Card().Trained {
		t.Errorf("the file is no trained model: %v", err)
	}
	if code, stdout, _ := vigil(t.Context(), "model", "show", model); code != boot.ExitOK || !strings.Contains(stdout, "tiny") {
		t.Errorf("model show: exit %d, %s", code, stdout)
	}

	row := strings.Split(stdout[strings.Index(stdout, "mortality"):], "\n")[0]
	code, scored, stderr := vigil(t.Context(), "model", "score", model, "--recipe", "tiny", "--data", data, "--seed", "3")
	if code != boot.ExitOK || !strings.Contains(scored, row) || !strings.HasPrefix(scored, "1 models, test: 36 examples") {
		t.Errorf("model score: exit %d, %s%s, want the row %q", code, scored, stderr, row)
	}

	again := filepath.Join(dir, "again.safetensors")
	code, stdout, stderr = vigil(t.Context(), append(args, again, "--json", "--threads", "1")...)
	if code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var said trained
	if err := json.Unmarshal([]byte(stdout), &said); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	if said.Seed != 3 || len(said.Curve) == 0 || len(said.Test) != 2 || said.Test[0].AUROC.Value == 0 || said.Model != again || len(said.Splits) != 3 {
		t.Errorf("--json says %+v", said.Record)
	}
	if hashOf(t, again) != hashOf(t, model) {
		t.Error("the same seed gives another file")
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(left) != 2 {
		t.Errorf("beside the models something was left: %v", left)
	}
}

// interrupting ends the context once a line has been written: a user's Ctrl-C.
type interrupting struct {
	io.Writer
	at     string
	cancel context.CancelFunc
}

func (w interrupting) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.at)) {
		w.cancel()
	}
	return w.Writer.Write(p)
}

// Ctrl-C leaves a checkpoint and says how to go on; the command that it prints ends with
// the file of a run that was not cut.
func TestTrainIsCutAndResumed(t *testing.T) {
	data, dir := someRecords(t), t.TempDir()
	whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
	args := []string{"train", "--recipe", "tiny", "--data", data, "--set", "training.patience=0", "--out"}
	if code, _, stderr := vigil(t.Context(), append(args, whole)...); code != boot.ExitOK {
		t.Fatal(stderr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, talk bytes.Buffer
	code := run(ctx, append(args, cut), &out, interrupting{&talk, "epoch 1/3", cancel})
	if code != boot.ExitInterrupted || out.Len() > 0 {
		t.Fatalf("exit %d, stdout %q: %s", code, out.String(), talk.String())
	}
	command := strings.TrimSpace(lastLine(talk.String()))
	if !strings.HasPrefix(command, "vigil train --recipe tiny") || !strings.HasSuffix(command, "--resume") {
		t.Fatalf("the last line is no command to go on with: %s", talk.String())
	}
	if _, err := os.Stat(cut); err == nil {
		t.Error("a cut run wrote a model")
	}

	refused := func(words ...string) {
		t.Helper()
		args := words[:len(words)-1]
		code, _, stderr := vigil(t.Context(), args...)
		if want := words[len(words)-1]; code != boot.ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("vigil %s: exit %d, %q, want %q", strings.Join(args, " "), code, stderr, want)
		}
	}
	again := strings.Fields(command)[1:]
	refused(append(append([]string{}, again[:len(again)-1]...), "--resume goes on with it")...)
	refused(append(append([]string{}, again...), "--seed", "9", "another recipe, seed or data")...)

	if code, _, stderr := vigil(t.Context(), again...); code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if hashOf(t, cut) != hashOf(t, whole) {
		t.Error("resumed it is another file")
	}
	if _, err := os.Stat(cut + ".checkpoint"); err == nil {
		t.Error("the checkpoint is still there")
	}
}

func TestTrainExportsStatistics(t *testing.T) {
	data, path := someRecords(t), filepath.Join(t.TempDir(), "s.csv")
	code, stdout, stderr := vigil(t.Context(), "train", "--recipe", "tiny", "--data", data, "--export-statistics", path)
	if code != boot.ExitOK || stdout != "" {
		t.Fatalf("exit %d: %s %s", code, stdout, stderr)
	}
	lines := strings.Split(strings.TrimSpace(hashOf(t, path)), "\n")
	if !strings.HasPrefix(lines[0], "stay,patient,as_of,part,label.mortality,") || len(lines) != 1+84+36 ||
		!strings.Contains(stderr, "84 examples to train on and 36 to test on") {
		t.Errorf("%d lines, the first %.80s; said %s", len(lines), lines[0], stderr)
	}
}

// The paper's recipe, made small, on the demo of MIMIC-IV with made-up notes, ECGs and
// images: its table beside ours, and the folders make a difference.
func TestTrainThePaper(t *testing.T) {
	data := filepath.Join(opendata.Dir(t), "mimic-iv-demo")
	if testing.Short() {
		t.Skip("reads the demo of MIMIC-IV: left out with -short")
	}
	dir := t.TempDir()
	files := map[string]string{
		"notes/note/radiology.csv":         "note_id,subject_id,charttime,storetime,text\n",
		"ecg/record_list.csv":              "subject_id,ecg_time\n",
		"cxr/mimic-cxr-2.0.0-metadata.csv": "subject_id,StudyDate,StudyTime\n",
	}
	stays := 0
	opendata.EachRow(t, filepath.Join(data, "icu", "icustays.csv.gz"), func(row func(string) string) {
		stays++
		subject, in := row("subject_id"), row("intime")
		files["notes/note/radiology.csv"] += fmt.Sprintf("n%d,%s,%s,,text\n", stays, subject, in)
		if stays%2 == 0 {
			files["ecg/record_list.csv"] += subject + "," + in + "\n"
		}
		if stays%3 == 0 {
			files["cxr/mimic-cxr-2.0.0-metadata.csv"] += subject + "," + strings.ReplaceAll(in[:10], "-", "") + ",235959.1\n"
		}
	})
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"train", "--recipe", "mimic-iv-paper", "--data", data, "--set", "training.epochs=1", "--set", "model.width=16",
		"--set", "model.layers=1", "--set", "model.hidden=16", "--set", "model.experts=4", "--set", "model.top_k=2", "--out"}
	without, with := filepath.Join(dir, "without"), filepath.Join(dir, "with")
	code, stdout, stderr := vigil(t.Context(), append(args, with, "--notes", filepath.Join(dir, "notes"), "--ecg", filepath.Join(dir, "ecg"), "--cxr", filepath.Join(dir, "cxr"))...)
	if code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{"48-IHM", "83.55", "LOS", "25-PHE", "73.67", "Shock", "short_stay", "table 5"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout does not say %q: %s", want, stdout)
		}
	}
	if code, _, stderr := vigil(t.Context(), append(args, without)...); code != boot.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if hashOf(t, with) == hashOf(t, without) {
		t.Error("notes, ECGs and images made no difference")
	}
	code, _, stderr = vigil(t.Context(), append(args, filepath.Join(dir, "x"), "--ecg", filepath.Join(dir, "notes"))...)
	if code != boot.ExitUsage || !strings.Contains(stderr, "record_list") {
		t.Errorf("an ECG folder without its list: exit %d, %s", code, stderr)
	}
}
