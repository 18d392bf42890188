package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// demoOptions are the flags of `vigil demo`.
type demoOptions struct {
	data       string
	lasts      time.Duration
	speed      string
	summary    string
	export     string
	state      string
	noWeb      bool
	web        webOptions
	kafka      boot.Kafka
	redis      boot.Redis
	run        string
	seed       uint64
	beds       int
	healthy    bool
	port       int
	store      string
	partitions int
	workers    int
	model      string
	policy     string
	inputs     string
	zone       string
	codes      string
	patients   []string
	unmapped   bool

	wrap func(replay.Resumer) replay.Resumer // what tests put between the player and Kafka; nil otherwise
}

// demoCommand gives the user a whole Vigil in one process: a unit plays, invented or recorded, and
// its scores and alerts show on the terminal or end in one JSON object.
func demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "Watch a unit in this terminal: broker, store, intake, model, alerts in one process", Args: noArgs,
		Example: `  vigil demo                                             an invented unit at 60 times real speed
  vigil demo --for 30s --summary json                    ... for 30 s, ending with one JSON object
  vigil demo --data mimic-iii-demo --speed max           a recorded ICU as fast as it goes
  vigil demo --data mimic-iii-demo --state run1          kept: the same command goes on where it ended
  vigil demo --data physionet2012 --patients physionet2012:132540,physionet2012:140525
  vigil demo --port 9092                                 a fixed port, for kcat and other subscribers`,
		Long: "Vigil is " + schemas.Notice + `. The invented unit's patients do not exist. The embedded broker is
for demo, replay and evaluation on one machine. It wants a password that only the vigil commands of this
user know. A fixed --port opens it to everybody on the machine, unless ` + boot.PasswordVariable + ` is set: then the
user vigil enters with that password, by SCRAM-SHA-256.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.web.any = !cmd.Flags().Changed("web")
			if o.noWeb {
				o.web.address = ""
			}
			return runDemo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "folder or archive of a recorded ICU (MIMIC-III, MIMIC-IV, PhysioNet 2012); without it an invented unit")
	f.DurationVar(&o.lasts, "for", 0, "end after this time, for example 30s; 0: when the recording ends")
	f.StringVar(&o.speed, "speed", "60", "times real speed, or max")
	f.StringVar(&o.summary, "summary", "", "json: end with one JSON object on stdout")
	f.StringVar(&o.export, "export", "", "folder for scores.jsonl and alerts.jsonl")
	f.StringVar(&o.state, "state", "", "folder for broker and store files; a second start on it goes on; without it a fresh one, removed at the end")
	redisFlags(cmd, &o.redis, "a Redis that runs elsewhere, redis://host:port/0; without it an embedded store")
	kafkaFlags(cmd, &o.kafka, nil, "all topic names and of the store's keys; without --brokers an embedded broker")
	f.BoolVar(&o.noWeb, "no-web", false, "no page for browsers")
	o.web.flags(cmd, demoWeb, "address of the page for browsers; without it a free port where that one is taken", "without it one in the state folder")
	f.StringVar(&o.run, "run", "", "name of the run: its patients become NAME/domain:id")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the invented unit: the same seed gives the same unit")
	f.IntVar(&o.beds, "beds", 0, "beds: 12 in the invented unit; a recorded stay starts when one is free (0: all at once)")
	f.BoolVar(&o.healthy, "healthy", false, "every pathway of the invented unit set to healthy: no alert")
	f.IntVar(&o.port, "port", 0, "port of the embedded broker, open to other clients on this machine; 0: any free one, with a password")
	f.StringVar(&o.store, "store", "auto", "embedded store: auto (redis-server if there is one, else miniredis), redis, miniredis")
	f.IntVar(&o.partitions, "partitions", 8, "partitions of topics that are made")
	f.IntVar(&o.workers, "workers", 1, "workers that share the partitions")
	f.StringVar(&o.model, "model", "", "model file, or the name of one in the binary; without it "+fusion.OpenICU)
	f.StringVar(&o.policy, "policy", "", "policy file; without it the shipped one")
	f.StringSliceVar(&o.patients, "patients", nil, "play only these patients, for example mimic-iii:10006")
	f.StringVar(&o.inputs, "inputs", "all", "which scores carry the NEWS2 inputs: all, alerting")
	f.BoolVar(&o.unmapped, "unmapped", false, "list the commonest codes of a recorded ICU that have no channel")
	zoneFlag(cmd, &o.zone)
	codesFlag(cmd, &o.codes)
	return cmd
}

// source opens what is to be played.
func (o *demoOptions) source() (source.Source, error) {
	own, _, err := boot.LoadCodes(o.codes)
	if err != nil {
		return nil, err
	}
	if o.data != "" {
		src, err := openRecorded(o.data)
		if err != nil {
			return nil, err
		}
		return src, useCodes(src, own)
	}
	c := synth.Config{Seed: o.seed, Beds: o.beds}
	if o.healthy {
		c.Only = "healthy"
	}
	return openInvented(c)
}

// check refuses what the flags cannot mean, before anything is started.
func (o *demoOptions) check() error {
	switch {
	case o.summary != "" && o.summary != "json":
		return boot.Usage(fmt.Errorf("--summary %q is not known: the one form is json", o.summary))
	case o.port < 0 || o.port > 65535:
		return boot.Usage(fmt.Errorf("--port %d: want 1024 to 65535, or 0 for any free one", o.port))
	case o.partitions < 1 || o.partitions > 1024:
		return boot.Usage(fmt.Errorf("--partitions %d: want 1 to 1024", o.partitions))
	case o.workers < 1 || o.workers > 64:
		return boot.Usage(fmt.Errorf("--workers %d: want 1 to 64", o.workers))
	case o.beds < 0:
		return boot.Usage(fmt.Errorf("--beds %d: want 0 or more", o.beds))
	case o.lasts < 0:
		return boot.Usage(fmt.Errorf("--for %s: want a time above 0, for example 30s", o.lasts))
	case o.store != "auto" && o.store != "redis" && o.store != "miniredis":
		return boot.Usage(fmt.Errorf("--store %q: want auto, redis or miniredis", o.store))
	}
	return checkInputs(o.inputs)
}

// runDemo is the whole demo; ctx ends with Ctrl-C.
func runDemo(ctx context.Context, o demoOptions, stdout, stderr io.Writer) (err error) {
	start := time.Now()
	if err := o.check(); err != nil {
		return err
	}
	speed, err := replay.ParseSpeed(o.speed)
	if err != nil {
		return boot.Usage(fmt.Errorf("--speed: %w", err))
	}
	src, err := o.source()
	if err != nil {
		return err
	}
	talk := stdout
	if o.summary == "json" {
		talk = stderr // a program reads stdout
	}
	if err := checkPatients(src, o.patients); err != nil {
		return err
	}
	if err := checkExport(o.export); err != nil {
		return err
	}
	zone, err := siteZone(o.zone)
	if err != nil {
		return err
	}
	page, err := o.web.open()
	if err != nil {
		return err
	}
	defer page.close()
	if page != nil {
		fmt.Fprintf(talk, "Vigil, %s. Page: %s\n", schemas.Notice, page.line())
	}
	aside := bedside.NewAside(stderr)
	house, err := boot.Start(ctx, boot.Config{
		Kafka: o.kafka, Redis: o.redis, State: o.state, Port: o.port, Store: o.store, Partitions: o.partitions, Workers: o.workers,
		Model: o.model, Policy: o.policy, Codes: o.codes, InputsAlerting: o.inputs == "alerting", Zone: zone,
		Log: warnings(aside),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	fmt.Fprintln(talk, house.Line())

	plan, err := replay.NewPlan(ctx, src, replay.Options{Beds: replayBeds(o), Run: o.run, Only: o.patients})
	if err != nil {
		return interruptedOr(ctx, boot.Failure(err))
	}
	evaluate.SayUnmapped(talk, plan.Rows, o.unmapped)
	playing, quit := context.WithCancel(ctx)
	defer quit()
	ending, cancel := boot.Ending(playing)
	defer cancel()
	ward := newWard(house, plan, &o, talk, aside, start, quit)
	defer context.AfterFunc(playing, ward.Leave)()
	if page != nil {
		stop, err := page.serve(ctx, house, watchedUnit{title: src.Name(), replay: true, shows: ward.Shows, now: ward.Now, speed: pace(speed)}, warnings(aside))
		if err != nil {
			return err
		}
		defer stop()
		ward.Page = page.line()
	}
	var audience boot.Audience = ward
	if o.summary == "json" {
		audience = barred{ward, progress.New(stderr, "events", time.Now)}
	}
	if err := house.Play(playing, ending, plan, boot.Playing{Speed: speed, Lasts: o.lasts, Wrap: o.wrap}, audience); err != nil {
		return house.Cause(err)
	}
	if err := o.report(ending, house, src, plan, ward, stdout, talk, start); err != nil && (playing.Err() == nil || o.summary != "" || o.export != "") {
		return err
	}
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	return nil
}

// report ends a demo: the last picture, what went in and came out in words, and whatever the flags ask for.
func (o *demoOptions) report(ctx context.Context, house *boot.House, src source.Source, plan *replay.Plan, ward *bedside.Ward, stdout, talk io.Writer, start time.Time) error {
	if err := ward.Last(ctx); err != nil {
		return boot.Failure(err)
	}
	s := &evaluate.Summary{
		Source: src.Name(), Broker: house.BrokerKind(), Store: house.StoreKind(),
		Model: evaluate.ModelOf(house.Model), Rows: evaluate.RowsOf(plan.Rows), FirstAlertMS: ward.FirstAlert(),
	}
	if err := evaluate.Report(ctx, house.Cluster, s, o.run, o.export); err != nil {
		return boot.Failure(err)
	}
	if _, err := io.WriteString(talk, s.Words()); err != nil {
		return boot.Failure(err)
	}
	if o.summary == "json" {
		return printSummary(stdout, s, start)
	}
	return nil
}

// replayBeds limits the beds of a recorded unit; 0 for an invented one, whose number of patients is
// already that of its beds.
func replayBeds(o demoOptions) int {
	if o.data == "" {
		return 0
	}
	return o.beds
}

// interruptedOr returns err, unless Ctrl-C is its cause: then the process ends without a word.
func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return boot.Interrupted()
	}
	return err
}
