package boot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/alerts/watch"
	"github.com/vigil-icu/vigil/alerts/worker"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/redisstore"
)

// Group is the consumer group of all workers, without the topic prefix.
const Group = "vigil"

// NoModel in place of a model file turns the model off: scores then have NEWS2 only.
const NoModel = "none"

// Config says what a House is made of. The zero value of a field stands for what its comment
// names, so that a command sets only what its flags say.
type Config struct {
	Kafka                              // that runs elsewhere; without Brokers an embedded one is started. Prefix holds for the store's keys too
	Redis          Redis               // that runs elsewhere; without URL an embedded one is started
	State          string              // folder of broker and store; if empty, a fresh one that is removed at the end
	Port           int                 // of the embedded broker; 0 for any free one, which this user's commands alone find and enter
	Store          string              // kind of the embedded store: auto, redis or miniredis
	Partitions     int                 // of the topics that are made; 0 for making none
	Workers        int                 // of this process, that share the partitions with those of others
	Codes          string              // file of the site's own names and codes; empty: none
	Encoders       Encoders            // of the site's own; none: what the program has
	Model, Policy  string              // files; the model may be NoModel; if empty, the shipped ones
	ReadPast       bool                // open transactions on raw topics hold nothing back: kafka.Cluster.ReadUncommitted
	LiveOnly       bool                // recorded messages become dead letters
	Switch         bool                // a log that asks for another model, policy or settings is made to ask for these
	Shadow         string              // file of a model that scores beside the served one and alerts nobody; if empty, none
	Known          []string            // files of models and policies that it may have asked for before
	InputsAlerting bool                // only scores that raise something list the observations behind NEWS2
	ScoreInterval  schemas.Time        // of monitor.Settings
	Zone           *time.Location      // of times in messages that name none; nil: UTC
	Limits         schemas.Limits      // what a site has set of the table of limits
	Idle           kafka.Idle          // of the producers of both stages
	Clock          func() schemas.Time // the time of day; nil: this machine's
	Log            zerolog.Logger
}

// House is one process with all that it works with: a broker and a store, of its own or
// elsewhere, and workers that own both stages, intake and monitor, of their partitions.
type House struct {
	Cluster    *kafka.Cluster
	Partitions int
	Model      *fusion.Model // nil where it is off

	config     Config
	own        record.SiteEncoders
	temporary  bool   // the state folder was made for this house and goes with it
	brokerLine string // for people: which broker, where
	storeLine  string // for people: which store, where
	storeKind  string
	redis      *redisstore.Store
	shadow     *fusion.Model // nil: none
	drifted    drifted
	known      []*fusion.Model // of the files of Config.Known
	intake     *intake.Worker
	clocks     *record.Clocks // of senders' devices
	monitor    *worker.Service
	watch      *watch.Watch
	here       kafka.PerPartition[atomic.Int32] // owners in this process
	closers    []func()
}

// Start builds a house: files, broker, store, topics, and last the stages, which begin to
// work with Work or Play. Its errors carry the exit code and say how to mend them, and what
// was started is then stopped again. Who gets a house calls Close.
func Start(ctx context.Context, c Config) (h *House, err error) {
	if c.Clock == nil {
		c.Clock = func() schemas.Time { return schemas.FromStd(time.Now()) }
	}
	h = &House{config: c}
	defer func() {
		if err != nil {
			err = h.Cause(err)
			_ = h.Close()
		}
	}()
	model, policy, err := LoadFiles(c.Model, c.Policy, c.Encoders)
	if err != nil {
		return h, err
	}
	h.Model = model
	if h.shadow, err = loadShadow(c.Shadow, model, c.Encoders); err != nil {
		return h, err
	}
	own, _, err := LoadCodes(c.Codes)
	if err != nil {
		return h, err
	}
	if _, err := c.Redis.Address(); err != nil {
		return h, Usage(err)
	}
	shelf, err := h.loadShelf(model, policy)
	if err != nil {
		return h, err
	}
	if len(c.Brokers) == 0 || c.Redis.URL == "" {
		if err := h.claimState(); err != nil {
			return h, err
		}
	}
	if err := h.connectBroker(ctx); err != nil {
		return h, err
	}
	if err := h.openStore(ctx); err != nil {
		return h, err
	}
	if c.Partitions > 0 {
		if _, err := h.Cluster.CreateTopics(ctx, c.Partitions, 1); err != nil {
			return h, Dependency(err)
		}
	}
	if h.Partitions, err = h.Cluster.Partitions(ctx); err != nil {
		return h, Dependency(err)
	}
	if len(c.Brokers) > 0 {
		h.warnOfTopics(ctx)
	}
	if c.ID != "" {
		n, err := h.Cluster.Evict(ctx, Group)
		if err != nil {
			return h, Dependency(err)
		}
		if n > 0 {
			c.Log.Warn().Str("id", c.ID).Int("members", n).Msg("took over from an earlier process of this id, which had not left")
		}
	}
	if err := h.useEncoders(ctx); err != nil {
		return h, err
	}
	h.buildStages(model, policy, shelf, own)
	h.watch = &watch.Watch{Eyes: h, Partitions: h.Partitions, Steady: kafka.Steady, Log: c.Log}
	return h, nil
}

