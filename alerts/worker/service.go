package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Service owns partitions of the patient log and works them: it is the loop around
// monitor.Step. Its fields must not change after the first call.
type Service struct {
	Cluster *kafka.Cluster
	Store   Store
	Monitor *monitor.Monitor // which the log must ask for
	Shelf   monitor.Shelf    // by which records are judged in front of the place where it asks for that
	Models  Models           // more of them, which a command may ask for; nil: none
	Log     zerolog.Logger

	// Nonce returns a text that no other claim of a partition ever had: the store knows
	// its owner by it.
	Nonce func() string
	// Batch is the most log records of one write; 0: 1000. It never waits to
	// fill.
	Batch int
	// Idle says how the broker is kept from forgetting the producers.
	Idle kafka.Idle

	cut func(point string) error // ends a tenure at a named point, in tests of crashes

	stats   kafka.PerPartition[Stats]
	trouble retry.Trouble // with the store
}

// producerName begins the transactional ids of the monitor's producers.
const producerName = "vigil-monitor"

// Own works one partition until ctx ends or the lease is lost (kafka.ErrLeaseLost); it is a
// kafka.Handler, and kafka.Ownership.Hold has the rules. It begins again from the claim
// also where the store has another owner or is away. Its other errors are for good:
// monitor.ErrUnknownUse, a log record that cannot be read, a store that is ahead of the
// log or follows another one (ErrOtherLog), rights that are missing (kafka.ErrDenied).
func (s *Service) Own(ctx context.Context, partition int, lease *kafka.Lease) error {
	own := kafka.Ownership{
		Cluster: s.Cluster, Doing: "partition", Producer: producerName, Outputs: outputTopics[:], Idle: s.Idle, Log: s.Log, Cut: s.cut,
		Mends: func(err error) bool {
			return errors.Is(err, window.ErrNotOwner) || errors.Is(err, window.ErrUnavailable)
		},
	}
	return own.Hold(ctx, partition, lease, func(t *kafka.Tenure) kafka.Tenant {
		return &applier{service: s, tenure: t, nonce: s.Nonce(), stats: s.Stats(t.Partition)}
	})
}

// retryStore calls f until the store is there, or ctx ends.
func (s *Service) retryStore(ctx context.Context, f func() error) error {
	policy := retry.Policy{Server: "the store", Log: &s.Log, Temporary: func(err error) bool { return errors.Is(err, window.ErrUnavailable) }}
	return s.trouble.Retry(ctx, policy, "reaching the store", f)
}

// AwaySince is when the store began to fail; it is zero where the store does not.
func (s *Service) AwaySince() time.Time { return s.trouble.Since() }

// Stats are what a service has done with one partition since it was made. They are for
// people; nothing is decided by them. A record that is applied again after a crash of the
// store is counted again.
type Stats struct {
	Applied    atomic.Int64 // log offset of the last record whose outputs are out; -1: none
	Records    atomic.Int64 // applied log records
	Duplicates atomic.Int64
	Crossed    atomic.Int64 // recorded records of live patients, and live ones of a run's
	Unadmitted atomic.Int64 // records of data of patients without an open stay, which are not scored
	Unmatched  atomic.Int64 // observations that were to be taken back and are not there
	Forgotten  atomic.Int64 // senders of a patient that were forgotten because there are too many
	Gone       atomic.Int64 // patients who were forgotten, 48 h after they were last heard of
	Overfull   atomic.Int64 // observations that only NEWS2 goes by, since their hour is full of their channel
	Restarts   atomic.Int64 // senders that began to count their messages again
	Scores     atomic.Int64
	Alerts     atomic.Int64 // revisions of alerts
	Foreign    atomic.Int64 // records in the log that are not intake's
	Abstained  atomic.Int64 // scores in which the model gave no number
	OpenStays  atomic.Int64
	LateStays  atomic.Int64 // open stays with a score that fell due more than maxLate ago

	beside beside
}

// maxLate is far more than the second after which a tick lets a score fall due.
const maxLate = 10 * schemas.Second

// Stats returns the statistics of a partition, which move while it is worked.
func (s *Service) Stats(partition int) *Stats {
	return s.stats.Row(partition, func() *Stats {
		fresh := &Stats{}
		fresh.Applied.Store(-1)
		return fresh
	})
}
