package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/codes"
)

// codesCommand holds the commands about a site's own codes.
func codesCommand() *cobra.Command {
	return group("codes", "Begin and check a table of a site's own names and codes", codesInit(), codesCheck())
}

// codesGuide is the file of `vigil codes init`.
const codesGuide = `# A site's own names and codes, laid over the channel table of Vigil (vigil channels). A row says
# which channel a code is, in which unit its numbers come where a message names none, and by
# what they are multiplied. A row goes before what the table says of the same code.
#
#   vigil codes check FILE                   what each row means
#   vigil codes check FILE --data DIR        ... and which codes of a recorded ICU are still not read
#   vigil serve --codes FILE ...             demo and replay take it too
version: 1
codes:
  # A code of a system of the site's own, as messages have it in "system" and "code".
  - {system: example-lab, code: CREA, channel: creatinine, unit: umol/L}
  # A number that comes in tenths of a degree, whatever unit is written beside it.
  - {system: example-monitor, code: TEMP10, channel: temperature, factor: 0.1}
  # A name in place of a channel's, as in "values": {"example_pulse": 80}.
  - {name: example_pulse, channel: heart_rate}
  # An item of MIMIC-III, MIMIC-IV (by item id) or a parameter of PhysioNet 2012 (by name):
  # - {system: mimic-iv, code: 220045, channel: heart_rate}
`

// codesInit gives the user a table to change.
func codesInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a table of own codes to start from, with a row of each kind",
		Example: "  vigil codes init codes.yaml         without FILE: codes.yaml; - for stdout",
		Long:    "Vigil is " + schemas.Notice + ".",
		Args:    atMostOneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeNew(cmd, args, "codes.yaml", []byte(codesGuide), "change it, then: vigil codes check %[1]s; vigil serve --codes %[1]s")
		},
	}
}

// codesCheck tells the user what the rows of a table mean.
func codesCheck() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use: "check FILE", Short: "Check a table of own codes, say what each row means and which codes of data are not read",
		Example: `  vigil codes check codes.yaml
  vigil codes check codes.yaml --data mimic-iv-demo     ... and the 50 commonest items that are not read`,
		Long: "Vigil is " + schemas.Notice + ".",
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			own, rows, err := boot.LoadCodes(args[0])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if err := printCodes(out, rows); err != nil {
				return boot.Failure(err)
			}
			fmt.Fprintf(out, "%s ok: %d rows, sha256 %s\n", args[0], len(rows), own.Hash())
			if data == "" {
				return nil
			}
			src, err := openRecorded(data)
			if err == nil {
				err = useCodes(src, own)
			}
			if err != nil {
				return err
			}
			for _, err := range src.Patients(cmd.Context()) {
				if err != nil {
					return interruptedOr(cmd.Context(), boot.Failure(err))
				}
			}
			return printUnmapped(out, src.Rows().UnmappedCodes)
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "folder or archive of a recorded ICU whose 50 commonest unread codes to list")
	return cmd
}

// printCodes is the table of what rows mean now.
func printCodes(out io.Writer, rows []schemas.SiteCode) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SYSTEM\tCODE\tCHANNEL\tUNIT\tFACTOR\tNOTE")
	for _, r := range rows {
		system, unit, factor, note := cmp.Or(r.System, "(name)"), cmp.Or(r.Unit, r.Channel.Info().Unit), "", ""
		if r.Factor != 0 {
			factor = fmt.Sprint(r.Factor)
		}
		if near := codes.Near(r.System); near != "" {
			note = "a system of your own; or did you mean " + near + "?"
		}
		if c, _, ok := schemas.ChannelByCode(schemas.OwnSystem(r.System), r.Code); ok && c != r.Channel {
			note = "the table has it as " + c.Info().Name
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", system, r.Code, r.Channel.Info().Name, unit, factor, note)
	}
	return w.Flush()
}

// printUnmapped is the table of the commonest codes that nothing reads.
func printUnmapped(out io.Writer, counts []source.CodeCount) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "NOT READ\tROWS\tLABEL\n")
	for _, c := range counts {
		fmt.Fprintf(w, "%s\t%d\t%s\n", c.Code, c.Count, c.Label)
	}
	return w.Flush()
}

// codesFlag is for commands that read what a site writes.
func codesFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "codes", "", "file of the site's own names and codes, see vigil codes init")
}

// useCodes lays own codes over those of a source; nil ones lay nothing over.
func useCodes(src source.Source, own *schemas.SiteCodes) error {
	if own == nil {
		return nil
	}
	reader, ok := src.(interface {
		UseCodes(own *schemas.SiteCodes) error
	})
	if !ok {
		return boot.Usage(errors.New("--codes: " + src.Name() + " has no codes of its own: leave the flag out"))
	}
	if err := reader.UseCodes(own); err != nil {
		return boot.Usage(fmt.Errorf("--codes: %w", err))
	}
	return nil
}
