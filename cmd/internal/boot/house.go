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
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
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

// Group is the consumer group of all workers, without prefix.
const Group = "vigil"

// NoModel, as model file, turns the model off: NEWS2 only.
const NoModel = "none"

// Config says what a House is made of.
type Config struct {
	Kafka                 // that runs elsewhere; without Brokers an embedded one. Prefix holds for the store's keys too
	Redis          string // URL of a Redis that runs elsewhere; empty: an embedded one
	State          string // folder of broker and store; empty: a fresh one, removed at the end
	Port           int    // of the embedded broker; 0: any
	Store          string // auto, redis, miniredis
	Partitions     int    // of topics that are made
	Workers        int    // that share the partitions
	Model, Policy  string // files, or NoModel; empty: the shipped ones
	InputsAlerting bool
	ScoreInterval  schemas.Time // of monitor.Settings
	Idle           kafka.Idle   // of the producers of both stages
	Log            zerolog.Logger
}

// House is one process with everything in it: broker, store, and workers that own
// intake and monitor of their partitions.
type House struct {
	Cluster    *kafka.Cluster
	Partitions int
	Model      *fusion.Model // nil: off

	config    Config
	fresh     bool   // the state folder is ours to remove
	brokers   string // for people: which broker, where
	stores    string // for people: which store, where
	storeKind string
	redis     *redisstore.Store
	intake    *intake.Worker
	monitor   *worker.Service
	closers   []func()
}

// Start builds a house from the ground up. Its errors carry the exit code and say
// how to mend them; what was started is stopped again.
func Start(ctx context.Context, c Config) (h *House, err error) {
	h = &House{config: c}
	defer func() {
		if err != nil {
			err = h.Cause(err)
			_ = h.Close()
		}
	}()
	model, policy, err := files(c)
	if err != nil {
		return h, err
	}
	h.Model = model
	if len(c.Brokers) == 0 || c.Redis == "" {
		if err := h.ground(); err != nil {
			return h, err
		}
	}
	if err := h.broke(ctx); err != nil {
		return h, err
	}
	if err := h.store(ctx); err != nil {
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
	h.wire(model, policy)
	return h, nil
}

// warnOfTopics says which topics are not set as Vigil relies on. It works on with them:
// a site may know better, but must have been told.
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

// broke connects to the Kafka of the configuration, or starts an embedded one.
func (h *House) broke(ctx context.Context) (err error) {
	c := &h.config
	if len(c.Brokers) > 0 {
		h.brokers = "Kafka " + strings.Join(c.Brokers, ",")
		if h.Cluster, err = c.Reach(ctx); err == nil {
			h.Cluster.Log = c.Log
		}
	} else {
		broker, startErr := embedded.StartBroker(filepath.Join(c.State, "broker"), c.Port)
		if startErr != nil {
			return Dependency(startErr)
		}
		h.closers = append(h.closers, broker.Close)
		h.brokers = "embedded kfake " + strings.Join(broker.Addresses(), ",")
		h.Cluster = &kafka.Cluster{Brokers: broker.Addresses(), Prefix: c.Prefix, Log: c.Log}
	}
	if err == nil {
		h.closers = append(h.closers, h.Cluster.Close)
	}
	return err
}

// store opens the Redis of the configuration, or starts an embedded one.
func (h *House) store(ctx context.Context) error {
	c := &h.config
	address := c.Redis
	if address == "" {
		s, err := embedded.StartStore(ctx, filepath.Join(c.State, "store"), c.Store)
		if err != nil {
			return Dependency(err)
		}
		h.closers = append(h.closers, s.Close)
		h.storeKind, h.stores = s.Kind, "embedded "+s.Kind+" "+s.Address
		address = "redis://" + s.Address
	} else {
		h.storeKind, h.stores = embedded.KindRedis, "Redis "+redacted(address)
	}
	var err error
	if h.redis, err = redisstore.Open(address, "vigil:"+c.Prefix); err != nil {
		return Usage(fmt.Errorf("--redis: %w", err))
	}
	h.closers = append(h.closers, func() { _ = h.redis.Close() })
	if err := h.redis.Ping(ctx); err != nil {
		return Dependency(fmt.Errorf("%s: %w", redacted(address), err))
	}
	return nil
}

// redacted is a URL without its password, for people to read.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "at an address that cannot be read"
	}
	return u.Redacted()
}

// files loads what the worker uses.
func files(c Config) (*fusion.Model, *alerts.Policy, error) {
	model, policy := fusion.Shipped(), alerts.DefaultPolicy()
	switch c.Model {
	case "":
	case NoModel:
		model = nil
	default:
		var err error
		if model, err = fusion.Load(c.Model); err != nil {
			return nil, nil, Usage(fmt.Errorf("--model: %w", err))
		}
	}
	if c.Policy != "" {
		b, err := os.ReadFile(c.Policy)
		if err == nil {
			policy, err = alerts.ParsePolicy(b)
		}
		if err != nil {
			return nil, nil, Usage(fmt.Errorf("--policy %s: %w", c.Policy, err))
		}
	}
	return model, policy, nil
}

