package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion/train"
)

// modelScore gives the user the table of scores that training ends with, of one model or of several
// taken together.
func modelScore() *cobra.Command {
	var recipe string
	var paths train.Paths
	var set []string
	var seed uint64
	var asJSON bool
	cmd := &cobra.Command{
		Use: "score FILE...", Short: "Score trained models on the stays that training never saw, several by the mean of their probabilities",
		Example: `  vigil model score one.safetensors --recipe physionet2012 --data physionet2012
  vigil model score seed1.safetensors seed2.safetensors --recipe physionet2012 --data physionet2012 --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return boot.Usage(errors.New("`vigil model score` wants a model file: see `vigil model score --help`"))
			case recipe == "" || len(paths.Data) == 0:
				return boot.Usage(errors.New("`vigil model score` wants --recipe and --data, those of the training: see `vigil model score --help`"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
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
	f.StringVar(&recipe, "recipe", "", "recipe that the models were trained with: a file, or the name of one in the binary")
	f.StringSliceVar(&paths.Data, "data", nil, "folder or archive of recorded stays, as in training; may be given several times")
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
