package train

import (
	"fmt"
	"math"
	"testing"
)

// A part has the share that was asked for, of the patients of each outcome.
func TestPartIsTheShareThatWasAsked(t *testing.T) {
	const patients = 1000
	s := &Set{}
	for i := range patients {
		for range 1 + i%3 {
			label := float32(0)
			if i%10 == 0 {
				label = 1
			}
			s.Examples = append(s.Examples, Example{Patient: fmt.Sprint(i), Labels: []float32{label}})
		}
	}
	all := make([]int, len(s.Examples))
	for i := range all {
		all[i] = i
	}
	for _, share := range []float64{0.05, 0.1, 0.15, 0.1765, 0.2, 0.25, 1.0 / 3, 0.4, 0.5, 0.6, 0.75, 0.9} {
		rest, taken := s.part(all, share, 7)
		if len(rest)+len(taken) != len(all) {
			t.Errorf("share %v: %d and %d of %d examples", share, len(rest), len(taken), len(all))
		}
		count := map[string]bool{}
		died := map[string]bool{}
		for _, i := range taken {
			e := &s.Examples[i]
			count[e.Patient] = true
			if e.Labels[0] == 1 {
				died[e.Patient] = true
			}
		}
		if math.Abs(float64(len(count))-share*patients) > 1 || math.Abs(float64(len(died))-share*patients/10) > 1 {
			t.Errorf("share %v: %d of %d patients, %d of %d who died", share, len(count), patients, len(died), patients/10)
		}
		for _, i := range rest {
			if count[s.Examples[i].Patient] {
				t.Fatalf("share %v: patient %s is in both parts", share, s.Examples[i].Patient)
			}
		}
	}
	if rest, taken := s.part(all, 0, 7); len(rest) != len(all) || len(taken) != 0 {
		t.Errorf("share 0: %d are taken", len(taken))
	}
	// A share of one in k is that of the folds.
	folds := s.Folds(5, 0, 7)
	_, taken := s.part(all, 0.2, 7)
	for _, i := range taken {
		if folds[i] != 0 {
			t.Fatalf("example %d of fold %d is taken", i, folds[i])
		}
	}
}
