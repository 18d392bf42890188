package train

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/synth"
)

// few are settings with which the recipe of invented stays is done in a second.
var few = []string{"data.stays=160", "split.validation=0", "training.patience=0", "training.epochs=2", "training.warmup=2", "model.points=6"}

// A model of invented stays learns from what strips and notes say, is judged with every set of its
// modalities beside what there is to be known, and its experts' load adds up.
func TestSubsetsOfInventedStays(t *testing.T) {
	r, err := ReadRecipe("invented", few)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.NewPlan(t.Context(), Paths{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	words, vectors := 0, 0
	for i := range p.Stays.Set.Examples {
		for _, it := range p.Stays.Set.Examples[i].Items {
			words, vectors = words+len(it.Words), vectors+len(it.Vectors)
		}
	}
	if words == 0 || vectors == 0 || !strings.HasPrefix(p.sources[0], synth.CohortName+"@") {
		t.Fatalf("%d words, %d numbers of %s", words, vectors, p.sources[0])
	}
	result := mustRun(t, loopOf(p))
	quality, err := p.Judge(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "invented.safetensors")
	if err := p.Write(file, result, p.Record(result, quality)); err != nil {
		t.Fatal(err)
	}
	list, loads, test, err := r.Subsets(t.Context(), Paths{}, file, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := len(r.Model.Modalities)
	if len(list) != 1<<n-1 || len(list[0].Modalities) != n || test.Examples != 48 {
		t.Fatalf("%d sets, the first %v, %d examples", len(list), list[0].Modalities, test.Examples)
	}
	if list[0].AUROC.Value != quality[0].AUROC.Value {
		t.Errorf("all modalities give %v, training said %v", list[0].AUROC, quality[0].AUROC)
	}
	for _, s := range list[1:] {
		if math.Abs(list[0].AUROC.Value-s.AUROC.Value-s.Less.Value) > 1e-12 || s.Less.Low > s.Less.High || *s.IdealLess < 0 {
			t.Errorf("%+v", s)
		}
	}
	stays := 0
	for i, l := range loads {
		if i > 0 {
			stays += l.Stays
		}
		for router, shares := range l.Experts {
			sum := 0.0
			for _, v := range shares {
				sum += v
			}
			if len(shares) != r.Model.Experts || math.Abs(sum-1) > 1e-9 {
				t.Errorf("load %d, router %d: %v", i, router, shares)
			}
		}
	}
	if stays != loads[0].Stays || stays != test.Examples {
		t.Errorf("%d stays by what is there, %d of all, %d to test on", stays, loads[0].Stays, test.Examples)
	}
}

// What is withheld is not read: with a modality withheld, a model gives the bits that it gives of
// stays without it.
func TestWithholding(t *testing.T) {
	r, err := ReadRecipe("invented", few)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.NewPlan(t.Context(), Paths{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Stays
	for front := range r.Model.Modalities {
		withheld, err := s.logits(t.Context(), s.Params(), p.Test, s.withhold(1<<len(r.Model.Modalities)-1-1<<front))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := s.Logits(t.Context(), s.Params(), p.Test)
		if err != nil {
			t.Fatal(err)
		}
		in, same, other := s.Set.Shape().New(), 0, 0
		for k, i := range p.Test {
			s.Set.Fill(in, i, s.Channels, nil)
			switch {
			case s.Network.Present(in)[front]:
				if withheld[k] != whole[k] {
					other++
				}
			case withheld[k] == whole[k]:
				same++
			default: // unusable strips are there and say nothing, which is another state
				if front == 0 {
					t.Errorf("stay %d has none of %s, and withholding it changes %v to %v", k, r.Model.Modalities[front].Name, whole[k], withheld[k])
				}
			}
		}
		if same == 0 || other == 0 {
			t.Errorf("%s: %d stays without it, %d changed", r.Model.Modalities[front].Name, same, other)
		}
	}
}

// A recipe's content of items must be what the encoder in the program makes, and invented stays have
// no folder and no other labels.
func TestRecipesOfInventedStaysAreChecked(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"model.modalities=[{name: numeric, kind: series}, {name: ecg, kind: items, width: 18, encoder: vigil-ecg/0}]", "vigil-ecg/1"},
		{"model.modalities=[{name: numeric, kind: series}, {name: notes, kind: items, width: 8, buckets: 64}]", "encoder"},
		{"model.tasks=[{name: sofa, kind: binary, weight: 1}]", "mortality alone"},
		{"data.train=[set-a]", "no parts"},
		{"data.stays=-3", "1 to 100000"},
	} {
		r, err := ReadRecipe("invented", []string{c.set})
		if err == nil {
			_, err = r.NewPlan(t.Context(), Paths{}, 1)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.set, err)
		}
	}
	r, err := ReadRecipe("invented", few)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NewPlan(t.Context(), Paths{Data: []string{t.TempDir()}}, 1); err == nil || !strings.Contains(err.Error(), "leave --data") {
		t.Errorf("a folder for invented stays: %v", err)
	}
	if !slices.Contains(RecipeNames(), "invented") {
		t.Error("the recipe is not in the binary")
	}
}
