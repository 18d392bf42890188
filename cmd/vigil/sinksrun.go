package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/alerts/sinks/delivery"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// openSink opens the sink of a name.
func openSink(file, name string) (*delivery.Line, error) {
	c, err := readSinks(file)
	if err != nil {
		return nil, err
	}
	s, err := c.Find(name)
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("%s: %w", file, err))
	}
	sink, err := delivery.Open(s, outside)
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("%s: %w", file, err))
	}
	return &delivery.Line{Settings: *s, Sink: sink}, nil
}

// contextFor is that of one attempt.
func contextFor(cmd *cobra.Command, l *delivery.Line) (context.Context, context.CancelFunc) {
	return context.WithTimeout(cmd.Context(), l.Settings.Timeout)
}

// deliveryError is the exit after a receiver that did not take something.
func deliveryError(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	var refusal *sinks.Refusal
	if errors.As(err, &refusal) {
		answer := ""
		if refusal.Answer != "" {
			answer = "; it says: " + strings.Map(printableOnly, refusal.Answer)
		}
		return boot.Problems(fmt.Errorf("%s: %w%s", name, err, answer))
	}
	return boot.Dependency(fmt.Errorf("%s: %w; is the receiver running, are its address and what lets Vigil in right?", name, err))
}

// sinksRun tells the sinks of the alerts until it is ended.
func sinksRun() *cobra.Command {
	var (
		k    boot.Kafka
		file string
		only []string
	)
	cmd := &cobra.Command{
		Use: "run", Short: "Tell the receivers of a file of sinks of the alerts, as they come; each has a position of its own", Args: noArgs,
		Example: `  vigil sinks run --config sinks.yaml --brokers kafka:9092
  vigil sinks run --config sinks.yaml --brokers kafka:9092 --sink ward-fhir,pager`,
		Long: `It runs beside vigil serve, which it does not need, as one process or several that share the work. A receiver
that is away is tried on with growing pauses and holds up no other one; after the time that the file
states, its alert becomes a dead letter (vigil deadletters tail, vigil sinks resend). Where an alert may have
been told, after a crash or a lost answer, it is told again, with the same key. SIGTERM ends it in good order.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := readSinks(file)
			if err != nil {
				return err
			}
			for _, name := range only {
				if _, err := c.Find(name); err != nil {
					return boot.Usage(fmt.Errorf("--sink: %w", err))
				}
			}
			var lines []*delivery.Line
			defer func() {
				for _, l := range lines {
					_ = l.Sink.Close()
				}
			}()
			for i := range c.Sinks {
				if len(only) > 0 && !slices.Contains(only, c.Sinks[i].Name) {
					continue
				}
				sink, err := delivery.Open(&c.Sinks[i], outside)
				if err != nil {
					return boot.Usage(fmt.Errorf("%s: %w", file, err))
				}
				lines = append(lines, &delivery.Line{Settings: c.Sinks[i], Sink: sink})
			}
			cluster, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer cluster.Close()
			return runSinks(cmd.Context(), cluster, lines, journal(cmd.ErrOrStderr()))
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names and of the consumer groups")
	sinksFlag(cmd, &file)
	cmd.Flags().StringSliceVar(&only, "sink", nil, "only those of these names")
	return cmd
}

// runSinks works until ctx ends, and says every half minute how it stands.
func runSinks(ctx context.Context, c *kafka.Cluster, lines []*delivery.Line, log zerolog.Logger) error {
	c.Log = log
	log.Info().Int("sinks", len(lines)).Msg("Vigil, " + schemas.Notice + ": telling receivers of alerts")
	worked := make(chan error, 1)
	go func() {
		worked <- (&delivery.Service{Cluster: c, Log: log, Now: time.Now}).Run(ctx, lines)
	}()
	status := time.NewTicker(statusEvery)
	defer status.Stop()
	for {
		select {
		case err := <-worked:
			switch {
			case ctx.Err() == nil && err != nil:
				return boot.Dependency(err)
			case !terminated(ctx):
				return boot.Interrupted()
			}
			return nil
		case <-status.C:
			for _, l := range lines {
				s := &l.Stats
				log.Info().Str("sink", l.Settings.Name).Int64("delivered", s.Delivered.Load()).Int64("dead_letters", s.DeadLetters.Load()).
					Int64("failed_attempts", s.Failed.Load()).Int64("waiting_partitions", s.Waiting.Load()).Msg("status")
			}
		}
	}
}

// sinksResend tells a receiver again what became dead letters.
func sinksResend() *cobra.Command {
	var (
		k    boot.Kafka
		file string
		ids  []string
	)
	cmd := &cobra.Command{
		Use: "resend NAME", Short: "Tell the receiver of a sink again the alerts that became dead letters, and what was told of them since",
		Example: `  vigil sinks resend ward-fhir --config sinks.yaml --brokers kafka:9092
  vigil sinks resend ward-fhir --id icu.alerts.v1/3/17/ward-fhir        as vigil deadletters tail prints it`,
		Long: `Of each alert all revisions from the dead letter's on are told, so that the last word is the last. A receiver
that knows their keys shows none twice. It ends with the first that the receiver does not take: exit 3 if it
is away, 4 if it refuses; the same command begins again. Dead letters stay where they are.

Vigil is ` + schemas.Notice + ".",
		Args: oneSink,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			l, err := openSink(file, args[0])
			if err != nil {
				return err
			}
			defer l.Sink.Close()
			cluster, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer cluster.Close()
			service := &delivery.Service{Cluster: cluster, Now: time.Now}
			letters, err := service.Letters(ctx, args[0])
			if err != nil {
				return interruptedOr(ctx, boot.Dependency(err))
			}
			for _, id := range ids {
				if !slices.ContainsFunc(letters, func(l delivery.Letter) bool { return l.ID == id }) {
					return boot.Usage(fmt.Errorf("--id: there is no dead letter %q of the sink %s", id, args[0]))
				}
			}
			if len(ids) > 0 {
				letters = slices.DeleteFunc(letters, func(l delivery.Letter) bool { return !slices.Contains(ids, l.ID) })
			}
			told, err := service.Resend(ctx, l, letters)
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d dead letters, %d revisions told\n", args[0], len(letters), told)
			if err != nil {
				return deliveryError(ctx, args[0], err)
			}
			return nil
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	sinksFlag(cmd, &file)
	cmd.Flags().StringSliceVar(&ids, "id", nil, "only these dead letters; without it all of the sink")
	return cmd
}
