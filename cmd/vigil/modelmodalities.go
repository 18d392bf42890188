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
	"github.com/vigil-icu/vigil/schemas"
)

// modelModalities gives the user what each modality is worth to a trained model, and which experts
// answer for it.
func modelModalities() *cobra.Command {
	var recipe string
	var paths train.Paths
	var set []string
	var seed uint64
	var asJSON bool
	cmd := &cobra.Command{
		Use: "modalities FILE", Short: "Judge a trained model with every set of its modalities, the others withheld, and draw the load of its experts",
		Long: `Scores the model on the stays of its recipe that training never saw, once with all that was
sent and once with every set of modalities, as if nobody had sent the others. Beside the AUROC of
the first task stands by how much that of all modalities is above it, on the same stays, with
intervals over 1,000 resamples of patients. Of invented stays it is known what the modalities can
tell: "ideal" is the AUROC of somebody who knows all of that.

Then it draws the shares in which the experts are chosen, router by router: for all stays, and by
what was there of them.

Vigil is ` + schemas.Notice + ".",
		Example: `  vigil model modalities invented.safetensors --recipe invented
  vigil model modalities one.safetensors --recipe physionet2012 --data physionet2012 --json`,
		Args: argument("modalities", "file", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if recipe == "" {
				return boot.Usage(errors.New("`vigil model modalities` wants --recipe, that of the training"))
			}
			r, err := train.ReadRecipe(recipe, set)
			if err != nil {
				return boot.Usage(err)
			}
			if len(paths.Data) == 0 && !r.Invented() {
				return boot.Usage(errors.New("--data is missing: name the folder of the recorded stays"))
			}
			list, loads, test, err := r.Subsets(cmd.Context(), paths, args[0], runtime.GOMAXPROCS(0), seed)
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Usage(err))
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(modalitiesReport{args[0], test, list, loads})
			}
			var b strings.Builder
			if r.Invented() {
				b.WriteString("INVENTED stays: nobody in them ever lived\n")
			}
			b.WriteString(testLine(test) + "\n")
			writeSubsets(&b, list)
			writeLoads(&b, list[0].Modalities, loads)
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&recipe, "recipe", "", "recipe that the model was trained with: a file, or the name of one in the binary")
	f.StringSliceVar(&paths.Data, "data", nil, "folder or archive of recorded stays; may be given several times")
	f.StringArrayVar(&set, "set", nil, "change a key of the recipe, KEY=VALUE; may be given several times")
	linkedFlags(f, &paths.Linked)
	f.Uint64Var(&seed, "seed", 1, "seed of the intervals")
	f.BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// modalitiesReport is what --json prints.
type modalitiesReport struct {
	Model   string             `json:"model"`
	Part    train.Part         `json:"test_part"`
	Subsets []train.Subset     `json:"subsets"`
	Loads   []train.ExpertLoad `json:"experts"`
}

// writeSubsets is the table of what the modalities are worth.
func writeSubsets(b *strings.Builder, list []train.Subset) {
	widest := len("given")
	for _, s := range list {
		widest = max(widest, len(strings.Join(s.Modalities, "+")))
	}
	fmt.Fprintf(b, "%-*s  %-25s  %-26s", widest, "given", "AUROC", "all above it by")
	if list[0].Ideal != nil {
		b.WriteString("  ideal   ideal above it by")
	}
	b.WriteByte('\n')
	for i, s := range list {
		less := s.Less.String()
		if i == 0 {
			less = "-"
		}
		fmt.Fprintf(b, "%-*s  %-25s  %-26s", widest, strings.Join(s.Modalities, "+"), s.AUROC, less)
		if s.Ideal != nil {
			fmt.Fprintf(b, "  %.4f  %.4f", *s.Ideal, *s.IdealLess)
		}
		b.WriteByte('\n')
	}
}

// writeLoads draws the experts' shares, a bar of ten for the whole of a router.
func writeLoads(b *strings.Builder, modalities []string, loads []train.ExpertLoad) {
	if len(loads) == 0 {
		return
	}
	b.WriteString("\nshares in which the experts are chosen\n")
	for i, l := range loads {
		what := "all stays"
		if i > 0 {
			what = strings.Join(l.Present, "+")
			if what == "" {
				what = "nothing"
			}
			what += " there"
		}
		fmt.Fprintf(b, "%s (%d)\n", what, l.Stays)
		for k, shares := range l.Experts {
			name := "router"
			if len(l.Experts) == len(modalities) {
				name = modalities[k]
			}
			fmt.Fprintf(b, "  %-8s", name)
			for _, v := range shares {
				fmt.Fprintf(b, " %3.0f%% %-5s", 100*v, strings.Repeat("#", int(10*v+0.5)))
			}
			b.WriteByte('\n')
		}
	}
}
