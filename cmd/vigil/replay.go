package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/ingest/jsonlines"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/replay/kafkasink"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// replayOptions are the flags of `vigil replay`.
type replayOptions struct {
	kafka    boot.Kafka
	speed    string
	beds     int
	run      string
	end      string
	patients []string
	seed     uint64
	unmapped bool
	wait     bool
	to       string
	export   string
	list     bool
	codes    string
}

// replayCommand gives the user a recorded or invented ICU on the raw topics of a Kafka, where workers
// score it, or its messages on stdout.
func replayCommand() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use: "replay SOURCE [DIR]", Short: "Publish a recorded ICU into the raw topics of a Kafka, at any speed",
		Example: `  vigil replay mimic-iii mimic-iii-demo --brokers kafka:9092 --speed max --wait
  vigil replay mimic-iii mimic-iii-demo --run second --brokers kafka:9092
  vigil replay --end mimic-iii@4c3f1a --brokers kafka:9092
  vigil replay physionet2012 set-a.tar.gz --brokers kafka:9092 --beds 20
  vigil replay mimic-iv mimic-iv-demo --to stdout --speed max | head`,
		Long: "SOURCE is one of " + dataSetNames() + `, or synth, an invented unit (12 h of it, without DIR).
Workers (vigil serve --allow-runs) score what is published. Cut off, the same command goes on where it
ended; topics that hold another run are refused, see --run.

Vigil is ` + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if o.end != "" && len(args) == 0 || o.end == "" && (len(args) == 2 || len(args) == 1 && args[0] == synth.Name) {
				return nil
			}
			return boot.Usage(fmt.Errorf("`vigil replay` wants SOURCE and DIR, found %d arguments (none with --end): see `vigil replay --help`", len(args)))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.end != "" {
				return endRun(cmd.Context(), &o, cmd.ErrOrStderr())
			}
			return runReplay(cmd.Context(), o, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	kafkaFlags(cmd, &o.kafka, defaultBrokers, "all topic names")
	f := cmd.Flags()
	f.StringVar(&o.speed, "speed", "60", "times real speed, or max")
	f.IntVar(&o.beds, "beds", 0, "a stay starts when one of so many beds is free (0: all at once); of synth its beds (0: 12)")
	f.StringVar(&o.run, "run", "", "name of the run: its patients become NAME/domain:id")
	f.StringVar(&o.end, "end", "", "instead of playing: end this run, which nobody goes on with, where it stands")
	f.StringSliceVar(&o.patients, "patients", nil, "play only these patients, for example mimic-iii:10006")
	f.BoolVar(&o.list, "list-patients", false, "instead of playing: print the patients, one a line, with stays and events")
	codesFlag(cmd, &o.codes)
	f.Uint64Var(&o.seed, "seed", 1, "seed of synth: the same seed gives the same unit")
	f.BoolVar(&o.wait, "wait", false, "stay until the run's scores are out, then print a summary as one JSON object")
	f.BoolVar(&o.unmapped, "unmapped", false, "list the commonest codes that have no channel")
	f.StringVar(&o.to, "to", "kafka", "kafka, or stdout: the messages as JSON lines instead")
	f.StringVar(&o.export, "export", "", "with --wait: folder for scores.jsonl and alerts.jsonl")
	return cmd
}

// check refuses flags that do not go together, before anything is read.
func (o *replayOptions) check() error {
	switch {
	case o.to != "kafka" && o.to != "stdout":
		return boot.Usage(fmt.Errorf("--to %q: want kafka or stdout", o.to))
	case o.to == "stdout" && o.wait:
		return boot.Usage(errors.New("--wait waits for scores on a Kafka: it does not go with --to stdout"))
	case o.export != "" && !o.wait:
		return boot.Usage(errors.New("--export writes what comes out of a run: it wants --wait"))
	case o.beds < 0:
		return boot.Usage(fmt.Errorf("--beds %d: want 0 or more", o.beds))
	}
	return nil
}

// source opens SOURCE [DIR]; beds are those of the plan.
func (o *replayOptions) source(args []string) (src source.Source, beds int, err error) {
	own, _, err := boot.LoadCodes(o.codes)
	if err != nil {
		return nil, 0, err
	}
	if args[0] != synth.Name {
		if src, err = openNamed(args[0], args[1]); err == nil {
			err = useCodes(src, own)
		}
		return src, o.beds, err
	}
	if len(args) == 2 {
		return nil, 0, boot.Usage(fmt.Errorf("synth is invented and reads no folder: leave %s out", args[1]))
	}
	src, err = openInvented(synth.Config{Seed: o.seed, Beds: o.beds})
	return src, 0, err
}

