package worker

import (
	"context"

	"github.com/vigil-icu/vigil/window"
)

// Store keeps what a partition knows: one fenced write a batch.
// window/memstore and window/redisstore are the two that ship. An error that is
// window.ErrUnavailable is tried again; window.ErrTorn makes the service reset
// the partition and rebuild it from the log.
type Store interface {
	// Claim makes owner (a nonce) the partition's owner, whoever had it, and
	// returns the applied offset, -1 for none.
	Claim(ctx context.Context, partition int, owner string) (applied int64, err error)
	// Heads returns what is stored of the partition, without the windows' chunks.
	Heads(ctx context.Context, partition int) (*window.StoredPartition, error)
	// Chunks returns the chunks at the given places, to the owner.
	Chunks(ctx context.Context, partition int, owner string, places []window.Place) ([][]byte, error)
	// Apply writes a batch whole, or says why not. applied is the offset that the
	// store stands at afterwards.
	Apply(ctx context.Context, b *window.Batch) (answer window.Answer, applied int64, err error)
	// Published drops the outbox up to and including a position.
	Published(ctx context.Context, partition int, owner string, upTo window.Position) error
	// Reset empties a partition that owner has claimed: applied is -1 after it.
	Reset(ctx context.Context, partition int, owner string) error
}
