package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// less is one way to have less of the data.
type less struct {
	name string
	with func(*evaluateOptions)
}

// mostSubsets bounds how many modalities are withheld in all combinations; of more only each alone.
const mostSubsets = 4

// waysToHaveLess are the rows of the table.
func waysToHaveLess(c *fusion.Config) []less {
	list := []less{{"nothing", func(*evaluateOptions) {}}}
	for _, share := range []float64{0.1, 0.3, 0.5} {
		list = append(list, less{fmt.Sprintf("%g %% of the observations", 100*share), func(o *evaluateOptions) { o.drop = share }})
	}
	for _, hours := range []float64{2, 6, 12} {
		list = append(list, less{fmt.Sprintf("a gap of %g h before hour 24", hours), func(o *evaluateOptions) { o.gap = hours }})
	}
	for _, share := range []float64{0.01, 0.05} {
		list = append(list, less{fmt.Sprintf("%g %% of the vital signs artefacts", 100*share), func(o *evaluateOptions) { o.corrupt = share }})
	}
	list = append(list, less{"delays doubled", func(o *evaluateOptions) { o.delays = 2 }})
	var names []string
	for i := range c.Modalities {
		if name := c.Modalities[i].Name; len(c.Members(name)) > 0 {
			names = append(names, name)
		}
	}
	for set := 1; set < 1<<len(names); set++ {
		var without []string
		for i, name := range names {
			if set>>i&1 != 0 {
				without = append(without, name)
			}
		}
		if len(without) == 1 || len(names) <= mostSubsets {
			list = append(list, less{"no " + strings.Join(without, ", "), func(o *evaluateOptions) { o.without = without }})
		}
	}
	return list
}

// robustness plays the data once for each row, and prints the table.
func (o evaluateOptions) robustness(ctx context.Context, model *fusion.Model, policy *alerts.Policy, stdout, stderr io.Writer) error {
	table := &judge.Robustness{Model: model.Hash(), Name: model.Config().Name, Draws: o.draws, Seed: o.seed, Notice: schemas.Notice}
	for _, way := range waysToHaveLess(model.Config()) {
		row := o
		way.with(&row)
		withheld, err := row.withheldChannels(model.Config())
		if err != nil {
			return boot.Usage(err)
		}
		fmt.Fprintf(stderr, "less: %s\n", way.name)
		all, err := playAll(ctx, row, judge.Plan{
			Model: model, Policy: policy, Task: taskMortality, Withheld: withheld, Dropped: row.drop, Delays: row.delays, Seed: o.seed,
			Corrupted: row.corrupt, Gap: schemas.Time(row.gap * float64(schemas.Hour)),
		}, stderr)
		if err != nil {
			return interruptedOr(ctx, err)
		}
		if table.Data == nil {
			table.Data, table.Skipped, table.Stays = all.sources, all.Skipped, len(all.Stays)
			for i := range all.Stays {
				if all.Stays[i].Died {
					table.Events++
				}
			}
		}
		table.Rows = append(table.Rows, judge.Less{Less: way.name, Hours: judge.AtHours(all.Stays, taskMortality, judge.RobustHours, judge.Settings{Draws: o.draws, Seed: o.seed})})
	}
	if o.report != "" {
		text, err := json.MarshalIndent(table, "", "  ")
		if err == nil {
			err = os.WriteFile(filepath.Join(o.report, "robustness.json"), append(text, '\n'), 0o644)
		}
		if err != nil {
			return boot.Failure(err)
		}
	}
	if o.json {
		return json.NewEncoder(stdout).Encode(table)
	}
	return table.WriteText(stdout)
}
