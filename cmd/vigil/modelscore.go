package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion/train"
)

// modelScore gives the user a model's probability for each stay and hour of any recorded data, or
// the table of scores that training ends with, of one model or of several taken together.
func modelScore() *cobra.Command {
	var recipe, out string
	var heldOut bool
	var paths train.Paths
	var set []string
	var seed uint64
	var asJSON bool
	cmd := &cobra.Command{
		Use: "score FILE...", Short: "Write a model's probability for each stay and hour, or score models on the test part of their recipe",
		Long: `With --out, plays every patient of the data through the Step that serves, and writes the
model's probability of death in hospital at every full hour of each stay into that folder:
hours.csv and hours.parquet. Outcomes stand there too where the data have them, and are not
needed; vigil evaluate judges. Patients that the model has learned from are refused;
--held-out leaves them out.

With --recipe, prints how good trained models are on the stays of the recipe that training
never saw, several of them by the mean of their probabilities.`,
		Example: `  vigil model score open-icu-1 --data mimic-iv-demo --out scored
  vigil model score one.safetensors --recipe physionet2012 --data physionet2012
  vigil model score seed1.safetensors seed2.safetensors --recipe physionet2012 --data physionet2012 --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return boot.Usage(errors.New("`vigil model score` wants a model file: see `vigil model score --help`"))
			case out != "" && recipe != "":
				return boot.Usage(errors.New("`vigil model score` takes --out, to write a probability for each hour, or --recipe, to score on its test part: not both"))
			case out != "" && (len(args) > 1 || len(paths.Data) == 0):
				return boot.Usage(errors.New("`vigil model score --out` wants one model, and --data: see `vigil model score --help`"))
			case out == "" && (recipe == "" || len(paths.Data) == 0):
				return boot.Usage(errors.New("`vigil model score` wants --data with --out, to write a probability for each hour, or with --recipe, that of the training: see `vigil model score --help`"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" {
				return scoreHours(cmd.Context(), args[0], paths.Data, heldOut, out, cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			r, err := train.ReadRecipe(recipe, set)
			if err != nil {
				return boot.Usage(err)
			}
			quality, test, err := r.Ensemble(cmd.Context(), paths, args, runtime.GOMAXPROCS(0), seed)
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Usage(err))
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(scored{args, test, quality})
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%d models, %s\n", len(args), testLine(test))
			writeQuality(&b, quality)
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "folder to write hours.csv and hours.parquet into: a probability for each stay and hour")
	f.BoolVar(&heldOut, "held-out", false, "with --out: leave out the patients that the model has learned from")
	f.StringVar(&recipe, "recipe", "", "recipe that the models were trained with: a file, or the name of one in the binary")
	f.StringSliceVar(&paths.Data, "data", nil, "folder or archive of recorded stays; may be given several times")
	f.StringArrayVar(&set, "set", nil, "change a key of the recipe, KEY=VALUE; may be given several times")
	linkedFlags(f, &paths.Linked)
	f.Uint64Var(&seed, "seed", 1, "seed of the intervals")
	f.BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// scored is what --json prints.
type scored struct {
	Models  []string            `json:"models"`
	Part    train.Part          `json:"test_part"`
	Quality []train.TaskQuality `json:"test"`
}

// scoreHours writes a model's probability for each stay and full hour.
func scoreHours(ctx context.Context, name string, data []string, heldOut bool, dir string, stdout, stderr io.Writer) error {
	model, policy, err := boot.LoadFiles(name, "")
	if err != nil {
		return err
	}
	if err := mustRiskDeath(name, model); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return boot.Usage(fmt.Errorf("--out: %w", err))
	}
	all, err := playAll(ctx, evaluateOptions{data: data, heldOut: heldOut}, judge.Plan{Model: model, Policy: policy, Task: taskMortality, Unjudged: true}, stderr)
	if err != nil {
		return interruptedOr(ctx, err)
	}
	if err := writeTables(dir, all.Stays, map[string]func(io.Writer, []judge.Stay) error{"hours.csv": judge.WriteCSV, "hours.parquet": judge.WriteHours}); err != nil {
		return boot.Failure(err)
	}
	_, err = fmt.Fprintf(stdout, "model %.12s: %d stays, %d of them without a known outcome; %d patients that the model has learned from were left out: %s, %s\n",
		model.Hash(), len(all.Stays), all.Unknown, all.Skipped, filepath.Join(dir, "hours.csv"), filepath.Join(dir, "hours.parquet"))
	return err
}
