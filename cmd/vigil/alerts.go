package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// alertsCommand holds the commands that read the alert topic of a running Vigil, and answer to it.
func alertsCommand() *cobra.Command {
	return group("alerts", "Follow the alerts, write them out, answer one, verify one, or say what they were worth",
		alertsTail(), alertsExport(), alertsAck(), alertsSnooze(), alertsVerdict(), alertsVerify(), alertsReport())
}

// alertsTail gives the user one line for each revision of an alert, as it comes, until Ctrl-C.
func alertsTail() *cobra.Command {
	var (
		k    boot.Kafka
		f    alertFilter
		all  bool
		json bool
	)
	cmd := &cobra.Command{
		Use: "tail", Short: "Follow the alerts as they come; Ctrl-C ends it", Args: noArgs,
		Example: `  vigil alerts tail                          of the demo that runs on this machine, or of 127.0.0.1:9092
  vigil alerts tail --all --json             from the beginning, as JSON lines
  vigil alerts tail --severity high --unit ICU --since 2h`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(time.Now()); err != nil {
				return err
			}
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Vigil, %s: alerts of %s\n", schemas.Notice, strings.Join(k.Brokers, ","))
			err = followAlerts(cmd.Context(), c, &f, all || f.since != "", func(m *schemas.Message) error {
				return printAlert(cmd.OutOrStdout(), m, &f, json)
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
	f.flags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "from the beginning, not from now on")
	cmd.Flags().BoolVar(&json, "json", false, "one JSON object a line")
	return cmd
}

// alertsExport gives the user all alerts that the topic holds, their bodies one a line, and ends.
func alertsExport() *cobra.Command {
	var (
		k boot.Kafka
		f alertFilter
	)
	cmd := &cobra.Command{
		Use: "export", Short: "Write all alerts to stdout as JSON lines and end", Args: noArgs,
		Example: `  vigil alerts export --brokers kafka:9092 > alerts.jsonl`,
		Long:    "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(time.Now()); err != nil {
				return err
			}
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			err = f.learnUnits(cmd.Context(), c)
			if err == nil {
				err = c.Each(cmd.Context(), schemas.TopicAlerts, func(m *schemas.Message) error {
					return printAlert(cmd.OutOrStdout(), m, &f, true)
				})
			}
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
	f.flags(cmd)
	return cmd
}

// followAlerts calls see for the alerts as they come, and keeps up with where the patients lie if the filter
// asks for a unit.
func followAlerts(ctx context.Context, c *kafka.Cluster, f *alertFilter, all bool, see func(*schemas.Message) error) error {
	if f.unit == "" {
		return c.Follow(ctx, schemas.TopicAlerts, all, see)
	}
	if err := f.learnUnits(ctx, c); err != nil {
		return err
	}
	var mu sync.Mutex // the filter's units
	locked := func(see func(*schemas.Message) error) func(*schemas.Message) error {
		return func(m *schemas.Message) error {
			mu.Lock()
			defer mu.Unlock()
			return see(m)
		}
	}
	g, both := errgroup.WithContext(ctx)
	g.Go(func() error { return c.Follow(both, schemas.TopicADT, true, locked(f.learnUnit)) })
	g.Go(func() error { return c.Follow(both, schemas.TopicAlerts, all, locked(see)) })
	return g.Wait()
}

// printAlert writes an alert that is wanted on one line; claims and other records are skipped.
func printAlert(w io.Writer, m *schemas.Message, f *alertFilter, json bool) error {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert {
		return nil
	}
	a, err := schemas.DecodeAlert(m.Value)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: %w", m.Topic, m.Partition, m.Offset, err)
	}
	if !f.wants(m, a) {
		return nil
	}
	if json {
		_, err = fmt.Fprintf(w, "%s\n", m.Value)
	} else {
		_, err = fmt.Fprintln(w, alertLine(a))
	}
	return err
}