// runReplay is the whole command. It reaches the Kafka before it reads the data, which may take
// minutes; ctx ends with Ctrl-C.
func runReplay(ctx context.Context, o replayOptions, args []string, stdout, stderr io.Writer) error {
	start := time.Now()
	if err := o.check(); err != nil {
		return err
	}
	speed, err := replay.ParseSpeed(o.speed)
	if err != nil {
		return boot.Usage(fmt.Errorf("--speed: %w", err))
	}
	src, beds, err := o.source(args)
	if err != nil {
		return err
	}
	if o.list {
		return listPatients(ctx, src, stdout)
	}
	if err := checkPatients(src, o.patients); err != nil {
		return err
	}
	if err := checkExport(o.export); err != nil {
		return err
	}
	var c *kafka.Cluster
	var partitions int
	if o.to == "kafka" {
		if c, err = o.kafka.Reach(ctx); err != nil {
			return err
		}
		defer c.Close()
		c.Log = warnings(stderr)
		if partitions, err = c.Partitions(ctx); err != nil {
			return interruptedOr(ctx, boot.Dependency(err))
		}
	}
	plan, err := replay.NewPlan(ctx, src, replay.Options{Beds: beds, Run: o.run, Only: o.patients})
	if err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	fmt.Fprintf(stderr, "Vigil, %s. %s: %d events of %d patients, run %s\n", schemas.Notice, plan.Source, plan.Len(), plan.Patients, plan.Run)
	evaluate.SayUnmapped(stderr, plan.Rows, o.unmapped)
	if c == nil {
		player := replay.Player{Plan: plan, Sink: jsonlines.NewSink(stdout), Speed: speed, Clock: boot.WallClock{Stopping: ctx}}
		return interruptedOr(ctx, player.Run(ctx))
	}
	ward := bedside.NewWard(c, plan, stderr, true, start)
	ending, cancel := boot.Ending(ctx)
	defer cancel()
	ward.Start(ending)
	defer ward.Stop()
	bar := progress.New(stderr, "events", time.Now)
	err = boot.Publish(ctx, ending, c, partitions, plan, speed, onBar(bar))
	bar.Stop()
	if err != nil {
		return err
	}
	if !o.wait {
		_, err := fmt.Fprintf(stderr, "all %d events of run %s are in their topics\n", plan.Len(), plan.Run)
		return err
	}
	if err := boot.AwaitScores(ctx, c, partitions, plan.Run, plan.End, stderr); err != nil {
		return interruptedOr(ctx, boot.Dependency(err))
	}
	s := &evaluate.Summary{Source: src.Name(), Broker: "kafka", Rows: evaluate.RowsOf(plan.Rows), FirstAlertMS: ward.FirstAlert()}
	if err := evaluate.Report(ctx, c, s, o.run, o.export); err != nil {
		return boot.Failure(err)
	}
	return printSummary(stdout, s, start)
}

// onBar returns what a player calls to show on a bar how far it is.
func onBar(bar *progress.Bar) func(replay.Progress) {
	return func(p replay.Progress) { bar.Set(int64(p.Events), int64(p.TotalEvents), p.Beside()) }
}

// listPatients prints whom --patients may name.
func listPatients(ctx context.Context, src source.Source, stdout io.Writer) error {
	for p, err := range src.Patients(ctx) {
		if err != nil {
			return interruptedOr(ctx, boot.Failure(err))
		}
		if _, err := fmt.Fprintf(stdout, "%s\t%d stays\t%d events\n", p.ID, len(p.Stays), len(p.Events)); err != nil {
			return boot.Failure(err)
		}
	}
	return nil
}

// endRun ends a run that was left, so that another one may begin.
func endRun(ctx context.Context, o *replayOptions, stderr io.Writer) error {
	c, err := o.kafka.Reach(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	partitions, err := c.Partitions(ctx)
	if err != nil {
		return interruptedOr(ctx, boot.Dependency(err))
	}
	play, again, err := kafkasink.New(c, partitions).End(ctx, o.end)
	if err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	what := "ends"
	if again {
		what = "had ended before,"
	}
	fmt.Fprintf(stderr, "run %s %s at playing time %s\n", o.end, what, time.Duration(play)*time.Millisecond)
	return nil
}

// printSummary ends a command with its summary as one JSON object on a line.
func printSummary(stdout io.Writer, s *evaluate.Summary, start time.Time) error {
	s.WallMS = time.Since(start).Milliseconds()
	line, err := json.Marshal(s)
	if err != nil {
		return boot.Failure(err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n", line)
	return err
}

// warnings is the log of a command: what it waits for goes to stderr.
func warnings(stderr io.Writer) zerolog.Logger {
	return zerolog.New(zerolog.SyncWriter(stderr)).Level(zerolog.WarnLevel).With().Timestamp().Logger()
}
