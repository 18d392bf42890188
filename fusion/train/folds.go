package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/vigil-icu/vigil/fusion"
)

// outOfFold is what the models of the folds say of the training stays, each of stays that it
// has not learned from.
type outOfFold struct {
	examples []int
	// logits are those of the first task.
	logits []float32
}

// inFold leaves of the training examples those that the recipe's fold learns from, and makes
// those of the fold the plan's test part.
func (p *Plan) inFold(set *Set, train []int) (rest []int) {
	p.Test = nil
	fold := set.foldsOf(train, p.Recipe.Split)
	for i, e := range train {
		if fold[i] == p.Recipe.Split.Fold-1 {
			p.Test = append(p.Test, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

// foldsOf is the fold, from 0, of each of the training examples.
func (s *Set) foldsOf(train []int, split Split) []int {
	of := &Set{}
	for _, i := range train {
		of.Examples = append(of.Examples, s.Examples[i])
	}
	return of.Folds(split.Folds, 0, split.Seed+2)
}

// readFolds asks the models of the folds for what they say of the stays that they have not
// seen. There must be one for each fold, of this recipe and data; their order is free.
func (p *Plan) readFolds(ctx context.Context, files []string, set *Set, train []int, threads int) (*outOfFold, error) {
	split := p.Recipe.Split
	if len(files) != split.Folds {
		return nil, fmt.Errorf("%d models of folds were named, and the recipe %s has %d folds: make those of split.fold=1 to split.fold=%d and name them all",
			len(files), p.Recipe.Name, split.Folds, split.Folds)
	}
	fold := set.foldsOf(train, split)
	o := &outOfFold{examples: train, logits: make([]float32, len(train))}
	seen := make([]string, split.Folds)
	for _, file := range files {
		network, record, err := readTrained(file)
		if err != nil {
			return nil, fmt.Errorf("model of a fold %s: %w", file, err)
		}
		k := -1
		for at := range seen {
			if of := p.Recipe.ofFold(at + 1); of.Hash() == record.RecipeHash {
				k = at
			}
		}
		var held, places []int
		for i, e := range train {
			if fold[i] == k {
				held, places = append(held, e), append(places, i)
			}
		}
		switch {
		case k < 0:
			return nil, fmt.Errorf("model of a fold %s: it was made by another recipe, %s, or by none of its folds: make it with split.fold=1 to %d of this one", file, record.Recipe, split.Folds)
		case seen[k] != "":
			return nil, fmt.Errorf("%s and %s are both of fold %d", seen[k], file, k+1)
		case !p.reads(record.Data) || len(record.Splits) == 0 || record.Splits[len(record.Splits)-1] != p.partOf(set, "test", held):
			return nil, fmt.Errorf("model of a fold %s: it was made with other data: by its record with %v, here are %v", file, record.Data, p.sources)
		}
		seen[k] = file
		channels, _, err := vitalsOf(&network.Config)
		if err != nil {
			return nil, err
		}
		stays := &Stays{Network: network, Set: set, Channels: channels, Threads: threads}
		logits, err := stays.Logits(ctx, network.Params(), held)
		if err != nil {
			return nil, err
		}
		for i, at := range places {
			o.logits[at] = logits[i*len(set.Tasks)]
		}
		p.folds = append(p.folds, record.Splits[len(record.Splits)-1].Hash)
	}
	slices.Sort(p.folds)
	return o, nil
}

// ofFold is what of the recipe counts in a run of the first stage: not what it says of the
// second.
func (r *Recipe) ofFold(k int) *Recipe {
	c := *r
	c.Split.Fold, c.About, c.Teacher, c.Rolling, c.Published = k, "", Teacher{}, Rolling{}, nil
	return &c
}

// teach gives all examples of a stay one probability as their teacher's: the folds' at its last moment, since what is known
// later tells more of the outcome, or the mean of that and of others that were given: what boosted trees say of the stay, and
// what a table says that has been read. What each was worth is returned.
func (o *outOfFold) teach(set *Set, boosted map[string]float64) (list []Taught) {
	folds := map[string]float64{}
	last := set.ends(o.examples)
	at := map[int]int{}
	for i, e := range o.examples {
		at[e] = i
	}
	probabilities := Probabilities(o.logits)
	for _, e := range last {
		folds[set.Examples[e].key()] = probabilities[at[e]]
	}
	mean := map[string]float64{}
	for _, i := range o.examples {
		e := &set.Examples[i]
		sum, n := folds[e.key()], 1.0
		if p, ok := boosted[e.key()]; ok {
			sum, n = sum+p, n+1
		}
		if sound(float64(e.Teacher)) {
			sum, n = sum+float64(e.Teacher), n+1
		}
		e.Teacher = float32(sum / n)
		mean[e.key()] = sum / n
	}
	list = append(list, set.taught("models of the folds", last, folds))
	if boosted != nil {
		list = append(list, set.taught("boosted trees", last, boosted), set.taught("their mean", last, mean))
	}
	return list
}

// readTrained reads a model file that has a training record.
func readTrained(file string) (*fusion.Network[float32], *Record, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	n, text, err := fusion.Unmarshal(b)
	if err != nil {
		return nil, nil, err
	}
	if text == nil {
		return nil, nil, errors.New("it has no training record, so that nobody knows which stays it has seen")
	}
	var record Record
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, nil, fmt.Errorf("its training record: %w", err)
	}
	return n, &record, nil
}
