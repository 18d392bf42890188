package train

import (
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Every combination of the switches of an ablation trains, to finite numbers, and every
// router moves: in the published code two of three routers are never trained.
func TestAblationSwitches(t *testing.T) {
	dir := invented(t, 24)
	small := []string{"data.hours=[48]", "split.validation=0", "training.patience=0", "training.epochs=1", "training.decay=0"}
	var combinations [][]string
	for _, gate := range []string{"softmax", "laplace", "gaussian"} {
		for _, router := range []string{"joint", "permod", "disjoint"} {
			for _, missing := range []string{"learned", "learned_points", "zeros"} {
				for _, loss := range [][]string{{"balance=0"}, {"balance=0.01"}, {"balance=0.01", "balance_of=published"}, {"entropy_weight=0.01"}} {
					if loss[0] == "entropy_weight=0.01" && router != "permod" {
						continue // it compares the choices of separate routers among the same experts
					}
					combinations = append(combinations, append([]string{"gate=" + gate, "router=" + router, "missing=" + missing}, loss...))
				}
			}
		}
	}
	combinations = append(combinations, [][]string{
		{"form=stay"}, {"form=stay", "router=permod"}, {"expert=logmixture"}, {"experts=0", "balance=0"}, {"regular=none"}, {"regular=published"},
		{"now=0", "skip=0", "pool=last"}, {"values=id", "intensity=false"}, {"utde=batch"}, {"utde=batch_seq"}, {"states=false"}, {"noise=0"},
		{"reference=published"}, {"cells=192"}, {"top_k=4"},
		{"modalities=[{name: vital, kind: series}, {name: lab, kind: series}, {name: notes, kind: items, width: 4, buckets: 64, encoder: vigil-notes/1}, {name: imaging, kind: items}]"},
	}...)
	for i, combination := range combinations {
		if testing.Short() && i%6 != 0 {
			continue // make test runs them all
		}
		t.Run(strings.Join(combination, " "), func(t *testing.T) {
			set := slices.Clone(small)
			for _, s := range combination {
				set = append(set, "model."+s)
			}
			p := planOf(t, dir, 1, set...)
			before := slices.Clone(p.Stays.Params().Values)
			r := mustRun(t, loopOf(p))
			params := *p.Stays.Params()
			for i, name := range params.Names {
				from := params.Offsets[i]
				to := from + params.Len(nn.Param(i))
				if strings.Contains(name, "centres") && slices.Equal(before[from:to], r.Weights[from:to]) {
					t.Errorf("%s was not trained", name)
				}
			}
			for i, w := range r.Weights {
				if !sound(float64(w)) {
					t.Fatalf("weight %d is %v", i, w)
				}
			}
			test, err := p.Judge(t.Context(), r)
			if err != nil || !sound(test[0].Brier.Value) {
				t.Errorf("%v, %+v", err, test)
			}
		})
	}
}
