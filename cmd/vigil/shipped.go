package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
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

// policyCommand holds the commands about policies.
func policyCommand() *cobra.Command {
	return group("policy", "Show by which rules numbers become alerts", policyShow())
}

// policyShow gives the user the policy in use without --policy, to read or to start an own one from.
func policyShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [FILE]", Short: "Print a policy, after a check; without a file the shipped one, with its comments",
		Example: `  vigil policy show > policy.yaml     a copy to change, for --policy
  vigil policy show policy.yaml       is it one? its hash, as scores and alerts have it, is said on stderr`,
		Long: "Vigil is " + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return boot.Usage(fmt.Errorf("`vigil policy show` takes one file, found %d arguments: see `vigil policy show --help`", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			text, name := alerts.DefaultPolicyYAML(), "the shipped policy"
			if len(args) == 1 {
				var err error
				if text, err = os.ReadFile(args[0]); err != nil {
					return boot.Usage(err)
				}
				name = args[0]
			}
			p, err := alerts.ParsePolicy(text)
			if err != nil {
				return boot.Usage(fmt.Errorf("%s: %w", name, err))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Vigil, %s: %s, sha256 %s\n", schemas.Notice, name, p.Hash())
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
