package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/window"
)

// Service owns partitions of the patient log and works them: it is the loop
// around Step. Its fields must not change after the first call.
type Service struct {
	Cluster *kafka.Cluster
	Store   Store
	Monitor *monitor.Monitor
	Log     zerolog.Logger

	// Nonce returns a text that no other claim of a partition ever had.
	Nonce func() string
	// Batch is the most log records of one write; 0: 1000. It never waits to
	// fill.
	Batch int
	// Idle says how the broker is kept from forgetting the producers.
	Idle kafka.Idle

	// cut, in tests, is called at named points and may end the owner there.
	cut func(point string) error

	stats   statsTable
	trouble kafka.Trouble // with the store
}

// AwaySince is when the store began to fail; zero where it does not.
func (s *Service) AwaySince() time.Time { return s.trouble.Since() }

// Names of the transactional ids of the output producers: one per partition.
const producerName = "vigil-monitor"

// errAgain ends an ownership that must begin again from the claim: the store
// moved, or another owner was there.
var errAgain = errors.New("begin again from the claim")

// errRenew ends an ownership so that it begins again under a renewed producer id.
var errRenew = errors.New("the producer's id is renewed")

// Own works one partition until ctx ends: it claims the store and the outputs,
// goes on where they stand, and gives the partition up when the lease is lost
// (kafka.ErrLeaseLost). It has the shape of kafka.Handler. Other errors are for
// good: ErrUnknownUse, a log record that cannot be read, a store that is ahead of
// the log.
func (s *Service) Own(ctx context.Context, partition int, lease *kafka.Lease) error {
	wait := 20 * time.Millisecond
	for {
		if lease != nil {
			if err := lease.Check(ctx); err != nil {
				return err
			}
		}
		before := s.stats.of(partition).Applied.Load()
		err := s.own(ctx, partition)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errRenew):
			wait = 20 * time.Millisecond
			continue
		case errors.Is(err, errAgain), errors.Is(err, kafka.ErrFenced), errors.Is(err, window.ErrNotOwner), errors.Is(err, window.ErrUnavailable):
			s.Log.Warn().Err(err).Int("partition", partition).Msg("claiming the partition again")
		default:
			return fmt.Errorf("partition %d: %w", partition, err)
		}
		if s.stats.of(partition).Applied.Load() > before {
			wait = 20 * time.Millisecond
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// own is one ownership: from the claims to the first thing that shakes it.
func (s *Service) own(ctx context.Context, number int) error {
	o := owner{s: s, number: number, nonce: s.Nonce(), stats: s.stats.of(number)}
	if err := o.claim(ctx); err != nil {
		return err
	}
	if err := o.load(ctx); err != nil {
		return err
	}
	if err := o.publishStored(ctx); err != nil {
		return err
	}
	o.note(o.reader.Next() - 1)
	return o.work(ctx)
}

func (s *Service) at(point string) error {
	if s.cut == nil {
		return nil
	}
	return s.cut(point)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// retryStore calls f until the store is there, or ctx ends.
func (s *Service) retryStore(ctx context.Context, f func() error) (err error) {
	said := false
	defer func() {
		if said {
			s.trouble.End()
		}
		if err == nil {
			s.trouble.Works(&s.Log, "the store")
		}
	}()
	for wait, waited := 20*time.Millisecond, time.Duration(0); ; wait = min(2*wait, 250*time.Millisecond) {
		err := f()
		if err == nil || !errors.Is(err, window.ErrUnavailable) {
			return err
		}
		if waited += wait; waited > time.Second && !said && ctx.Err() == nil {
			said = true
			s.trouble.Begin(&s.Log, "reaching the store", err)
		}
		if ctxErr := sleep(ctx, wait); ctxErr != nil {
			return fmt.Errorf("%w (last: %w)", ctxErr, err)
		}
	}
}
