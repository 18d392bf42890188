package train

import (
	"cmp"
	"hash/fnv"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Folds parts the examples into k folds and returns the fold of each. All examples of
// a patient are in one. The folds have nearly equal shares of the patients of each
// class of a task: those with an example of label 1, of label 0, of none that is known.
// A patient's fold depends on the seed and on the other patients of the class.
func (s *Set) Folds(k, task int, seed uint64) []int {
	type patient struct {
		key   uint64
		class int
		at    int // in order of appearance
	}
	draw := nn.Draw{Seed: seed}
	var patients []patient
	known := map[string]int{}
	of := make([]int, len(s.Examples)) // the patient of each example
	for i := range s.Examples {
		e := &s.Examples[i]
		at, ok := known[e.Patient]
		if !ok {
			h := fnv.New64a()
			h.Write([]byte(e.Patient))
			at = len(patients)
			known[e.Patient] = at
			patients = append(patients, patient{key: draw.Row(parting, h.Sum64()).Bits(0), at: at})
		}
		of[i] = at
		p := &patients[at]
		switch label := e.Labels[task]; {
		case label == 1:
			p.class = 2
		case label == 0:
			p.class = max(p.class, 1)
		}
	}
	slices.SortFunc(patients, func(a, b patient) int { return cmp.Or(a.class-b.class, cmp.Compare(a.key, b.key)) })
	fold := make([]int, len(patients))
	for i, p := range patients {
		fold[p.at] = i % k
	}
	folds := make([]int, len(s.Examples))
	for i, at := range of {
		folds[i] = fold[at]
	}
	return folds
}
