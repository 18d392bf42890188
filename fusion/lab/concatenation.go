package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/vigil-icu/vigil/fusion/score"
	"github.com/vigil-icu/vigil/fusion/train"
)

// WithoutExperts are the settings that make of the recipe fleximodal its baseline: no
// mixture of experts, so that what is known of each modality is first joined in the head,
// and wider layers in its place, for as many parameters on the invented set.
var WithoutExperts = []string{"model.experts=0", "model.balance=0", "model.width=10", "model.ffn=108"}

// Rivalry is the setting of a comparison of FuseMoE with its baseline: one recipe, one
// directory of any data, the same seeds for both.
type Rivalry struct {
	// Recipe is the name or file of the training recipe, and Data the directory with a
	// manifest.
	Recipe string
	Data   string
	// Set are changes of the recipe's keys, for both networks.
	Set []string
	// Seeds is how many seeds of training there are, from 1 on.
	Seeds   int
	Threads int
	// Tell is called with a line of words after each seed.
	Tell func(line string)
}

// Pair is what both networks came to with one seed.
type Pair struct {
	Seed uint64 `json:"seed"`
	// FuseMoE and Concatenation are the AUROC on the test part; the latter is of the
	// baseline.
	FuseMoE float64 `json:"fusemoe"`
	// Concatenation is the AUROC of the baseline.
	Concatenation float64 `json:"concatenation"`
	// Difference has its 95 % interval over subjects.
	Difference score.Interval `json:"difference"`
}

// Contest is the outcome of a comparison.
type Contest struct {
	// Parameters are how many FuseMoE and the baseline have.
	Parameters [2]int `json:"parameters"`
	Pairs      []Pair `json:"pairs"`
	// Mean is that of the differences over the seeds.
	Mean float64 `json:"mean_difference"`
	// Low and High bound it with 95 %, by Student's t over the seeds.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Ensembles compares the means of the seeds' probabilities, with 95 % over subjects.
	Ensembles score.Interval `json:"ensembles"`
}

// mostApart is how far the numbers of parameters may be apart, as a part of the first.
const mostApart = 0.02

// Run trains both networks with every seed. Both have the same examples, epochs and
// batches. The epoch is chosen by the validation part, and the test part is only looked
// at in the end. Fewer than 2 seeds, or networks whose sizes are apart, are an error.
func (r Rivalry) Run(ctx context.Context) (*Contest, error) {
	if r.Seeds < 2 {
		return nil, errors.New("an interval wants at least 2 seeds")
	}
	c := new(Contest)
	var sums [2][]float64
	var outcome []bool
	var subject []string
	var differences []float64
	for seed := uint64(1); seed <= uint64(r.Seeds); seed++ {
		var predicted [2][]float64
		for side, more := range [][]string{nil, WithoutExperts} {
			plan, result, err := r.train(ctx, append(append([]string{}, r.Set...), more...), seed)
			if err != nil {
				return nil, err
			}
			c.Parameters[side] = len(result.Weights)
			if apart := math.Abs(float64(len(result.Weights))/float64(c.Parameters[0]) - 1); apart > mostApart {
				return nil, fmt.Errorf("the networks have %d and %d parameters, more than %.0f %% apart: that is no comparison; choose the sizes anew", c.Parameters[0], c.Parameters[1], 100*mostApart)
			}
			if predicted[side], outcome, subject, err = plan.Predictions(ctx, result, 0); err != nil {
				return nil, err
			}
			if sums[side] == nil {
				sums[side] = make([]float64, len(outcome))
			}
			for i, p := range predicted[side] {
				sums[side][i] += p / float64(r.Seeds)
			}
		}
		p := Pair{Seed: seed, FuseMoE: score.AUROC(predicted[0], outcome), Concatenation: score.AUROC(predicted[1], outcome)}
		p.Difference = score.Bootstrap{Draws: 1000, Seed: seed}.Difference(score.AUROC, predicted[0], predicted[1], outcome, subject)
		c.Pairs = append(c.Pairs, p)
		differences = append(differences, p.Difference.Value)
		r.Tell(fmt.Sprintf("seed %d: FuseMoE %.4f, concatenation %.4f", seed, p.FuseMoE, p.Concatenation))
	}
	n := float64(r.Seeds)
	mean, deviation := stat.MeanStdDev(differences, nil)
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975) * deviation / math.Sqrt(n)
	c.Mean, c.Low, c.High = mean, mean-half, mean+half
	c.Ensembles = score.Bootstrap{Draws: 1000, Seed: 1}.Difference(score.AUROC, sums[0], sums[1], outcome, subject)
	return c, nil
}

// train makes the plan of the recipe with keys set, and trains it with one seed.
func (r Rivalry) train(ctx context.Context, set []string, seed uint64) (*train.Plan, *train.Result, error) {
	recipe, err := train.ReadRecipe(r.Recipe, set)
	if err != nil {
		return nil, nil, err
	}
	plan, err := recipe.NewPlan(ctx, train.Paths{Data: []string{r.Data}}, seed)
	if err != nil {
		return nil, nil, err
	}
	plan.Stays.Threads = r.Threads
	result, err := (&train.Loop{Problem: plan.Stays, Settings: recipe.Training, Seed: seed, Threads: r.Threads, Now: time.Now}).Run(ctx)
	return plan, result, err
}

// Write writes the outcome as text.
func (c *Contest) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "FuseMoE %d parameters, concatenation %d; AUROC on the test part\n%-6s %8s %14s  %s\n", c.Parameters[0], c.Parameters[1], "seed", "FuseMoE", "concatenation", "difference, 95 % over subjects")
	for _, p := range c.Pairs {
		if err == nil {
			_, err = fmt.Fprintf(w, "%-6d %8.4f %14.4f  %s\n", p.Seed, p.FuseMoE, p.Concatenation, p.Difference)
		}
	}
	if err != nil {
		return err
	}
	verdict := "the interval includes 0: neither is shown to be better"
	switch {
	case c.Low > 0:
		verdict = "FuseMoE is better"
	case c.High < 0:
		verdict = "concatenation is better"
	}
	_, err = fmt.Fprintf(w, "mean difference %.4f (%.4f to %.4f over the seeds): %s\nof the means of all seeds' probabilities %s\n", c.Mean, c.Low, c.High, verdict, c.Ensembles)
	return err
}
