package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
)

// fleximodalCommand gives the user a directory of invented data that is no ICU's, as an example of
// the format that any data may come in.
func fleximodalCommand() *cobra.Command {
	var out string
	var seed uint64
	size := fleximodal.Usual
	cmd := &cobra.Command{
		Use: "fleximodal --out DIR", Short: "Write an invented set of three modalities that is no ICU", Args: noArgs,
		Example: `  vigil lab fleximodal --out pumps
  vigil train --recipe fleximodal --data pumps --out pumps.safetensors`,
		Long: `Writes DIR with a manifest, a table of each modality and one of labels: pumps that fail or
not, irregular times, every modality missing of some. The same seed and sizes give the same
bytes. ` + "`go doc ./fusion/fleximodal`" + ` describes the format, which is that of any data of your own.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return boot.Usage(errors.New("--out is missing: name the directory to write"))
			}
			if least := min(size.Train, size.Validation, size.Test); least < 1 || max(size.Train, size.Validation, size.Test) > 1_000_000 {
				return boot.Usage(errors.New("want --train, --validation and --test of 1 to 1000000"))
			}
			if err := newFile(out); err != nil {
				return boot.Usage(err)
			}
			if err := fleximodal.Generate(out, seed, size); err != nil {
				return boot.Failure(err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d subjects to train on, %d to validate with, %d to test on\n", out, size.Train, size.Validation, size.Test)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "directory to write; it must not be there")
	f.Uint64Var(&seed, "seed", 1, "of all that is invented")
	f.IntVar(&size.Train, "train", size.Train, "subjects to train on")
	f.IntVar(&size.Validation, "validation", size.Validation, "subjects to choose the epoch by")
	f.IntVar(&size.Test, "test", size.Test, "subjects that training never sees")
	return cmd
}
