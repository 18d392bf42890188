package train

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/encoders/boost"
	"github.com/vigil-icu/vigil/fusion/score"
)

// Boosted are trees that teach beside the models of the folds. They are fitted to the statistics and statics of a stay
// at its last moment, fold by fold, so that what they say of a stay is of trees that have not seen its patient.
type Boosted struct {
	Trees    int     `yaml:"trees"`
	Depth    int     `yaml:"depth"`
	Rate     float64 `yaml:"rate"`
	Smallest float64 `yaml:"smallest"` // curvature that a leaf has at least
	Ridge    float64 `yaml:"ridge"`
	Rows     float64 `yaml:"rows"`    // share of the stays that a tree sees
	Columns  float64 `yaml:"columns"` // share of the statistics that a tree may split
	Seeds    int     `yaml:"seeds"`   // ensembles a fold, whose mean teaches
}

// check refuses what no trees can be fitted by.
func (b *Boosted) check() error {
	share := func(v float64) bool { return v > 0 && v <= 1 }
	switch {
	case b == nil:
		return nil
	case b.Trees < 1 || b.Trees > 10_000 || b.Depth < 1 || b.Depth > 6 || b.Seeds < 1 || b.Seeds > 20:
		return fmt.Errorf("teacher.boosted has %d trees of depth %d and %d seeds, want 1 to 10000, 1 to 6 and 1 to 20", b.Trees, b.Depth, b.Seeds)
	case !share(b.Rate) || !share(b.Rows) || !share(b.Columns) || !(b.Smallest > 0) || !(b.Ridge >= 0):
		return fmt.Errorf("teacher.boosted is %+v, want rate, rows and columns above 0 up to 1, smallest above 0, ridge from 0", *b)
	}
	return nil
}

// Taught is how good a teacher is at the last moments of the training stays, of which it has seen none.
type Taught struct {
	Teacher string  `json:"teacher"`
	AUROC   float64 `json:"auroc"`
	AUPRC   float64 `json:"auprc"`
}

// boost fits the trees and returns what they say of each stay, by the key of its examples.
func (b *Boosted) boost(ctx context.Context, set *Set, train []int, split Split, threads int) (map[string]float64, error) {
	examples, fold := set.ends(train), map[int]int{}
	for i, k := range set.foldsOf(train, split) {
		fold[train[i]] = k
	}
	names, rows := set.statistics(examples, train)
	means := make([]float64, len(examples))
	// An ensemble a fold and seed is a job; the sums are taken in the order of seeds, whichever is done first.
	said := make([][]float64, split.Folds*b.Seeds)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(threads)
	for job := range said {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			k := job % split.Folds
			var of [][]float32
			var died []bool
			var weights []float64
			for i, e := range examples {
				if label := set.Examples[e].Labels[0]; fold[e] != k && label == label {
					of, died, weights = append(of, rows[i]), append(died, label == 1), append(weights, 1)
				}
			}
			trees := boost.Fit(names, of, died, weights, boost.Settings{
				Trees: b.Trees, Depth: b.Depth, Rate: b.Rate, Smallest: b.Smallest, Ridge: b.Ridge, Rows: b.Rows, Columns: b.Columns, Seed: uint64(job),
			})
			said[job] = make([]float64, len(examples))
			for i, e := range examples {
				if fold[e] == k {
					said[job][i] = boost.Probability(trees.Logit(rows[i])) / float64(b.Seeds)
				}
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	for _, s := range said {
		for i, v := range s {
			means[i] += v
		}
	}
	of := map[string]float64{}
	for i, e := range examples {
		of[set.Examples[e].key()] = means[i]
	}
	return of, nil
}

// key names an example's stay.
func (e *Example) key() string { return e.Patient + " " + e.Stay }

// ends are of the examples those of the last moment of each stay.
func (s *Set) ends(examples []int) (list []int) {
	for i, at := range s.lastOf(examples) {
		if i == at {
			list = append(list, examples[i])
		}
	}
	return list
}

// statistics are the statics and statistics of examples [examples][features], NaN where one is not known, on the scales
// of training.
func (s *Set) statistics(examples, training []int) (names []string, rows [][]float32) {
	channels := s.FitScales(training)
	in := s.Shape().New()
	known := func(row, x []float32, known []bool) []float32 {
		for i, v := range x {
			if !known[i] {
				v = float32(math.NaN())
			}
			row = append(row, v)
		}
		return row
	}
	for _, i := range examples {
		s.Fill(in, i, channels, nil)
		rows = append(rows, known(known(nil, in.Statics, in.StaticsKnown), in.Stats, in.StatsKnown))
	}
	if len(rows) > 0 {
		names = make([]string, len(rows[0]))
	}
	return names, rows
}

// taught judges teachers by what they say of stays, on those of which the outcome is known.
func (s *Set) taught(teacher string, examples []int, of map[string]float64) Taught {
	var predicted []float64
	var died []bool
	for _, i := range examples {
		e := &s.Examples[i]
		if p, ok := of[e.key()]; ok && e.Labels[0] == e.Labels[0] {
			predicted, died = append(predicted, p), append(died, e.Labels[0] == 1)
		}
	}
	return Taught{teacher, score.AUROC(predicted, died), score.AveragePrecision(predicted, died)}
}
