package monitor

import (
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// Each risk of the shipped model has an interval around it. Where a stay is unlike all that the
// model was trained on, the score has no risk, says so, and is counted.
func TestRisksHaveIntervalsAndUnlikeStaysHaveNone(t *testing.T) {
	m := &Monitor{Model: fusion.Shipped(), Policy: alerts.DefaultPolicy()}
	log := illness(t, "gcs_total", 3)
	far := map[string]float32{"heart_rate": 290, "respiratory_rate": 79, "temperature": 26, "creatinine": 29, "potassium": 14, "sodium": 92, "lactate": 34, "systolic_arterial": 22}
	strange := illness(t, "gcs_total", 3)
	for _, r := range strange {
		for i := range r.Observations {
			if v, ok := far[r.Observations[i].Channel.Info().Name]; ok {
				r.Observations[i].Value = v
			}
		}
	}
	for _, c := range []struct {
		log    []*schemas.Record
		unlike bool
	}{{log, false}, {strange, true}} {
		s, scores := NewPartition(), uint64(0)
		for _, o := range steps(t, m, s, c.log, 0) {
			if o.Type != schemas.TypeScore {
				continue
			}
			scores++
			got, err := schemas.DecodeScore(o.Value)
			if err != nil {
				t.Fatal(err)
			}
			r, known := got.Risks["mortality"]
			if known == c.unlike || slices.Contains(got.Flags, alerts.FlagIndeterminate) != c.unlike {
				t.Fatalf("unlike %v: %s", c.unlike, o.Value)
			}
			if known && (r.Low == nil || r.High == nil || !(*r.Low < r.Value && r.Value < *r.High)) {
				t.Fatalf("a risk without its interval: %s", o.Value)
			}
		}
		if n := s.Counts().Abstained; scores == 0 || (n == scores) != c.unlike || (n == 0) == c.unlike {
			t.Errorf("unlike %v: %d of %d scores are counted as abstained", c.unlike, n, scores)
		}
		if d := s.Drift(); d == nil || d.Predictions == 0 || (d.Unlike > 0) != c.unlike {
			t.Errorf("unlike %v: the drift counts %+v", c.unlike, d)
		}
	}
}
