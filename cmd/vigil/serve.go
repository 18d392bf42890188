package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // so that --zone needs no table of the machine's

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// statusEvery is how often serve says how it stands.
const statusEvery = 30 * time.Second

// serveOptions are the settings of `vigil serve`, which `vigil config` and `vigil doctor` look at too.
type serveOptions struct {
	boot.Config
	inputs  string
	profile string
	between time.Duration
	zone    string
	runs    bool
	limits  []string
	explain bool
	web     webOptions
}

// serveCommand gives the user workers on a Kafka and a Redis that run elsewhere, and every half minute
// a line on how they stand.
func serveCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve", Short: "Run workers on a Kafka and a Redis: intake, monitor, scores, alerts", Args: noArgs,
		Example: `  vigil topics init --brokers kafka:9092
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0 --workers 3 --id ward-a
  vigil serve --brokers kafka:9092 --redis redis://redis:6379/0 --limit senders=128 --limit note-bytes=256KiB
  vigil serve --config vigil.yaml                  see vigil config init, vigil doctor`,
		Long: `Several processes share the partitions; each may come, go or be killed at any time. What it did
is in Kafka and Redis: another goes on where it ended. SIGTERM ends it in good order.

It writes to stderr, one JSON object a line, or on a terminal a line for people: how it stands every
30 s, and what is amiss.

The log of each partition says by which model, policy and settings it is judged, and a worker
with others is refused. To change them, end the workers and start them with the new ones and
--switch: each log then asks for them from one record on, which stands in it for good. What is
in front of that record is judged as before, also by a rebuild, which wants the files of then (--known).

Every flag may stand in the file of --config or in the environment too (--topic-prefix as VIGIL_TOPIC_PREFIX);
a flag goes before the environment, that before the file.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := configure(cmd); err != nil {
				return err
			}
			if o.explain {
				if err := o.bound(); err != nil {
					return err
				}
				return boot.ExplainMemory(cmd.OutOrStdout(), o.Config)
			}
			if err := o.check(); err != nil {
				return err
			}
			o.Log = journal(cmd.ErrOrStderr())
			stop, err := profileTo(o.profile)
			if err != nil {
				return err
			}
			defer stop()
			collectSooner()
			return serve(cmd.Context(), o.Config, &o.web)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.explain, "explain-memory", false, "print how much memory a worker may come to hold, and of what, and end")
	_ = cmd.Flags().SetAnnotation("explain-memory", notASetting, []string{"true"}) // the flag is there
	return cmd
}

// flags adds the settings to a command.
func (o *serveOptions) flags(cmd *cobra.Command) {
	kafkaFlags(cmd, &o.Kafka, defaultBrokers, "all topic names and of the store's keys")
	f := cmd.Flags()
	redisFlags(cmd, &o.Redis, "the store, redis://host:port/0")
	f.StringVar(&o.ID, "id", "", "name of this process, no other's: after kill -9 a restart under it takes over at once")
	f.IntVar(&o.Workers, "workers", 1, "workers of this process")
	f.StringVar(&o.Model, "model", "", "model file, the name of one in the binary, or none for NEWS2 only; without it "+fusion.OpenICU)
	f.StringVar(&o.Policy, "policy", "", "policy file; without it the shipped one")
	f.BoolVar(&o.runs, "allow-runs", false, "take recorded messages too (vigil replay); without it they become dead letters")
	f.BoolVar(&o.ReadPast, "read-uncommitted", false, "read past open transactions of senders; what they take back in the end is scored too")
	f.BoolVar(&o.Switch, "switch", false, "let logs that ask for another model, policy or settings ask for these from now on")
	f.StringVar(&o.Shadow, "shadow", "", "model file, or the name of one in the binary, that scores beside the served one, alerts nobody, and is compared with it")
	f.StringSliceVar(&o.Known, "known", nil, "model (*.safetensors) and policy files of before a switch, to rebuild by; those shipped are known")
	f.StringVar(&o.inputs, "inputs", "all", "which scores carry the NEWS2 inputs: all, alerting")
	f.DurationVar(&o.between, "score-interval", time.Minute, "least patient time between two scores after records; 0s: a score after every record")
	f.StringArrayVar(&o.limits, "limit", nil, "NAME=VALUE, one of those that vigil limits lists; may be given several times")
	f.DurationVar(&o.Idle.Alive, "keep-alive", time.Hour, "how often an idle output is claimed again; less than the brokers' producer.id.expiration.ms (a day)")
	f.DurationVar(&o.Idle.Renew, "renew", 24*time.Hour, "how often producer ids are renewed; less than the brokers' transactional.id.expiration.ms (a week)")
	zoneFlag(cmd, &o.zone)
	codesFlag(cmd, &o.Codes)
	o.web.flags(cmd, "", "address of the page for browsers, for example 127.0.0.1:8080; without it there is none", "without it vigil-audit.jsonl")
	encoderFlags(cmd, &o.Encoders)
	f.StringVar(&o.profile, "profile", "", "file for a CPU profile of the whole time, for go tool pprof")
	configFlag(cmd)
}

// check refuses what the settings cannot mean, and fills in what follows from them.
func (o *serveOptions) check() (err error) {
	if o.Config.Redis.URL == "" {
		return boot.Usage(errors.New("--redis is missing: name the store, for example redis://127.0.0.1:6379/0"))
	}
	if err := o.bound(); err != nil {
		return err
	}
	if err := checkInputs(o.inputs); err != nil {
		return err
	}
	if o.Workers < 1 || o.Workers > 64 {
		return boot.Usage(fmt.Errorf("--workers %d: want 1 to 64", o.Workers))
	}
	if o.ScoreInterval, err = scoreInterval(o.between); err != nil {
		return err
	}
	if o.Idle.Alive < time.Second || o.Idle.Renew < time.Second {
		return boot.Usage(fmt.Errorf("--keep-alive %s --renew %s: want a second or more", o.Idle.Alive, o.Idle.Renew))
	}
	if o.Zone, err = siteZone(o.zone); err != nil {
		return err
	}
	o.InputsAlerting = o.inputs == "alerting"
	return nil
}

// bound sets what senders may bring.
func (o *serveOptions) bound() error {
	for _, text := range o.limits {
		if err := o.Config.Limits.Set(text); err != nil {
			return boot.Usage(fmt.Errorf("--limit: %w; `vigil limits` lists all", err))
		}
	}
	o.LiveOnly = !o.runs
	return nil
}

// zoneFlag is for commands that read what senders of a site write.
func zoneFlag(cmd *cobra.Command, zone *string) {
	cmd.Flags().StringVar(zone, "zone", "UTC", "time zone of the times that senders write without one, an IANA name such as Europe/Berlin")
}

// siteZone finds a time zone by its IANA name; the binary has the table with it.
func siteZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	if name == "Local" {
		return nil, boot.Usage(fmt.Errorf("--zone %q: want the name of a time zone, such as Europe/Berlin, or UTC", name))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, boot.Usage(fmt.Errorf("--zone %s: %w; want an IANA name such as Europe/Berlin, or UTC", name, err))
	}
	return zone, nil
}

// scoreInterval is the setting of the monitor.
func scoreInterval(d time.Duration) (schemas.Time, error) {
	if d < 0 || d > time.Hour || d%time.Millisecond != 0 {
		return 0, boot.Usage(fmt.Errorf("--score-interval %s: want 0s to 1h in whole milliseconds", d))
	}
	if d == 0 {
		return monitor.EveryRecord, nil
	}
	return schemas.Time(d.Milliseconds()), nil
}

// profileTo writes a CPU profile until stop is called; without a file it does
// nothing.
func profileTo(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		return nil, boot.Failure(fmt.Errorf("--profile: %w; choose another file", err))
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	}, nil
}

// checkInputs refuses a value of --inputs that is none.
func checkInputs(inputs string) error {
	if inputs != "all" && inputs != "alerting" {
		return boot.Usage(fmt.Errorf("--inputs %q: want all or alerting", inputs))
	}
	return nil
}

// serve works until ctx ends. A worker loses nothing by its end: every batch is
// whole in the log and the store, or is done again by whoever comes next.
func serve(ctx context.Context, c boot.Config, o *webOptions) error {
	page, err := o.open()
	if err != nil {
		return err
	}
	defer page.close()
	house, err := boot.Start(ctx, c)
	if err != nil {
		return err
	}
	defer house.Close()
	c.Log.Info().Msg(house.Line())
	if page != nil {
		stop, err := page.serve(ctx, house, livingUnit(c.LiveOnly), c.Log)
		if err != nil {
			return err
		}
		defer stop()
		c.Log.Info().Msg("page: " + page.line())
	}
	defer func() { sayBeside(c.Log, house) }()
	worked := make(chan error, 1)
	go func() { worked <- house.Work(ctx) }()
	var watching sync.WaitGroup
	defer watching.Wait()
	watched, end := context.WithCancel(ctx)
	defer end()
	watching.Go(func() { house.Watch(watched) })
	status := time.NewTicker(statusEvery)
	defer status.Stop()
	ending, cancel := boot.Ending(ctx)
	defer cancel()
	for {
		select {
		case <-ending.Done(): // a server is away: what was not written is done again by the next worker
			if terminated(ctx) {
				return nil
			}
			return boot.Interrupted()
		case err := <-worked:
			switch {
			case ctx.Err() == nil && err != nil:
				return boot.AsExit(err)
			case ctx.Err() != nil && !terminated(ctx):
				return boot.Interrupted()
			}
			return nil
		case <-status.C:
			c.Log.Info().Msg(house.Status())
			sayBeside(c.Log, house)
		}
	}
}

// sayBeside says how the model in the shadow agrees, and what has moved since training.
func sayBeside(log zerolog.Logger, house *boot.House) {
	for _, line := range [...]string{house.Shadow(), house.Drift()} {
		if line != "" {
			log.Info().Msg(line)
		}
	}
}

// journal is the log of serve, all that it says while it works: one JSON object a line for machines, and on a terminal
// one line for people. Several partitions write to it at once.
func journal(out io.Writer) zerolog.Logger {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		out = zerolog.ConsoleWriter{Out: f, TimeFormat: time.TimeOnly, NoColor: bedside.Drawable(f) == nil || os.Getenv("NO_COLOR") != ""}
	}
	return zerolog.New(zerolog.SyncWriter(out)).Level(zerolog.InfoLevel).With().Timestamp().Logger()
}

// terminated says whether SIGTERM ended the context: an orderly end, not an
// interruption.
func terminated(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause != nil && strings.HasPrefix(cause.Error(), syscall.SIGTERM.String())
}
