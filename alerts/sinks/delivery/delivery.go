package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/ingest/kafka"
)

// Sink gives notices to one receiver. Its methods may be called by several goroutines, one for each partition.
type Sink interface {
	// Deliver gives the receiver the notices in their order and says how many of them it has for sure, from the
	// front; the error is about the next one. After it the rest are given again, and after a crash also some that
	// the receiver has: it must know them by Notice.Key. An error that is sinks.ErrRefused is a refusal of that
	// notice, any other may pass.
	Deliver(ctx context.Context, notices []sinks.Notice) (int, error)
	Close() error
}

// Open opens the sink that settings are of.
func Open(s *sinks.Settings, e sinks.Environment) (Sink, error) {
	sink, err := open(s, e)
	if err != nil {
		return nil, fmt.Errorf("sink %s (%s): %w", s.Name, s.Kind(), err)
	}
	return sink, nil
}

func open(s *sinks.Settings, e sinks.Environment) (Sink, error) {
	switch s.Kind() {
	case "fhir":
		return sinks.NewFHIR(*s.FHIR, e)
	case "hl7":
		return sinks.NewHL7(*s.HL7, e)
	case "webhook":
		return sinks.NewWebhook(*s.Webhook, e)
	case "alertmanager":
		return sinks.NewAlertmanager(*s.Alertmanager, e)
	case "meds":
		return sinks.NewMEDS(*s.MEDS)
	case "file":
		return sinks.NewFile(*s.File)
	}
	return nil, errors.New("there is no such kind")
}

// Line is one sink with what it is told by.
type Line struct {
	Settings sinks.Settings
	Sink     Sink
	Stats    Stats
}

// Stats are what a line has done since it was made. They are for people; nothing is decided by them.
type Stats struct {
	Delivered   atomic.Int64
	DeadLetters atomic.Int64
	Left        atomic.Int64 // notices that the sink is not for
	Failed      atomic.Int64 // attempts
	Waiting     atomic.Int64 // partitions whose next notice the receiver does not take at present
}

// Service tells sinks of the alerts of a Kafka. Its fields must not change after the first call.
type Service struct {
	Cluster *kafka.Cluster
	Log     zerolog.Logger
	Now     func() time.Time // never nil

	// First and Longest are the pauses after a failed attempt, which double; 0: 250 ms and 30 s.
	First, Longest time.Duration
}

// GroupOf is the consumer group of a sink, without the site's prefix: its committed offsets are the sink's position.
func GroupOf(name string) string { return "vigil-sink-" + name }

// Run tells the sinks until ctx ends, or one fails for good: for want of rights, or of topics. Receivers that fail
// never end it. Several processes may run the same sinks and share the partitions.
func (s *Service) Run(ctx context.Context, lines []*Line) error {
	g, both := errgroup.WithContext(ctx)
	for _, l := range lines {
		g.Go(func() error {
			err := s.Cluster.RunGroup(both, kafka.GroupConfig{ID: GroupOf(l.Settings.Name)}, func(ctx context.Context, partition int, lease *kafka.Lease) error {
				return s.own(ctx, l, partition, lease)
			})
			if both.Err() != nil {
				return both.Err()
			}
			return fmt.Errorf("sink %s: %w", l.Settings.Name, err)
		})
	}
	return g.Wait()
}