// ground makes the state folder this process's own.
func (h *House) ground() error {
	if h.config.State == "" {
		dir, err := os.MkdirTemp("", "vigil-")
		if err != nil {
			return Failure(fmt.Errorf("no folder for broker and store: %w; name one with --state", err))
		}
		h.config.State, h.fresh = dir, true
	}
	unlock, err := embedded.Lock(h.config.State)
	if err != nil {
		return Usage(err)
	}
	h.closers = append(h.closers, unlock)
	return nil
}

func (h *House) wire(model *fusion.Model, policy *alerts.Policy) {
	settings := monitor.Settings{Inputs: monitor.InputsAll, ScoreInterval: h.config.ScoreInterval}
	if h.config.InputsAlerting {
		settings.Inputs = monitor.InputsAlerting
	}
	use := schemas.Use{Policy: policy.Hash()}
	if model != nil {
		use.Model = model.Hash()
	}
	h.intake = &intake.Worker{
		Cluster: h.Cluster, Encoder: &record.Encoder{Strip: record.AnalyseStrip}, Log: h.config.Log, Idle: h.config.Idle,
		Use:   use,
		Clock: func() schemas.Time { return schemas.FromStd(time.Now()) },
	}
	h.monitor = &worker.Service{
		Cluster: h.Cluster, Store: h.redis, Monitor: &monitor.Monitor{Model: model, Policy: policy, Settings: settings},
		Log: h.config.Log, Nonce: nonce, Idle: h.config.Idle,
	}
}

func nonce() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Work runs the workers until ctx ends or one of them fails for good.
func (h *House) Work(ctx context.Context) error {
	workers, ctx := errgroup.WithContext(ctx)
	for range h.config.Workers {
		workers.Go(func() error { return h.Cluster.RunGroup(ctx, kafka.GroupConfig{ID: Group}, h.own) })
	}
	err := workers.Wait()
	if errors.Is(err, monitor.ErrUnknownUse) || errors.Is(err, kafka.ErrDenied) {
		return Dependency(err)
	}
	return err
}

// own works one partition in both stages.
func (h *House) own(ctx context.Context, partition int, lease *kafka.Lease) error {
	stages, ctx := errgroup.WithContext(ctx)
	stages.Go(func() error { return h.intake.Own(ctx, partition, lease) })
	stages.Go(func() error { return h.monitor.Own(ctx, partition, lease) })
	stages.Go(func() error {
		// For those who watch the lag or wait for a run: the store has the truth.
		return lease.Follow(ctx, schemas.TopicLog, partition, func() int64 { return h.monitor.Stats(partition).Applied.Load() + 1 })
	})
	return stages.Wait()
}

// Drain returns when a run has left the workers up to a playing time: through
// intake, through the monitor, out of the outbox.
func (h *House) Drain(ctx context.Context, play int64) error {
	for {
		done, err := h.drained(ctx, play)
		if err != nil || done {
			return err
		}
		if err := retry.Pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (h *House) drained(ctx context.Context, play int64) (bool, error) {
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

// Status is one line on how the workers of this process stand.
func (h *House) Status() string {
	records, dead := h.intake.Totals()
	letters := int64(0)
	for _, n := range dead {
		letters += n
	}
	var scores, alerts, open int64
	for partition := range h.Partitions {
		s := h.monitor.Stats(partition)
		scores, alerts, open = scores+s.Scores.Load(), alerts+s.Alerts.Load(), open+s.OpenStays.Load()
	}
	away := ""
	for server, since := range map[string]time.Time{"Kafka": h.Cluster.AwaySince(), "Redis": h.monitor.AwaySince()} {
		if !since.IsZero() {
			away += fmt.Sprintf("; waiting for %s since %s", server, since.Format(time.TimeOnly))
		}
	}
	return fmt.Sprintf("logged %d records, %d dead letters; %d scores, %d alert revisions; %d open stays%s", records, letters, scores, alerts, open, away)
}

// Cause names what is behind an error of the embedded servers, which know less: a
// full disk.
func (h *House) Cause(err error) error {
	if err == nil {
		return nil
	}
	if full := embedded.Full(h.config.State); full != nil {
		return Failure(fmt.Errorf("%w (%w)", full, err))
	}
	return err
}

// Close stops everything in the reverse order of its start.
func (h *House) Close() error {
	for i := len(h.closers) - 1; i >= 0; i-- {
		h.closers[i]()
	}
	h.closers = nil
	if h.fresh {
		return os.RemoveAll(h.config.State)
	}
	return nil
}

// BrokerKind is "kfake", or "kafka" for one that runs elsewhere.
func (h *House) BrokerKind() string {
	if len(h.config.Brokers) > 0 {
		return "kafka"
	}
	return "kfake"
}

// StoreKind is "redis" or "miniredis".
func (h *House) StoreKind() string { return h.storeKind }

// Line is the first line that a user sees: what is in use, and what this is not.
func (h *House) Line() string {
	state := ""
	if h.config.State != "" {
		state = " State: " + h.config.State
		if h.fresh {
			state += " (removed at the end)"
		}
		state += "."
	}
	model := "Model off: NEWS2 only"
	if h.Model != nil {
		model = fmt.Sprintf("Model %.12s: %s", h.Model.Hash(), training(h.Model))
	}
	return fmt.Sprintf("Vigil, %s. Broker: %s. Store: %s.%s %s.", schemas.Notice, h.brokers, h.stores, state, model)
}

func training(m *fusion.Model) string {
	if m.Trained() {
		return "trained"
	}
	return "untrained, raises no alert"
}