// warnOfTopics says which topics are not set as Vigil relies on. Work goes on with them, since
// a site may know better, but it must have been told.
func (h *House) warnOfTopics(ctx context.Context) {
	log := &h.config.Log
	findings, err := h.Cluster.CheckTopics(ctx, kafka.ShippedTopics())
	if err != nil {
		log.Warn().Err(err).Msg("how the topics are set cannot be seen: let an administrator run vigil topics check")
	}
	for _, f := range findings {
		log.Warn().Str("topic", f.Topic).Msg(f.What + ". " + f.Mend)
	}
}

// connectBroker connects to the Kafka of the configuration, or starts an embedded one.
func (h *House) connectBroker(ctx context.Context) (err error) {
	c := &h.config
	if len(c.Brokers) > 0 {
		h.brokerLine = "Kafka " + strings.Join(c.Brokers, ",")
		if h.Cluster, err = c.Reach(ctx); err == nil {
			h.Cluster.Log = c.Log
		}
	} else {
		password := c.PasswordInEnv
		if password == "" && c.Port == 0 {
			password = nonce()
		}
		broker, startErr := embedded.StartBroker(filepath.Join(c.State, "broker"), c.Port, password)
		if startErr != nil {
			return Dependency(startErr)
		}
		demo := Demo{Address: broker.Addresses()[0], password: password}
		h.closers = append(h.closers, broker.Close, demo.putSignpost())
		h.brokerLine = "embedded kfake " + demo.Address
		h.Cluster = &kafka.Cluster{Brokers: broker.Addresses(), Prefix: c.Prefix, Log: c.Log}
		err = demo.login(h.Cluster)
	}
	if err == nil {
		h.Cluster.ReadUncommitted = c.ReadPast
		h.closers = append(h.closers, h.Cluster.Close)
	}
	return err
}

// openStore opens the Redis of the configuration, or starts an embedded one.
func (h *House) openStore(ctx context.Context) error {
	c := &h.config
	address, err := c.Redis.Address()
	if err != nil {
		return Usage(err)
	}
	if address == "" {
		s, err := embedded.StartStore(ctx, filepath.Join(c.State, "store"), c.Store, nonce())
		if err != nil {
			return Dependency(err)
		}
		h.closers = append(h.closers, s.Close)
		h.storeKind, h.storeLine = s.Kind, "embedded "+s.Kind+" "+s.Address
		address = s.URL
	} else {
		h.storeKind, h.storeLine = embedded.KindRedis, "Redis "+Redacted(address)
	}
	if h.redis, err = c.Redis.open(ctx, address, c.Prefix); err != nil {
		return err
	}
	h.closers = append(h.closers, func() { _ = h.redis.Close() })
	return nil
}

// Redacted is a URL without its password, for lines that people read and logs that are kept.
func Redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "at an address that cannot be read"
	}
	return u.Redacted()
}

// claimState makes the state folder this process's own, and a fresh one if none was named.
func (h *House) claimState() error {
	if h.config.State == "" {
		dir, err := os.MkdirTemp("", "vigil-")
		if err != nil {
			return Failure(fmt.Errorf("no folder for broker and store: %w; name one with --state", err))
		}
		h.config.State, h.temporary = dir, true
	}
	unlock, err := embedded.Lock(h.config.State)
	if err != nil {
		return Usage(err)
	}
	h.closers = append(h.closers, unlock)
	return nil
}

