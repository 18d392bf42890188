package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Worker owns partitions of the raw topics and writes their patient log. Its
// fields must not change after the first call.
type Worker struct {
	Cluster *kafka.Cluster
	Encoder *record.Encoder
	Use     schemas.Use         // written into a log partition that has none
	Clock   func() schemas.Time // of live events
	Log     zerolog.Logger
	Idle    kafka.Idle // how the broker is kept from forgetting the producers

	// cut, in tests, is called at named points and may end the owner there.
	cut func(point string) error
	// most, in tests, is how many records a batch takes; 0: batchRecords.
	most int

	stats sync.Map // partition: *Stats
}

func (w *Worker) batchRecords() int {
	if w.most > 0 {
		return w.most
	}
	return batchRecords
}

// producerName begins the transactional ids of intake's producers.
const producerName = "vigil-intake"

// Limits of what waits in memory.
const (
	readLimit  = 1000   // records of one read
	aheadLimit = 50_000 // items of one topic that wait for the others' marks or for the next run
)

// errRenew ends an ownership so that it begins again under a renewed producer id.
var errRenew = errors.New("the producer's id is renewed")

// Own works one partition until ctx ends, or gives it up when the lease is lost.
// It has the shape of kafka.Handler.
func (w *Worker) Own(ctx context.Context, partition int, lease *kafka.Lease) error {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		if lease != nil {
			if err := lease.Check(ctx); err != nil {
				return err
			}
		}
		err := w.own(ctx, partition)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errRenew), errors.Is(err, errPassed):
			wait = 10 * time.Millisecond
			continue
		case !errors.Is(err, kafka.ErrFenced):
			return fmt.Errorf("intake of partition %d: %w", partition, err)
		}
		w.Log.Warn().Err(err).Int("partition", partition).Msg("claiming the partition again")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
