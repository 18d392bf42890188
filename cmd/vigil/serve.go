package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// statusEvery is how often serve says how it stands.
const statusEvery = 30 * time.Second

func serveCommand() *cobra.Command {
	var (
		c      boot.Config
		inputs string
	)
	cmd := &cobra.Command{
		Use: "serve", Short: "Run workers on a Kafka and a Redis: intake, monitor, scores, alerts", Args: noArgs,
		Example: `  vigil topics init --brokers kafka:9092
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0 --workers 3 --id ward-a`,
		Long: `Several processes share the partitions; each may come, go or be killed at any time. What it did
is in Kafka and Redis: another goes on where it ended. SIGTERM ends it in good order.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.Redis == "" {
				return boot.Usage(errors.New("--redis is missing: name the store, for example redis://127.0.0.1:6379/0"))
			}
			if err := checkInputs(inputs); err != nil {
				return err
			}
			if c.Workers < 1 || c.Workers > 64 {
				return boot.Usage(fmt.Errorf("--workers %d: want 1 to 64", c.Workers))
			}
			c.InputsAlerting = inputs == "alerting"
			c.Log = zerolog.New(cmd.ErrOrStderr()).Level(zerolog.WarnLevel).With().Timestamp().Logger()
			return serve(cmd.Context(), c, cmd.ErrOrStderr())
		},
	}
	kafkaFlags(cmd, &c.Kafka, defaultBrokers, "all topic names and of the store's keys")
	f := cmd.Flags()
	f.StringVar(&c.Redis, "redis", "", "the store, redis://host:port/0")
	f.StringVar(&c.ID, "id", "", "name of this process, no other's: after kill -9 a restart under it takes over at once")
	f.IntVar(&c.Workers, "workers", 1, "workers of this process")
	f.StringVar(&c.Model, "model", "", "model file; without it the shipped one (untrained)")
	f.StringVar(&c.Policy, "policy", "", "policy file; without it the shipped one")
	f.StringVar(&inputs, "inputs", "all", "which scores carry the NEWS2 inputs: all, alerting")
	return cmd
}

func checkInputs(inputs string) error {
	if inputs != "all" && inputs != "alerting" {
		return boot.Usage(fmt.Errorf("--inputs %q: want all or alerting", inputs))
	}
	return nil
}

// serve works until ctx ends. A worker loses nothing by its end: every batch is
// whole in the log and the store, or is done again by whoever comes next.
func serve(ctx context.Context, c boot.Config, talk io.Writer) error {
	house, err := boot.Start(ctx, c)
	if err != nil {
		return err
	}
	defer house.Close()
	fmt.Fprintln(talk, house.Line())
	worked := make(chan error, 1)
	go func() { worked <- house.Work(ctx) }()
	status := time.NewTicker(statusEvery)
	defer status.Stop()
	for {
		select {
		case err := <-worked:
			switch {
			case ctx.Err() == nil && err != nil:
				return asExit(err)
			case ctx.Err() != nil && !terminated(ctx):
				return boot.Interrupted()
			}
			return nil
		case <-status.C:
			fmt.Fprintln(talk, house.Status())
		}
	}
}

// terminated says whether SIGTERM ended the context: an orderly end, not an
// interruption.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && strings.HasPrefix(cause.Error(), syscall.SIGTERM.String())
}
