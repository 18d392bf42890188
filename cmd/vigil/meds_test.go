package main

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
)

// The package meds-evaluation reads the predictions as they are written, and finds the same AUROC,
// average precision and Brier score in them as the report has over all hours.
func TestMEDSEvaluationReadsThePredictions(t *testing.T) {
	python := os.Getenv("VIGIL_PYTHON")
	if python == "" {
		t.Skip("needs Python with alerts/judge/testdata/requirements.txt: make test-meds")
	}
	dir := t.TempDir()
	code, stdout, stderr := vigil(t.Context(), "evaluate", "--model", fusion.Drawn, "--data", someRecords(t), "--json", "--draws", "1", "--report", dir)
	var r judge.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != boot.ExitOK {
		t.Fatalf("exit %d (%v): %s", code, err, stderr)
	}
	script := filepath.Join("..", "..", "alerts", "judge", "testdata", "medseval.py")
	said, err := exec.CommandContext(t.Context(), python, "-B", script, filepath.Join(dir, "predictions.parquet")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var theirs struct {
		AUROC float64 `json:"roc_auc_score"`
		AUPRC float64 `json:"average_precision_score"`
		Brier float64 `json:"brier_score"`
	}
	if err := json.Unmarshal(said, &theirs); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	ours := r.Tasks[taskMortality].All
	if ours.Scores != 48*48 {
		t.Fatalf("%d scores", ours.Scores)
	}
	for _, c := range []struct {
		name         string
		ours, theirs float64
	}{{"AUROC", float64(ours.AUROC), theirs.AUROC}, {"AUPRC", float64(ours.AUPRC), theirs.AUPRC}, {"Brier", float64(ours.Brier), theirs.Brier}} {
		t.Logf("%s: %.6f here, %.6f there", c.name, c.ours, c.theirs)
		if !(math.Abs(c.ours-c.theirs) <= 1e-6) {
			t.Errorf("%s: %v here, %v there", c.name, c.ours, c.theirs)
		}
	}
}
