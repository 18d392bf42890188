package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// readAhead bounds what is read of windows at a time, in bytes. It is room for three patients
// whose 48 hours have a record every minute.
const readAhead = 2 << 20

// look reads from the store the windows that are wanted, and together with them those that
// the records behind will want: one call for many.
func (a *applier) look(ctx context.Context, follow []schemas.Message) error {
	for i := 0; i < len(follow) && size(a.wanted) < readAhead; i++ {
		if kind, _ := follow[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
			continue
		}
		if a.ahead.Decode(follow[i].Value) != nil {
			break // the record cannot be read, which steps will say when it comes to it
		}
		a.wanted = a.state.Wants(&a.ahead, a.wanted)
	}
	return a.read(ctx)
}

// warm reads windows of which nothing is in memory yet, while the log is idle, so that the
// patients' next records need not wait for the store.
func (a *applier) warm(ctx context.Context) error {
	for size(a.wanted) < readAhead {
		n := len(a.wanted)
		if a.wanted = a.state.WantsUnread(a.wanted); len(a.wanted) == n {
			break
		}
	}
	return a.read(ctx)
}

// size is what places hold in the store, in bytes.
func size(places []window.Place) (bytes int) {
	for _, p := range places {
		bytes += p.Len
	}
	return bytes
}

// read gives the state the windows that are wanted, in pieces of readAhead bytes.
func (a *applier) read(ctx context.Context) error {
	for rest := a.wanted; len(rest) > 0; {
		n, bytes := 0, 0
		for n < len(rest) && (n == 0 || bytes+rest[n].Len <= readAhead) {
			bytes += rest[n].Len
			n++
		}
		var chunks [][]byte
		err := a.service.retryStore(ctx, func() (err error) {
			chunks, err = a.service.Store.Chunks(ctx, a.tenure.Partition, a.nonce, rest[:n])
			return err
		})
		if err == nil {
			if err = a.state.Give(rest[:n], chunks); err != nil {
				err = fmt.Errorf("%w: %w", window.ErrTorn, err)
			}
		}
		if errors.Is(err, window.ErrTorn) {
			return a.torn(ctx, err)
		}
		if err != nil {
			return fmt.Errorf("reading windows: %w", err)
		}
		rest = rest[n:]
	}
	a.wanted = a.wanted[:0]
	return nil
}

// torn ends the tenure, since chunks are not what the state says of them. If the store was
// rolled back meanwhile, the next tenure goes on from there; else the partition is emptied,
// and the next tenure rebuilds it from the log.
func (a *applier) torn(ctx context.Context, cause error) error {
	stored, err := a.fetch(ctx)
	if err != nil {
		return err
	}
	if stored.Applied == a.applied {
		a.service.Log.Error().Err(cause).Int("partition", a.tenure.Partition).Msg("rebuilding from the log")
		if err := a.reset(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", kafka.ErrAgain, cause)
}
