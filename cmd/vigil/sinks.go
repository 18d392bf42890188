package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/alerts/sinks/delivery"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// sinksCommand holds the commands about the systems that alerts go to.
func sinksCommand() *cobra.Command {
	return group("sinks", "Give the alerts to other systems: FHIR, HL7 v2, webhooks, Alertmanager, MEDS, files",
		sinksCheck(), sinksInit(), sinksList(), sinksResend(), sinksRun(), sinksTest())
}

// sinksFile is the file of sinks without --config.
const sinksFile = "sinks.yaml"

// sinksFlag names the file of sinks.
func sinksFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", sinksFile, "file of sinks, see vigil sinks init")
}

// readSinks reads a file of sinks.
func readSinks(file string) (*sinks.Config, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, boot.Usage(fmt.Errorf("--config: %w; `vigil sinks init` writes one to start from", err))
	} else if err != nil {
		return nil, boot.Usage(fmt.Errorf("--config: %w", err))
	}
	c, err := sinks.Parse(text)
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("%s: %w", file, err))
	}
	return c, nil
}

// outside is what sinks take from this machine.
var outside = sinks.Environment{Now: time.Now}

// sinkKinds says of each kind what it sends, by which words a receiver knows a repeat, and what it is tested against.
var sinkKinds = [][4]string{
	{"alertmanager", "Prometheus Alertmanager, API v2; open alerts are told again, ended ones resolved", "labels", "alertmanager"},
	{"fhir", "FHIR R4: RiskAssessment, Flag, Communication by transaction; DeviceAlert of the R6 ballot by a switch", "identifier", "HAPI FHIR's validator"},
	{"file", "JSON lines, the bodies of the alert topic", "id and revision", "the schema of alerts"},
	{"hl7", "HL7 v2.6 over MLLP: ORU^R01 for a flowsheet, ORU^R40 of IHE ACM, answered by ORA^R41", "MSH-10", "HAPI's server"},
	{"meds", "predictions as Parquet, a file a day", "subject_id and prediction_time", "meds-evaluation"},
	{"webhook", "CloudEvents 1.0, or the payload of Alertmanager's webhook; signed by Standard Webhooks", "id", "cloudevents, standardwebhooks"},
}

// sinksList gives the user the kinds of sinks, or how those of a file stand.
func sinksList() *cobra.Command {
	var (
		k    boot.Kafka
		file string
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List the kinds of sinks, or with --config how those of a file stand", Args: noArgs,
		Example: `  vigil sinks list
  vigil sinks list --config sinks.yaml --brokers kafka:9092     position, lag and dead letters of each`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			if !cmd.Flags().Changed("config") {
				fmt.Fprintln(w, "kind\tsends\ta repeat is known by\ttested against")
				for _, kind := range sinkKinds {
					fmt.Fprintln(w, strings.Join(kind[:], "\t"))
				}
				return w.Flush()
			}
			c, err := readSinks(file)
			if err != nil {
				return err
			}
			cluster, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer cluster.Close()
			ctx := cmd.Context()
			_, next, err := cluster.Ends(ctx, schemas.TopicAlerts)
			if err != nil {
				return interruptedOr(ctx, boot.Dependency(err))
			}
			service := &delivery.Service{Cluster: cluster, Now: time.Now}
			fmt.Fprintln(w, "name\tkind\treceiver\tposition\tdead letters")
			for i := range c.Sinks {
				s := &c.Sinks[i]
				committed, err := cluster.Committed(ctx, delivery.GroupOf(s.Name), schemas.TopicAlerts)
				if err != nil {
					return interruptedOr(ctx, boot.Dependency(err))
				}
				letters, err := service.Letters(ctx, s.Name)
				if err != nil {
					return interruptedOr(ctx, boot.Dependency(err))
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", s.Name, s.Kind(), s.Receiver(), positionOf(committed, next), len(letters))
			}
			return w.Flush()
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	sinksFlag(cmd, &file)
	return cmd
}

// positionOf says how far a sink is behind the end of the alerts.
func positionOf(committed, next []int64) string {
	behind, none := int64(0), 0
	for p, at := range committed {
		if at < 0 {
			none++
		} else {
			behind += next[p] - at
		}
	}
	switch {
	case none == len(committed):
		return "none yet"
	case none > 0:
		return fmt.Sprintf("%d records behind, none yet in %d partitions", behind, none)
	}
	return fmt.Sprintf("%d records behind", behind)
}

// sinksCheck tells the user whether a file of sinks can be used.
func sinksCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check a file of sinks: keys, values, and the files that it names",
		Example: "  vigil sinks check sinks.yaml",
		Long:    "No receiver is asked: that is what `vigil sinks test NAME` does.\n\nVigil is " + schemas.Notice + ".",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := readSinks(args[0])
			if err != nil {
				return err
			}
			for i := range c.Sinks {
				s := &c.Sinks[i]
				if s.File == nil && s.MEDS == nil { // those would take their lock, which a running process has
					sink, err := delivery.Open(s, outside)
					if err != nil {
						return boot.Usage(fmt.Errorf("%s: %w", args[0], err))
					}
					_ = sink.Close()
				}
			}
			for i := range c.Sinks {
				s := &c.Sinks[i]
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s to %s; waits %s, refused %s, then a dead letter\n", s.Name, s.Kind(), s.Receiver(), forEver(s.DeadLetterAfter), s.RefusedAfter)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s ok\n", args[0])
			return err
		},
	}
}

func forEver(d time.Duration) string {
	if d == 0 {
		return "for ever"
	}
	return d.String()
}

// sinksInit gives the user a file of sinks to change.
func sinksInit() *cobra.Command {
	return &cobra.Command{
		Use: "init [FILE]", Short: "Write a file of sinks to start from: one of each kind, with comments",
		Example: "  vigil sinks init sinks.yaml         without FILE: sinks.yaml; - for stdout",
		Long:    "Vigil is " + schemas.Notice + ".",
		Args:    atMostOneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return writeNew(cmd, args, sinksFile, sinks.Template(), "change it, then: vigil sinks check %[1]s; vigil sinks test NAME --config %[1]s; vigil sinks run --config %[1]s")
		},
	}
}

// sinksTest sends an alert that says of itself that it is none.
func sinksTest() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Send an alert that is marked as a test to the receiver of a sink, begin and end; exit 3 if it is away, 4 if it refuses",
		Example: "  vigil sinks test ward-fhir --config sinks.yaml",
		Long: `The alert is of the patient vigil-test:0, technical, of severity low, and says TEST. It ends at once. A file
gets its two lines; a folder of predictions gets none, and is only tried.

Vigil is ` + schemas.Notice + ".",
		Args: oneSink,
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openSink(file, args[0])
			if err != nil {
				return err
			}
			defer l.Sink.Close()
			notices := sinks.TestNotices(args[0], time.Now())
			for i := range notices {
				begun := time.Now()
				ctx, cancel := contextFor(cmd, l)
				_, err := l.Sink.Deliver(ctx, notices[i:i+1])
				cancel()
				if err != nil {
					return deliveryError(cmd.Context(), args[0], err)
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s has taken the %s of a test alert in %d ms, key %s\n", args[0], notices[i].Phase, time.Since(begun).Milliseconds(), notices[i].Key())
			}
			return nil
		},
	}
	sinksFlag(cmd, &file)
	return cmd
}

// oneSink wants the name of a sink.
func oneSink(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return boot.Usage(fmt.Errorf("`%s` wants one NAME, as it stands in the file of sinks, found %d: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
	}
	return nil
}
