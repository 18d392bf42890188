package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// channelsCommand gives the user the table of what can be sent, one line a channel, or all that is known
// of some of them.
func channelsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "channels [NAME...]", Short: "List the channels that can be sent: unit, plausible range, codes, what reads them",
		Example: `  vigil channels                     the table
  vigil channels heart_rate          its units and codes
  vigil channels 8867-4              the same, found by a code of LOINC, MDC or a data set
  vigil channels --json              for programs`,
		Long: "A value may be sent by the channel's name, in its unit or in one that is converted, or by a code.\n\nVigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, args []string) error {
			var found []channelLine
			model := modelChannels(fusion.Shipped())
			for c := schemas.Channel(1); int(c) < schemas.NumChannels() && len(args) == 0; c++ {
				found = append(found, describeChannel(c, model))
			}
			for _, name := range args {
				channels, err := channelsNamed(name)
				if err != nil {
					return err
				}
				for _, c := range channels {
					found = append(found, describeChannel(c, model))
				}
			}
			switch out := cmd.OutOrStdout(); {
			case asJSON:
				return printJSON(out, found)
			case len(args) == 0:
				return printChannelTable(out, found)
			default:
				return printChannels(out, found)
			}
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "a list of JSON objects")
	return cmd
}

// channelsNamed finds a channel by its name, or all that have a code.
func channelsNamed(name string) (found []schemas.Channel, err error) {
	if c, ok := schemas.ChannelByName(name); ok {
		return []schemas.Channel{c}, nil
	}
	for _, system := range schemas.CodeSystems {
		if c, _, ok := schemas.ChannelByCode(system, name); ok && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	near := ":"
	if c, ok := schemas.NearestChannel(name); ok {
		near = fmt.Sprintf("; did you mean %s?", c.Info().Name)
	}
	return nil, boot.Usage(fmt.Errorf("there is no channel or code %q%s `vigil channels` lists all", name, near))
}

// channelLine is what people and programs are told of a channel.
type channelLine struct {
	Name   string              `json:"name"`
	Group  string              `json:"group"`
	LOINC  string              `json:"loinc"`
	Unit   string              `json:"unit"`
	Units  []string            `json:"accepted_units"`
	Low    float64             `json:"low"`
	High   float64             `json:"high"`
	Codes  map[string][]string `json:"codes"`
	ReadBy []string            `json:"read_by"` // news2, model: that in the binary
}

// describeChannel puts a line of the channel table into words. model has what the model reads.
func describeChannel(c schemas.Channel, model map[schemas.Channel]bool) channelLine {
	info := c.Info()
	line := channelLine{Name: info.Name, Group: info.Group, LOINC: info.LOINC, Unit: info.Unit, Units: []string{info.Unit},
		Low: info.Low, High: info.High, Codes: map[string][]string{}, ReadBy: []string{}}
	for _, k := range info.Conversions {
		if !slices.ContainsFunc(line.Units, func(u string) bool { return strings.EqualFold(u, k.Unit) }) {
			line.Units = append(line.Units, k.Unit)
		}
	}
	add := func(system string, codes ...string) {
		for _, code := range codes {
			if of, _, ok := schemas.ChannelByCode(system, code); ok && of == c { // another channel may have it first
				line.Codes[system] = append(line.Codes[system], code)
			}
		}
	}
	add("loinc", info.LOINC)
	for _, code := range info.AlsoLOINC {
		add("loinc", code.Name)
	}
	for _, code := range info.MDC {
		add("mdc", code.Name)
	}
	for _, item := range info.MIMIC3 {
		add("mimic-iii", fmt.Sprint(item.ID))
	}
	for _, item := range info.MIMIC4 {
		add("mimic-iv", fmt.Sprint(item.ID))
	}
	for _, code := range info.EICU {
		add("eicu", code.Name)
	}
	add("physionet2012", info.PhysioNet)
	if slices.ContainsFunc(alerts.InputChannels[:], func(in schemas.ChannelInfo) bool { return in.ID == c }) {
		line.ReadBy = append(line.ReadBy, "news2")
	}
	if model[c] {
		line.ReadBy = append(line.ReadBy, "model")
	}
	return line
}

// modelChannels are the channels that a model reads.
func modelChannels(m *fusion.Model) map[schemas.Channel]bool {
	read := map[schemas.Channel]bool{}
	for _, c := range m.Channels() {
		read[c.ID] = true
	}
	return read
}

// printChannelTable prints one line a channel.
func printChannelTable(out io.Writer, lines []channelLine) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tUNIT\tRANGE\tLOINC\tREAD BY")
	for i := range lines {
		l := &lines[i]
		fmt.Fprintf(w, "%s\t%s\t%g to %g\t%s\t%s\n", l.Name, l.Unit, l.Low, l.High, dash(l.LOINC), dash(strings.Join(l.ReadBy, ", ")))
	}
	return w.Flush()
}

// printChannels prints all that is known of some channels.
func printChannels(out io.Writer, lines []channelLine) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for i := range lines {
		l := &lines[i]
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s\n  group\t%s\n  unit\t%s\n  accepted units\t%s\n  plausible range\t%g to %g %s\n  read by\t%s\n",
			l.Name, l.Group, l.Unit, strings.Join(l.Units, ", "), l.Low, l.High, l.Unit, dash(strings.Join(l.ReadBy, ", ")))
		for _, system := range schemas.CodeSystems {
			if codes := l.Codes[system]; len(codes) > 0 {
				fmt.Fprintf(w, "  %s\t%s\n", system, strings.Join(codes, ", "))
			}
		}
	}
	return w.Flush()
}

// printJSON prints a value as indented JSON, units such as "<" as they are.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// dash stands in a table where there is nothing.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
