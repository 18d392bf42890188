package classifier

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// The weights in the program are for the features of this program, and say where they come from.
func TestShippedWeightsFit(t *testing.T) {
	c, err := Parse(weights)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Records) < 16 || !strings.Contains(c.Attribution, "MIT-BIH") || !strings.Contains(c.Attribution, "ODC Attribution License") {
		t.Errorf("records %v, attribution %q", c.Records, c.Attribution)
	}
}

// Weights that are not for this program are refused with the reason.
func TestForeignWeightsAreRefused(t *testing.T) {
	for name, mend := range map[string]func(*Classifier){
		"version": func(c *Classifier) { c.Version = 9 },
		"feature": func(c *Classifier) { c.Fibrillation.Features[0] = "other" },
		"weights": func(c *Classifier) { c.Ventricular = nil },
		"tree":    func(c *Classifier) { c.Supraventricular.Trees[0].Left[0] = 250 },
	} {
		c, err := Parse(weights)
		if err != nil {
			t.Fatal(err)
		}
		mend(c)
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Of a strip without beats nothing is told.
func TestNothingIsToldOfAFlatLine(t *testing.T) {
	r := NewReader(Shipped())
	if f := r.Read(&schemas.Strip{RateHz: 250, Gain: 0.005, Samples: [][]int16{make([]int16, 2500)}}); f != (Findings{}) {
		t.Errorf("%+v", f)
	}
}
