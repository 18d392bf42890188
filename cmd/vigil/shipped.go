package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/schemas"
)

// sourcesCommand gives the user what can be played and what can be sent.
func sourcesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "sources", Short: "List what can be played, and the ways in for live data", Args: noArgs,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			for _, d := range dataSets {
				fmt.Fprintf(w, "%s\t%s\tvigil demo --data DIR, vigil replay %s DIR\n", d.name, d.about, d.name)
			}
			fmt.Fprintf(w, "synth\tan invented unit, in the program\tvigil demo, vigil replay synth\n")
			fmt.Fprintf(w, "jsonlines\tlive messages, one JSON object a line\tvigil publish FILE|-\n")
			fmt.Fprintf(w, "Kafka\tlive messages of your own senders, JSON as in schemas/*.schema.json\tvigil serve\n")
			return w.Flush()
		},
	}
}

// recipesCommand gives the user the names that `vigil train --recipe` takes.
func recipesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "recipes", Short: "List the training recipes in the program", Args: noArgs,
		Long: "Each is used by `vigil train --recipe NAME`; a file of your own by its path.\n\nVigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			for _, name := range train.RecipeNames() {
				r, err := train.ReadRecipe(name, nil)
				if err != nil {
					return boot.Failure(err)
				}
				fmt.Fprintf(w, "%s\t%s\n", name, r.About)
			}
			return w.Flush()
		},
	}
}
