package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/parity"
	"github.com/vigil-icu/vigil/fusion/train"
)

// modelCommand holds the commands that look at model files.
func modelCommand() *cobra.Command {
	return group("model", "Look at a model file, or check the network against golden vectors", modelList(), modelShow(), modelVerify(), modelUse(), modelDescribe(), modelScore(), modelModalities(), modelParity())
}

// argument takes at most one argument, and at least as many as least says.
func argument(command, what string, least int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > 1 {
			return boot.Usage(fmt.Errorf("`vigil model %s` takes one %s, found %d: see `vigil model %s --help`", command, what, len(args), command))
		}
		return nil
	}
}

// modelList gives the user the models in the binary, the one that serves where none is named first.
func modelList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the models in the binary: name, hash, whether trained, what it tells", Args: noArgs,
		Example: `  vigil model list`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, name := range fusion.ShippedNames() {
				m := fusion.Named(name)
				state, note := "trained", ""
				if !m.Trained() {
					state = "untrained"
				}
				if m == fusion.Shipped() {
					note = ", serves where no other is named"
				}
				var tasks []string
				for _, task := range m.Config().Tasks {
					if task.Report == fusion.ReportRisk {
						tasks = append(tasks, task.Name)
					}
				}
				fmt.Fprintf(t, "%s\t%.12s\t%s\t%s%s\n", name, m.Hash(), state, strings.Join(tasks, ", "), note)
			}
			return t.Flush()
		},
	}
}

// modelShow gives the user a model's card: what it was trained on, what it reads and answers, and
// how well it did.
func modelShow() *cobra.Command {
	var asJSON, asXML, card bool
	cmd := &cobra.Command{
		Use: "show [MODEL]", Short: "Print the card of a model, a file or one in the binary; without it that of the one that serves",
		Example: `  vigil model show
  vigil model show untrained
  vigil model show my-model.safetensors --json
  vigil model show --card > card.md`,
		Args: argument("show", "file", 0),
		RunE: func(cmd *cobra.Command, args []string) error {
			m := fusion.Shipped()
			if len(args) == 1 {
				var err error
				if m, err = fusion.Open(args[0]); err != nil {
					return boot.Usage(err)
				}
			}
			record, err := train.RecordOf(m)
			if err != nil {
				return boot.Problems(err)
			}
			if asXML && !card {
				return boot.Usage(errors.New("--xml is for --card: name both"))
			}
			if card {
				return writeCard(cmd.OutOrStdout(), m, record, asJSON, asXML)
			}
			if asJSON {
				b, err := json.MarshalIndent(m.Card(), "", "  ")
				if err != nil {
					return boot.Failure(err)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", b)
				return err
			}
			var b strings.Builder
			b.WriteString(m.Card().String())
			if record != nil && len(record.Hours) > 0 {
				b.WriteString("\n" + testLine(record.Splits[len(record.Splits)-1]))
				writeHours(&b, record.Hours)
			}
			if d := m.Config().Description; d != nil {
				b.WriteString("\n")
				writeDescription(&b, d)
			}
			_, err = io.WriteString(cmd.OutOrStdout(), b.String())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVar(&asXML, "xml", false, "with --card: as XML, an instance of the schema of CHAI's applied model card, version "+chaiVersion)
	cmd.Flags().BoolVar(&card, "card", false, "the card in the fields of the Coalition for Health AI (CHAI): uses, warnings, data, metrics")
	return cmd
}

// modelVerify tells the user whether a model file may be served, by its line and its exit code.
func modelVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "Check a model file: form, shapes, finite weights, and that it can serve; exit 4 if not",
		Example: `  vigil model verify my-model.safetensors`,
		Args:    argument("verify", "file", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := fusion.Load(args[0])
			if err != nil {
				return boot.Problems(err)
			}
			if err := boot.FitsEncoders(m); err != nil {
				return boot.Problems(fmt.Errorf("%s: %w", args[0], err))
			}
			c := m.Card()
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "ok %s %d parameters, %d channels, %d tasks\n", c.Hash, c.Parameters, len(c.Channels), len(c.Tasks))
			return err
		},
	}
}

// modelParity gives the user a line for each golden vector of the published network with the error
// of these layers, so that anybody can check that they compute what the publication's do.
func modelParity() *cobra.Command {
	return &cobra.Command{
		Use: "parity DIR", Short: "Hold the network's layers against golden vectors of the published code; exit 4 if one is off",
		Long: `Computes every case of DIR (index.json and safetensors files) with the layers that
train and serve, and prints for each its largest error, what is allowed there, and
whether it is ok: its outputs in float64 and float32 and its gradients in float64 must
be. The error shown is the one nearest to its tolerance of the three.`,
		Example: `  vigil model parity ../shared/reference/fusemoe`,
		Args:    argument("parity", "folder", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			results, err := parity.Walk(args[0])
			if err != nil {
				return boot.Usage(fmt.Errorf("golden vectors in %s: %w", args[0], err))
			}
			out, failed := cmd.OutOrStdout(), 0
			for i := range results {
				r := &results[i]
				word := "ok"
				if !r.OK {
					word, failed = "FAILED "+r.Err, failed+1
				}
				e := r.Worst()
				if _, err := fmt.Fprintf(out, "%s %.3g %.3g %s\n", r.Name, e.Max, e.Tolerance, word); err != nil {
					return err
				}
			}
			if _, err := fmt.Fprintf(out, "%d ok, %d failed\n", len(results)-failed, failed); err != nil || failed == 0 {
				return err
			}
			return boot.Problems(fmt.Errorf("%d of %d cases are off", failed, len(results)))
		},
	}
}
