package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
)

func modelCommand() *cobra.Command { return group("model", "Look at a model file", modelShow()) }

func modelShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show [FILE]", Short: "Print the model's card; without a file that of the shipped model",
		Example: `  vigil model show
  vigil model show my-model.safetensors --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return boot.Usage(fmt.Errorf("`vigil model show` takes one file, found %d: see `vigil model show --help`", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m := fusion.Shipped()
			if len(args) == 1 {
				var err error
				if m, err = fusion.Load(args[0]); err != nil {
					return boot.Usage(err)
				}
			}
			if asJSON {
				b, err := json.MarshalIndent(m.Card(), "", "  ")
				if err != nil {
					return boot.Failure(err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", b)
				return err
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), m.Card())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}
