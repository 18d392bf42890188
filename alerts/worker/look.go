package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// readAhead bounds what is read of windows at a time, in bytes: the records of
// three patients' 48 hours of a tick a minute.
const readAhead = 2 << 20

// look reads from the store what is wanted, and with it what the records that follow
// will want.
func (o *owner) look(ctx context.Context, follow []schemas.Message) error {
	for i := 0; i < len(follow) && size(o.wanted) < readAhead; i++ {
		if kind, _ := follow[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
			continue
		}
		if o.ahead.Decode(follow[i].Value) != nil {
			break // step will say so
		}
		o.wanted = o.state.Wants(&o.ahead, o.wanted)
	}
	return o.read(ctx)
}

// warm reads, while the log is idle, of windows of which nothing is in memory.
func (o *owner) warm(ctx context.Context) error {
	for size(o.wanted) < readAhead {
		n := len(o.wanted)
		if o.wanted = o.state.WantsUnread(o.wanted); len(o.wanted) == n {
			break
		}
	}
	return o.read(ctx)
}

func size(places []window.Place) (bytes int) {
	for _, p := range places {
		bytes += p.Len
	}
	return bytes
}

// read gives the state what is wanted, piece by piece.
func (o *owner) read(ctx context.Context) error {
	for rest := o.wanted; len(rest) > 0; {
		n, bytes := 0, 0
		for n < len(rest) && (n == 0 || bytes+rest[n].Len <= readAhead) {
			bytes += rest[n].Len
			n++
		}
		var chunks [][]byte
		err := o.s.retryStore(ctx, func() (err error) {
			chunks, err = o.s.Store.Chunks(ctx, o.number, o.nonce, rest[:n])
			return err
		})
		if err == nil {
			if err = o.state.Give(rest[:n], chunks); err != nil {
				err = fmt.Errorf("%w: %w", window.ErrTorn, err)
			}
		}
		if errors.Is(err, window.ErrTorn) {
			return o.torn(ctx, err)
		}
		if err != nil {
			return fmt.Errorf("reading windows: %w", err)
		}
		rest = rest[n:]
	}
	o.wanted = o.wanted[:0]
	return nil
}

// torn begins again where chunks are not what they must be: from the store, if it
// was rolled back, else from the log.
func (o *owner) torn(ctx context.Context, cause error) error {
	stored, err := o.fetch(ctx)
	if err != nil {
		return err
	}
	if stored.Applied == o.applied {
		o.s.Log.Error().Err(cause).Int("partition", o.number).Msg("rebuilding from the log")
		if err := o.reset(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", errAgain, cause)
}
