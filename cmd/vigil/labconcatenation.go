package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion/lab"
)

// concatenationCommand gives the user a judgement of FuseMoE against a plainer network of as many
// parameters, with an interval over seeds.
func concatenationCommand() *cobra.Command {
	r := lab.Rivalry{Recipe: "fleximodal", Seeds: 5, Threads: runtime.GOMAXPROCS(0)}
	var asJSON bool
	cmd := &cobra.Command{
		Use: "concatenation --data DIR", Short: "FuseMoE against a network that joins the modalities in its head", Args: noArgs,
		Example: `  vigil lab fleximodal --out pumps
  vigil lab concatenation --data pumps            5 seeds of both, some minutes`,
		Long: `Trains the recipe fleximodal and the same without experts, of as many parameters within 2 %,
on the same examples, epochs and batches, and prints AUROC on the test part by seed, the
mean difference with its interval over the seeds (Student's t), and that of the means of
the seeds' probabilities (over subjects). The sizes fit the directory that ` + "`vigil lab fleximodal`" + `
writes.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if r.Data == "" {
				return boot.Usage(errors.New("--data is missing: name the directory; `vigil lab fleximodal` writes one"))
			}
			if r.Seeds < 2 || r.Seeds > 100 {
				return boot.Usage(fmt.Errorf("--seeds %d: want 2 to 100", r.Seeds))
			}
			r.Tell = func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) }
			c, err := r.Run(cmd.Context())
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Failure(err))
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(c)
			}
			return c.Write(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.Data, "data", "", "directory, as vigil lab fleximodal writes")
	f.IntVar(&r.Seeds, "seeds", r.Seeds, "of training, from 1 on")
	f.StringArrayVar(&r.Set, "set", nil, "change a key of the recipe for both, KEY=VALUE; may be given several times")
	f.BoolVar(&asJSON, "json", false, "one JSON object on stdout")
	return cmd
}
