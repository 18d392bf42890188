package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
)

// The card of each model in the binary says something in every field, has the numbers of its
// training record, and is refused where a field says nothing.
func TestModelCardsSayAllTheyMust(t *testing.T) {
	for _, name := range fusion.ShippedNames() {
		code, stdout, stderr := vigil(t.Context(), "model", "show", name, "--card", "--json")
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", name, code, stderr)
		}
		var a appliedCard
		if err := json.Unmarshal([]byte(stdout), &a); err != nil {
			t.Fatal(err)
		}
		if err := a.check(); err != nil || a.Identification.Version != fusion.Named(name).Hash() {
			t.Errorf("%s: %v, %s", name, err, a.Identification.Version)
		}
		if (a.Metrics.Usefulness.Result == notKnown) != (fusion.Named(name).Record() == nil) {
			t.Errorf("%s: the results are %s", name, a.Metrics.Usefulness.Result)
		}
		a.Warnings.Biases, a.Metrics.Safety.Goal = " ", ""
		if err := a.check(); err == nil || !strings.Contains(err.Error(), "warnings.known_biases_or_ethical_considerations") || !strings.Contains(err.Error(), "key_metrics.safety_and_reliability.goal") {
			t.Errorf("fields that say nothing: %v", err)
		}
	}
	record, err := train.RecordOf(fusion.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := vigil(t.Context(), "model", "show", "--card")
	if code != 0 || !strings.Contains(stdout, "## warnings") || len(record.Hours) == 0 || strings.Count(stdout, "AUROC") < len(record.Hours) {
		t.Errorf("exit %d: %s", code, stdout)
	}
}
