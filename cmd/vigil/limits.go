package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/schemas"
)

// limitsCommand gives the user the table of limits.
func limitsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "limits", Short: "List what one sender, patient, message, hour or run may bring, and what becomes of what is beyond", Args: noArgs,
		Example: `  vigil limits                       the table
  vigil serve --limit senders=128    ... and another value for one of them
  vigil limits --json                for programs`,
		Long: `Those in the log are asked for by the log of each partition, as model and policy are, where a site sets
them: all workers must have the same, and to change them is a switch (vigil serve --switch), which is
best made while no run is being played.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var lines []limitLine
			for _, l := range schemas.AllLimits() {
				r := l.Info()
				lines = append(lines, limitLine{r.Name, r.Format(r.Shipped), r.Format(r.Least), r.Format(r.Most), r.Logged, r.What, r.Beyond})
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), lines)
			}
			return printLimits(cmd.OutOrStdout(), lines)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "a list of JSON objects")
	return cmd
}

// limitLine is what people and programs are told of a limit. The values are as --limit takes them.
type limitLine struct {
	Name    string `json:"name"`
	Shipped string `json:"shipped"`
	Least   string `json:"least"`
	Most    string `json:"most"`
	Logged  bool   `json:"in_the_log"`
	What    string `json:"what"`
	Beyond  string `json:"beyond"`
}

// printLimits prints the table, and below it the limits that no site may set.
func printLimits(out io.Writer, lines []limitLine) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSHIPPED\tMAY BE\tIN THE LOG\tWHAT\tBEYOND IT")
	for _, l := range lines {
		logged := "-"
		if l.Logged {
			logged = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s to %s\t%s\t%s\t%s\n", l.Name, l.Shipped, l.Least, l.Most, logged, l.What, l.Beyond)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, `
Fixed: a value may be measured up to %d min after it came (beyond: dead letter future), a sender's clock may be
off by %d s (beyond: flag clock_off, the status line names the sender), a stay may be without data for %d days, 24 h where
none was announced (beyond: it ends, cause silence).
`, schemas.MaxAhead/schemas.Minute, schemas.MaxSkew/schemas.Second, schemas.MaxUnheard/(24*schemas.Hour))
	return err
}
