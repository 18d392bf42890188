package main

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
)

// The card of each model in the binary says all that the card of CHAI must say, as JSON and as XML
// alike, with the numbers of its training record.
func TestModelCardsSayAllTheyMust(t *testing.T) {
	for _, name := range fusion.ShippedNames() {
		var asJSON, asXML appliedCard
		for flag, read := range map[string]func(string) error{
			"--json": func(s string) error { return json.Unmarshal([]byte(s), &asJSON) },
			"--xml": func(s string) error {
				if err := checkCard([]byte(s)); err != nil {
					return err
				}
				return xml.Unmarshal([]byte(s), &asXML)
			},
		} {
			code, stdout, stderr := vigil(t.Context(), "model", "show", name, "--card", flag)
			if code != 0 {
				t.Fatalf("%s %s: exit %d: %s", name, flag, code, stderr)
			}
			if err := read(stdout); err != nil {
				t.Fatalf("%s %s: %v", name, flag, err)
			}
		}
		a, err := xml.Marshal(&asJSON)
		if err != nil {
			t.Fatal(err)
		}
		b, err := xml.Marshal(&asXML)
		if err != nil || string(a) != string(b) {
			t.Errorf("%s: as JSON and as XML the card differs (%v)", name, err)
		}
		if asXML.ReleaseInfo.ReleaseVersion != fusion.Named(name).Hash() {
			t.Errorf("%s: version %s", name, asXML.ReleaseInfo.ReleaseVersion)
		}
		results := asXML.KeyMetrics.UsefulnessUsabilityEfficacy.Results.MetricResult
		if (strings.Contains(results[0].ValueJSON, notKnown)) != (fusion.Named(name).Record() == nil) {
			t.Errorf("%s: the results are %+v", name, results)
		}
		for _, r := range results {
			if !json.Valid([]byte(r.ValueJSON)) {
				t.Errorf("%s: the result %s is no JSON: %s", name, r.Label, r.ValueJSON)
			}
		}
	}
	record, err := train.RecordOf(fusion.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := vigil(t.Context(), "model", "show", "--card")
	if code != 0 || !strings.Contains(stdout, "## Warnings") || !strings.Contains(stdout, "### AI System Facts") || len(record.Hours) == 0 || strings.Count(stdout, "auroc") < len(record.Hours) {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if code, _, stderr := vigil(t.Context(), "model", "show", "--xml"); code != boot.ExitUsage || !strings.Contains(stderr, "--card") {
		t.Errorf("--xml without --card: exit %d, %s", code, stderr)
	}
}

// A card that lacks what it must say, says nothing in a field, or has what CHAI's does not know is
// refused, and each such element is named.
func TestModelCardIsRefused(t *testing.T) {
	whole := cardOf(fusion.Shipped(), nil)
	text, err := xml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	document := string(text)
	if err := checkCard(text); err != nil {
		t.Fatal(err)
	}
	cut := func(element string) string {
		from, to := strings.Index(document, "<"+element+">"), strings.Index(document, "</"+element+">")
		if from < 0 || to < from {
			t.Fatalf("the card has no %s", element)
		}
		return document[from : to+len("</"+element+">")]
	}
	for _, c := range []struct{ name, from, to, want string }{
		{"lacking", cut("ClinicalRiskLevel"), "", "lacks Warnings/ClinicalRiskLevel"},
		{"lacking a result", cut("Results"), "", "lacks KeyMetrics/UsefulnessUsabilityEfficacy/Results/MetricResult/ValueJson"},
		{"empty", cut("MetricGoal"), "<MetricGoal> </MetricGoal>", "nothing of KeyMetrics/UsefulnessUsabilityEfficacy/MetricGoal"},
		{"unknown", cut("HowToUse"), cut("HowToUse") + "<Price>0</Price>", "has UsesAndDirections/Price"},
		{"twice", cut("HowToUse"), cut("HowToUse") + cut("HowToUse"), "UsesAndDirections/HowToUse 2 times"},
		{"out of order", cut("ModelName") + cut("ModelDeveloper"), cut("ModelDeveloper") + cut("ModelName"), "BasicInfo/ModelName stands behind BasicInfo/ModelDeveloper"},
		{"no XML", "</AppliedModelCard>", "", "no XML"},
	} {
		if err := checkCard([]byte(strings.Replace(document, c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.want)
		}
	}
	// What may be left out may be.
	if err := checkCard([]byte(strings.Replace(document, cut("RegulatoryApproval"), "", 1))); err != nil {
		t.Error(err)
	}
}
