package sinks

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// keysIn are the keys of the lines of a file.
func keysIn(t *testing.T, path string) (keys []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		a, err := schemas.DecodeAlert([]byte(line))
		if err != nil || !strings.HasSuffix(line, "\n") || a.Notice != schemas.Notice {
			t.Fatalf("line %q (%v)", line, err)
		}
		keys = append(keys, (&Notice{Alert: *a}).Key())
	}
	return keys
}

// Each revision has one line, whatever is told again by another process, and after a process that was killed in mid-line.
func TestFileHasEachLineOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.jsonl")
	notices := someNotices()
	var want []string
	for i := range notices {
		want = append(want, notices[i].Key())
	}
	for _, cut := range []int{3, 9, len(notices)} {
		f, err := NewFile(FileSettings{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if second, err := NewFile(FileSettings{Path: path}); err == nil {
			second.Close()
			t.Error("two processes write the file")
		}
		if n, err := f.Deliver(t.Context(), notices[:cut]); n != cut || err != nil {
			t.Fatal(n, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		torn, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		_, _ = torn.WriteString(`{"id":"half a li`)
		torn.Close()
	}
	f, err := NewFile(FileSettings{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff(want, keysIn(t, path)); diff != "" {
		t.Errorf("(- told, + written):\n%s", diff)
	}
	// Somebody moves the file away, as logrotate does.
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	more := TestNotices("file", notices[0].Told.Std())
	if n, err := f.Deliver(t.Context(), more); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if got := keysIn(t, path); len(got) != 2 {
		t.Errorf("the new file has %v", got)
	}
	if _, err := NewFile(FileSettings{Path: t.TempDir()}); err == nil {
		t.Error("a folder is taken for a file")
	}
}

// riskNotices are of numbered patients, over three days.
func riskNotices(n int) (list []Notice) {
	for i := range n {
		phase := []schemas.Phase{schemas.PhaseStart, schemas.PhaseUpdate, schemas.PhaseEnd}[i%3]
		list = append(list, Notice{Told: 1767300000000 + schemas.Time(i)*schemas.Hour, Alert: schemas.Alert{
			ID: fmt.Sprintf("a%d", i/3), Revision: i % 3, Phase: phase, Kind: alerts.KindRisk, Task: "mortality", Patient: fmt.Sprintf("site:%d", 100+i/3),
			AsOf: 1767225600000 + schemas.Time(i)*schemas.Minute, Value: float32(i+1) / 64, Threshold: 0.1,
		}})
	}
	return list
}

// The folder has a row for each revision, once, whatever is told again, in files of the days on which they were told;
// meds-evaluation reads them.
func TestMEDSHasEachRowOnce(t *testing.T) {
	dir := t.TempDir()
	notices := riskNotices(30)
	open := func() *MEDS {
		m, err := NewMEDS(MEDSSettings{Folder: dir, Task: "mortality"})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := open()
	if second, err := NewMEDS(MEDSSettings{Folder: dir}); err == nil {
		second.Close()
		t.Error("two processes write the folder")
	}
	other := someNotices()[9:] // of scores and missing data, and of tests
	for _, cut := range []int{7, 20, 30} {
		if n, err := m.Deliver(t.Context(), append(notices[:cut:cut], other...)); n != cut+len(other) || err != nil {
			t.Fatal(n, err)
		}
		m.Close()
		for _, journal := range journals(t, dir) {
			torn, _ := os.OpenFile(journal, os.O_APPEND|os.O_WRONLY, 0)
			_, _ = torn.WriteString(`{"key":"half`)
			torn.Close()
		}
		m = open()
	}
	defer m.Close()
	named := notices[0]
	named.Patient, named.ID = "site:ward-3", "named"
	if n, err := m.Deliver(t.Context(), []Notice{notices[0], named, notices[1]}); n != 1 || !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "ward-3") {
		t.Errorf("a patient without a number: %d, %v", n, err)
	}
	rows := 0
	for _, journal := range journals(t, dir) {
		text, _ := os.ReadFile(journal)
		rows += strings.Count(string(text), `"subject_id"`)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "predictions-*.parquet"))
	if rows != 30 || len(files) != 3 {
		t.Fatalf("%d rows in %v", rows, files)
	}
	python := os.Getenv("VIGIL_SINKS_PYTHON")
	if python == "" {
		t.Skip("the rest needs Python with alerts/sinks/testdata/requirements.txt: make test-sinks")
	}
	cmd := exec.CommandContext(t.Context(), python, append([]string{"-B", filepath.Join("testdata", "predictions.py")}, files...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var found struct {
		Rows  [][]any
		AUROC float64
	}
	if err == nil {
		err = json.Unmarshal(out, &found)
	}
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var want [][]any
	positives, pairs, right := 0, 0, 0 // of an odd subject's and an even one's the odd one's is higher
	for i, n := range notices {
		want = append(want, []any{float64(100 + i/3), n.AsOf.Std().Format("2006-01-02T15:04:05"), float64(n.Value), n.Open()})
		if i/3%2 == 0 {
			continue
		}
		positives++
		for k := range notices {
			if k/3%2 == 0 {
				pairs++
				if k < i { // the values grow
					right++
				}
			}
		}
	}
	if diff := cmp.Diff(want, found.Rows); diff != "" {
		t.Errorf("(- told, + read by meds-evaluation):\n%s", diff)
	}
	if ours := float64(right) / float64(pairs); positives != 15 || math.Abs(ours-found.AUROC) > 1e-9 {
		t.Errorf("AUROC %v, meds-evaluation finds %v", ours, found.AUROC)
	}
}

func journals(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, ".predictions-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}