// buildStages puts the two stages together. Clock and nonces are given to
// them here, so that tests can give them others.
func (h *House) buildStages(model *fusion.Model, policy *alerts.Policy, shelf monitor.Shelf, own *schemas.SiteCodes) {
	settings := monitor.Settings{Inputs: monitor.InputsAll, ScoreInterval: h.config.ScoreInterval, Limits: h.config.Limits}
	if h.config.InputsAlerting {
		settings.Inputs = monitor.InputsAlerting
	}
	judge := &monitor.Monitor{Model: model, Policy: policy, Settings: settings, Shadow: h.shadow}
	found := &models{store: h.redis, policy: policy, read: h.known, own: h.config.Encoders}
	// By which codes raw messages were read stands in the log, but the monitor reads none by them.
	use := judge.Use()
	use.Encoder = own.Hash()
	limits := &h.config.Limits
	h.clocks = record.NewClocks(limits)
	h.intake = &intake.Worker{
		Cluster: h.Cluster, Encoder: &record.Encoder{Strip: record.AnalyseStrip, Note: record.ReadNote, Image: record.ReadImage, Zone: h.config.Zone, Codes: own, Clocks: h.clocks, Limits: limits, Site: h.own}, Log: h.config.Log, Idle: h.config.Idle,
		Use: use, LiveOnly: h.config.LiveOnly, Switch: h.config.Switch, Models: found, Named: h.config.Model != "",
		Quiet: func(partition int, offset int64) bool {
			s := h.monitor.Stats(partition)
			return s.Applied.Load() >= offset && s.OpenStays.Load() == 0
		},
		Clock: h.config.Clock,
	}
	h.monitor = &worker.Service{
		Cluster: h.Cluster, Store: h.redis, Monitor: judge, Shelf: shelf, Models: found,
		Log: h.config.Log, Nonce: nonce, Idle: h.config.Idle, Batch: limits.Of(schemas.LimitBatchRecords),
	}
}

// nonce names one ownership of a partition, and is the password of an embedded store: nobody
// else may have or guess the same.
func nonce() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Work runs the workers until ctx ends or one of them fails for good; what will pass by itself,
// as a broker that is away, they wait out. The error is that of the worker.
func (h *House) Work(ctx context.Context) error {
	workers, ctx := errgroup.WithContext(ctx)
	for range h.config.Workers {
		workers.Go(func() error { return h.Cluster.RunGroup(ctx, kafka.GroupConfig{ID: Group}, h.ownPartition) })
	}
	err := workers.Wait()
	if errors.Is(err, monitor.ErrUnknownUse) || errors.Is(err, intake.ErrOtherUse) || errors.Is(err, kafka.ErrDenied) {
		return Dependency(err)
	}
	return err
}

// ownPartition works one partition in both stages until the lease or one of them ends.
func (h *House) ownPartition(ctx context.Context, partition int, lease *kafka.Lease) error {
	owners := h.owners(partition)
	owners.Add(1)
	defer owners.Add(-1)
	stages, ctx := errgroup.WithContext(ctx)
	stages.Go(func() error { return h.intake.Own(ctx, partition, lease) })
	stages.Go(func() error { return h.monitor.Own(ctx, partition, lease) })
	stages.Go(func() error {
		// The committed offset is for those who watch the lag or wait for a run. A worker
		// begins where the store says, and never reads it.
		return lease.Follow(ctx, schemas.TopicLog, partition, func() int64 { return h.monitor.Stats(partition).Applied.Load() + 1 })
	})
	return stages.Wait()
}

