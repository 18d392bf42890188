package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// alertsCommand holds the commands that read the alert topic of a running Vigil.
func alertsCommand() *cobra.Command {
	return group("alerts", "Follow the alerts, or write them out as JSON lines", alertsTail(), alertsExport())
}

// alertsTail gives the user one line for each revision of an alert, as it comes, until Ctrl-C.
func alertsTail() *cobra.Command {
	var (
		k    boot.Kafka
		all  bool
		json bool
	)
	cmd := &cobra.Command{
		Use: "tail", Short: "Follow the alerts as they come; Ctrl-C ends it", Args: noArgs,
		Example: `  vigil alerts tail                          of a demo started with --port 9092
  vigil alerts tail --all --json             from the beginning, as JSON lines`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Vigil, %s: alerts of %s\n", schemas.Notice, strings.Join(k.Brokers, ","))
			err = c.Follow(cmd.Context(), schemas.TopicAlerts, all, func(m *schemas.Message) error {
				return printAlert(cmd.OutOrStdout(), m, json)
			})
			if cmd.Context().Err() != nil {
				return boot.Interrupted()
			}
			if err != nil {
				return boot.Dependency(err)
			}
			return nil
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	cmd.Flags().BoolVar(&all, "all", false, "from the beginning, not from now on")
	cmd.Flags().BoolVar(&json, "json", false, "one JSON object a line")
	return cmd
}

// alertsExport gives the user all alerts that the topic holds, their bodies one a line, and ends.
func alertsExport() *cobra.Command {
	var k boot.Kafka
	cmd := &cobra.Command{
		Use: "export", Short: "Write all alerts to stdout as JSON lines and end", Args: noArgs,
		Example: `  vigil alerts export --brokers kafka:9092 > alerts.jsonl`,
		Long:    "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := k.Reach(cmd.Context())
			if err != nil {
				return err
			}
			err = c.Each(cmd.Context(), schemas.TopicAlerts, func(m *schemas.Message) error {
				return printAlert(cmd.OutOrStdout(), m, true)
			})
			if cmd.Context().Err() != nil {
				return boot.Interrupted()
			}
			if err != nil {
				return boot.Dependency(err)
			}
			return nil
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	return cmd
}

// printAlert writes an alert on one line; claims and other records are skipped.
func printAlert(w io.Writer, m *schemas.Message, json bool) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert {
		return nil
	}
	if json {
		_, err := fmt.Fprintf(w, "%s\n", m.Value)
		return err
	}
	a, err := schemas.DecodeAlert(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	_, err = fmt.Fprintln(w, bedside.AlertLine(a))
	return err
}
