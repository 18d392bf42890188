package worker

import (
	"context"

	"github.com/vigil-icu/vigil/window"
)

// Store keeps what a partition knows, with one fenced write a batch.
// window/memstore and window/redisstore are the two that ship; window/storetest holds
// both to this.
//
// Claim comes first, but for Follows. Every later call but Heads names the owner; once another one has
// claimed the partition, the store answers window.ErrNotOwner, and window.NotOwner to Apply.
// Any call may be made again after an error that is window.ErrUnavailable, also where the
// first one had been done and only its answer was lost. window.ErrTorn says that what is
// stored is not whole, and makes the service reset the partition and rebuild it from the
// log.
type Store interface {
	// Follows names the log that the partition follows, where none is named yet, and returns
	// the name that stands then. It comes before Claim and needs no owner.
	Follows(ctx context.Context, partition int, log string) (named string, err error)
	// Claim makes owner (a nonce) the partition's owner, whoever had it, and
	// returns the applied offset, -1 for none.
	Claim(ctx context.Context, partition int, owner string) (applied int64, err error)
	// Heads returns what is stored of the partition, without the windows' chunks; Applied is
	// -1 where nothing is.
	Heads(ctx context.Context, partition int) (*window.StoredPartition, error)
	// Chunks returns the chunks at the given places, one for each and in their order.
	Chunks(ctx context.Context, partition int, owner string, places []window.Place) ([][]byte, error)
	// Apply writes a batch as a whole, or answers why it does not. applied is the log offset
	// at which the store stands afterwards.
	Apply(ctx context.Context, b *window.Batch) (answer window.Answer, applied int64, err error)
	// Published drops the entries of the outbox up to and including a position.
	Published(ctx context.Context, partition int, owner string, upTo window.Position) error
	// Reset empties a partition that owner has claimed: applied is -1 after it.
	Reset(ctx context.Context, partition int, owner string) error
}