// Drain returns when all of a run up to a playing time has left the workers: through intake,
// through the monitor, and out of the outbox. play is in milliseconds.
func (h *House) Drain(ctx context.Context, play int64) error {
	for {
		done, err := h.hasDrained(ctx, play)
		if err != nil || done {
			return err
		}
		if err := retry.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// hasDrained says whether intake has reached the playing time in every partition, and the
// monitor has applied the log to its end.
func (h *House) hasDrained(ctx context.Context, play int64) (bool, error) {
	for partition := range h.Partitions {
		if !h.intake.Reached(partition, play) {
			return false, nil
		}
	}
	_, log, err := h.Cluster.Ends(ctx, schemas.TopicLog)
	if err != nil {
		return false, err
	}
	for partition := range h.Partitions {
		if h.monitor.Stats(partition).Applied.Load() < log[partition]-1 {
			return false, nil
		}
	}
	return true, nil
}

// Status is one line for people on what the workers of this process have done and wait for.
func (h *House) Status() string {
	records, dead := h.intake.Totals()
	letters := int64(0)
	for _, n := range dead {
		letters += n
	}
	var scores, alerts, open, restarts, unadmitted, unmatched, crossed, overfull, forgotten, abstained int64
	for partition := range h.Partitions {
		s := h.monitor.Stats(partition)
		scores, alerts, open = scores+s.Scores.Load(), alerts+s.Alerts.Load(), open+s.OpenStays.Load()
		restarts, unadmitted = restarts+s.Restarts.Load(), unadmitted+s.Unadmitted.Load()
		unmatched, crossed = unmatched+s.Unmatched.Load(), crossed+s.Crossed.Load()
		overfull, forgotten, abstained = overfull+s.Overfull.Load(), forgotten+s.Forgotten.Load(), abstained+s.Abstained.Load()
	}
	oddities := ""
	if unadmitted > 0 {
		oddities = fmt.Sprintf("; %d records of patients without an open stay, not scored", unadmitted)
	}
	if unmatched > 0 {
		oddities += fmt.Sprintf("; %d retractions of what is not there", unmatched)
	}
	if crossed > 0 {
		oddities += fmt.Sprintf("; %d records dropped: recorded ones of live patients, or live ones of a run's", crossed)
	}
	if restarts > 0 {
		oddities += fmt.Sprintf("; %d times a sender began to count again", restarts)
	}
	if abstained > 0 {
		oddities += fmt.Sprintf("; %d scores in which the model gives no number, knowing too little or nothing like it", abstained)
	}
	if overfull > 0 {
		oddities += fmt.Sprintf("; %d values beyond %d of one channel in an hour, which models do not see", overfull, h.config.Limits.Of(schemas.LimitHourValues))
	}
	if forgotten > 0 {
		oddities += fmt.Sprintf("; %d times a sender was forgotten, since its patient has too many", forgotten)
	}
	for _, reason := range []schemas.Reason{schemas.TooLarge, schemas.TooMany, schemas.NoMark} {
		if n := dead[reason]; n > 0 {
			oddities += fmt.Sprintf("; %d messages beyond a limit (%s)", n, reason)
		}
	}
	if anew := h.clocks.Anew(); anew > 0 {
		oddities += fmt.Sprintf("; %d times there were more devices than %d, whose clocks were measured anew", anew, h.config.Limits.Of(schemas.LimitDevices))
	}
	if held := h.intake.Held(); held > 0 {
		oddities += fmt.Sprintf("; %d recorded messages wait for a progress mark", held)
	}
	for i, skew := range h.intake.Skews() {
		if skew.Off > 0 && i < 100 {
			oddities += "; " + skew.String()
		}
	}
	away := ""
	for server, since := range map[string]time.Time{"Kafka": h.Cluster.AwaySince(), "Redis": h.monitor.AwaySince()} {
		if !since.IsZero() {
			away += fmt.Sprintf("; waiting for %s since %s", server, since.Format(time.TimeOnly))
		}
	}
	return fmt.Sprintf("logged %d records, %d dead letters%s; %d scores, %d alert revisions; %d open stays%s%s%s", records, letters, commonest(dead), scores, alerts, open, oddities, away, h.watch.Status())
}

// commonest says in brackets for which reason most dead letters are; nothing where there are none.
func commonest(dead map[schemas.Reason]int64) string {
	most := schemas.Reason("")
	for reason, n := range dead {
		if most == "" || n > dead[most] || n == dead[most] && reason < most {
			most = reason
		}
	}
	if most == "" {
		return ""
	}
	return fmt.Sprintf(" (most for %s, %d; vigil deadletters tail --all)", most, dead[most])
}

// Cause adds to an error of the embedded servers what they do not say themselves: that the
// disk is full. Any other error it returns as it is.
func (h *House) Cause(err error) error {
	if err == nil {
		return nil
	}
	if full := embedded.Full(h.config.State); full != nil {
		return Failure(fmt.Errorf("%w (%w)", full, err))
	}
	return err
}

// Close stops everything in the reverse order of its start, and removes a state folder that
// was made for this house alone. The error is of the removing.
func (h *House) Close() error {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
	if h.temporary {
		return os.RemoveAll(h.config.State)
	}
	return nil
}

// BrokerKind is "kfake" for an embedded broker and "kafka" for one that runs elsewhere.
func (h *House) BrokerKind() string {
	if len(h.config.Brokers) > 0 {
		return "kafka"
	}
	return "kfake"
}

// StoreKind is "redis" or "miniredis"; a store that runs elsewhere is a redis.
func (h *House) StoreKind() string { return h.storeKind }

// Line is the first line that a user sees: which broker, store and model are in use, and what
// this program is not.
func (h *House) Line() string {
	state := ""
	if h.config.State != "" {
		state = " State: " + h.config.State
		if h.temporary {
			state += " (removed at the end)"
		}
		state += "."
	}
	model := "Model off: NEWS2 only"
	if h.Model != nil {
		model = fmt.Sprintf("Model %.12s: %s", h.Model.Hash(), trainingState(h.Model))
	}
	return fmt.Sprintf("Vigil, %s. Broker: %s. Store: %s.%s %s.", schemas.Notice, h.brokerLine, h.storeLine, state, model)
}

// trainingState says for people whether a model was trained.
func trainingState(m *fusion.Model) string {
	if m.Trained() {
		return "trained"
	}
	return "untrained, raises no alert"
}
