package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
	for _, hours := range []float64{2, 6, 12} {
		list = append(list, less{fmt.Sprintf("a gap of %g h before hour 24", hours), func(o *evaluateOptions) { o.gap = hours }})
	}
	for _, share := range []float64{0.01, 0.05} {
		list = append(list, less{fmt.Sprintf("%g %% of the vital signs artefacts", 100*share), func(o *evaluateOptions) { o.corrupt = share }})
	}
	for _, share := range []float64{0.1, 0.3, 0.5} {
		list = append(list, less{fmt.Sprintf("%g %% of the observations", 100*share), func(o *evaluateOptions) { o.drop = share }})
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

// robustnessFile is where the table stands in the folder of a report.
const robustnessFile = "robustness.json"

// robustness plays the data once for each row, and prints the table. With a folder for the report
// it writes the table there after each row, and a further call goes on from it.
func (o evaluateOptions) robustness(ctx context.Context, model *fusion.Model, policy *alerts.Policy, stdout, stderr io.Writer) error {
	table := &judge.Robustness{Model: model.Hash(), Name: model.Config().Name, Draws: o.draws, Seed: o.seed, Notice: schemas.Notice}
	done, err := o.begunTable(table)
	if err != nil {
		return boot.Usage(err)
	}
	for _, way := range waysToHaveLess(model.Config()) {
		if row, ok := done[way.name]; ok {
			table.Rows = append(table.Rows, row)
			continue
		}
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
		if !slices.Equal(table.Data, all.sources) {
			return boot.Usage(fmt.Errorf("%s is of %v, this is %v: name another folder with --report", filepath.Join(o.report, robustnessFile), table.Data, all.sources))
		}
		table.Rows = append(table.Rows, judge.Less{Less: way.name, Hours: judge.AtHours(all.Stays, taskMortality, judge.RobustHours, judge.Settings{Draws: o.draws, Seed: o.seed})})
		if err := o.keepTable(table); err != nil {
			return boot.Failure(err)
		}
	}
	if o.json {
		return json.NewEncoder(stdout).Encode(table)
	}
	return table.WriteText(stdout)
}

// begunTable are the rows of the report's folder by their names, and fills in what they were made
// of. A table of another model, seed or number of resamples is refused.
func (o *evaluateOptions) begunTable(table *judge.Robustness) (map[string]judge.Less, error) {
	path := filepath.Join(o.report, robustnessFile)
	text, err := os.ReadFile(path)
	if o.report == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var begun judge.Robustness
	if err == nil {
		err = json.Unmarshal(text, &begun)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: remove it, or name another folder with --report", path, err)
	}
	if begun.Model != table.Model || begun.Draws != table.Draws || begun.Seed != table.Seed {
		return nil, fmt.Errorf("%s is of model %.12s with --draws %d and --seed %d: name another folder with --report", path, begun.Model, begun.Draws, begun.Seed)
	}
	table.Data, table.Skipped, table.Stays, table.Events = begun.Data, begun.Skipped, begun.Stays, begun.Events
	done := map[string]judge.Less{}
	for _, row := range begun.Rows {
		done[row.Less] = row
	}
	return done, nil
}

// keepTable writes the table as far as it is, whole or not at all.
func (o *evaluateOptions) keepTable(table *judge.Robustness) error {
	if o.report == "" {
		return nil
	}
	text, err := json.MarshalIndent(table, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(o.report, robustnessFile)
	if err := os.WriteFile(path+".part", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
