package monitor

import (
	"math"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/fusion"
)

// A model in the shadow changes no output, and is compared with the served one at each of its
// risks: with itself it agrees, with another it does not.
func TestAShadowChangesNothingAndIsCompared(t *testing.T) {
	log := history.Make(11, 150, 3, false)
	alone := steps(t, modelMonitor(), NewPartition(), log, 0)
	for _, c := range []struct {
		shadow *fusion.Model
		same   bool
	}{{testModel(), true}, {fusion.Shipped(), false}} {
		m := &Monitor{Model: testModel(), Policy: alerts.DefaultPolicy(), Shadow: c.shadow}
		s := NewPartition()
		if got := steps(t, m, s, log, 0); !sameOutputs(alone, got) {
			t.Fatal("with a shadow the outputs are others")
		}
		a := s.Agreement()
		if a.N == 0 || a.N > s.Counts().Scores || (a.Difference() == 0) != c.same {
			t.Errorf("of %d scores %d were compared, difference %v", s.Counts().Scores, a.N, a.Difference())
		}
		if c.same && (math.Abs(a.Correlation()-1) > 1e-6 || a.Across != 0) {
			t.Errorf("a model agrees with itself by %v, %d across the threshold", a.Correlation(), a.Across)
		}
	}
	if RisksInCommon(testModel(), fusion.Shipped()) != "mortality" {
		t.Errorf("the models have %q in common", RisksInCommon(testModel(), fusion.Shipped()))
	}
}
