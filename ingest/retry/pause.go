package retry

import (
	"context"
	"time"
)

// Pause waits for d. It returns ctx's error if ctx ends first, also where d is over at once.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return ctx.Err()
	}
}

// Backoff is a pause that doubles with each try that was in vain. It belongs to one
// goroutine.
type Backoff struct {
	First   time.Duration // the first pause, and the first one after Reset
	Longest time.Duration // what doubling ends at

	next time.Duration // 0: First
}

// Pause waits for as long as it is the turn of, and makes the next pause twice as long. It
// returns ctx's error if ctx ends first.
func (b *Backoff) Pause(ctx context.Context) error {
	d := b.coming()
	b.next = min(2*d, b.Longest)
	return Pause(ctx, d)
}

// Reset is for a caller that has got on: the next pause is the first one again.
func (b *Backoff) Reset() { b.next = 0 }

// coming is how long the next pause lasts.
func (b *Backoff) coming() time.Duration {
	if b.next == 0 {
		return b.First
	}
	return b.next
}
