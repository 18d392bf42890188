package train

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var boostedKeys = "teacher.boosted={trees: 40, depth: 3, rate: 0.2, smallest: 1, ridge: 1, rows: 0.8, columns: 0.5, seeds: 2}"

// Trees say of a stay what those say that have not seen it: they find what can be found, and nothing in outcomes that were
// drawn, which trees that had seen them would know by heart.
func TestBoostedTeachOutOfFold(t *testing.T) {
	dir := invented(t, 120)
	r := readRecipe(t, "tiny", append(slices.Clone(folded), boostedKeys)...)
	p := &Plan{Recipe: r}
	set, train, _, err := p.read(t.Context(), Paths{Data: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	say := func(threads int) map[string]float64 {
		of, err := r.Teacher.Boosted.boost(t.Context(), set, train, r.Split, threads)
		if err != nil {
			t.Fatal(err)
		}
		return of
	}
	of := say(1)
	if found := set.taught("", set.ends(train), of); !(found.AUROC > 0.8) {
		t.Errorf("of outcomes that can be told they say %+v", found)
	}
	if !maps.Equal(of, say(3)) {
		t.Error("three threads say other than one")
	}
	draw := nn.Draw{Seed: 5}
	for i, at := range set.lastOf(train) {
		set.Examples[train[i]].Labels[0] = float32(draw.Row(1, uint64(at)).Bits(0) & 1)
	}
	if found := set.taught("", set.ends(train), say(2)); !(found.AUROC < 0.8) {
		t.Errorf("of drawn outcomes they say %+v: they have seen them", found)
	}
}

// Boosted trees stand beside the models of the folds, and nowhere else.
func TestBoostedWantFolds(t *testing.T) {
	for set, want := range map[string]string{
		"split.folds=0": "teacher.boosted wants split.folds",
		"teacher.boosted={trees: 0, depth: 3, rate: 0.2, smallest: 1, ridge: 1, rows: 0.8, columns: 0.5, seeds: 2}": "1 to 10000",
		"teacher.boosted={trees: 9, depth: 3, rate: 2, smallest: 1, ridge: 1, rows: 0.8, columns: 0.5, seeds: 2}":   "up to 1",
	} {
		if _, err := ReadRecipe("tiny", append(append(slices.Clone(folded), boostedKeys), set)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", set, err, want)
		}
	}
}
