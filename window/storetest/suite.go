package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vigil-icu/vigil/window"
)

// Store is what the suite asks of a store. Who uses a store declares the methods that it
// needs itself.
//
// A worker calls Claim first, then Heads or Load, then Apply for each batch in the order of
// the log. Any call may be made again after window.ErrUnavailable. All methods may be called
// from several goroutines. A store keeps nothing of the memory that it is given, and what it
// returns stays as it is; the caller must not write to chunks.
type Store interface {
	Follows(ctx context.Context, partition int, log string) (named string, err error)
	Claim(ctx context.Context, partition int, owner string) (applied int64, err error)
	Load(ctx context.Context, partition int) (*window.StoredPartition, error)
	Heads(ctx context.Context, partition int) (*window.StoredPartition, error)
	Chunks(ctx context.Context, partition int, owner string, places []window.Place) ([][]byte, error)
	Apply(ctx context.Context, b *window.Batch) (window.Answer, int64, error)
	Published(ctx context.Context, partition int, owner string, upTo window.Position) error
	Reset(ctx context.Context, partition int, owner string) error
	Close() error
}

// Subject is an empty store under test.
type Subject struct {
	Store Store
	// Save remembers the whole store as it is now and returns a function that brings it
	// back, as a server does that has lost its latest writes.
	Save func() (restore func())
	// LoseOutbox, where it is not nil, takes the outbox of a partition away and nothing else, as a
	// server does that is full and may evict.
	LoseOutbox func(partition int)
}

// Run runs the suite. For each case open makes an empty store, which Run closes.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			c.run(&check{T: t, ctx: t.Context(), Subject: s})
			if err := s.Store.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// cases are in the order in which a store is best mended: a case needs only what those before
// it have shown.
var cases = []struct {
	name string
	run  func(*check)
}{
	{"empty store", emptyStore},
	{"apply and load", applyAndLoad},
	{"one log", oneLog},
	{"claims fence", claimsFence},
	{"gap and already", gapAndAlready},
	{"retry of the same batch", retry},
	{"rolled back", rolledBack},
	{"odd patients and bytes", oddBytes},
	{"deletes", deletes},
	{"outbox order", outboxOrder},
	{"outbox lost", outboxLost},
	{"heads and chunks", headsAndChunks},
	{"reset", reset},
	{"two owners race", race},
	{"large batch", largeBatch},
	{"many of everything", manyOfEverything},
	{"mistakes", mistakes},
	{"partitions are apart", partitionsApart},
	{"windows come back", windowsComeBack},
	{"history against the memory of it", history},
}

// check is a test with its store. Its methods fail the test where the store does not answer
// as the case wants.
type check struct {
	*testing.T
	Subject
	ctx context.Context
}

// claim wants the claim to find the partition applied up to an offset.
func (c *check) claim(partition int, owner string, want int64) {
	c.Helper()
	got, err := c.Store.Claim(c.ctx, partition, owner)
	if err != nil || got != want {
		c.Fatalf("claim of %d by %s: applied %d, %v, want %d", partition, owner, got, err, want)
	}
}

// apply wants an answer to a batch, and an applied offset after it.
func (c *check) apply(b *window.Batch, want window.Answer, wantApplied int64) {
	c.Helper()
	got, applied, err := c.Store.Apply(c.ctx, b)
	if err != nil || got != want || applied != wantApplied {
		c.Fatalf("apply %d..%d by %s: %v, applied %d, %v; want %v, %d", b.Prev, b.Last, b.Owner, got, applied, err, want, wantApplied)
	}
}

// load reads a whole partition.
func (c *check) load(partition int) *window.StoredPartition {
	c.Helper()
	p, err := c.Store.Load(c.ctx, partition)
	if err != nil {
		c.Fatal(err)
	}
	return p
}

// holds wants the partition to hold this and nothing else.
func (c *check) holds(want *window.StoredPartition) {
	c.Helper()
	// Nil and empty are the same here. They matter only in an output's key and value, for
	// which the case of odd bytes looks.
	if diff := cmp.Diff(want, c.load(want.Number), cmpopts.EquateEmpty()); diff != "" {
		c.Fatal("the store does not hold what it was given (-want +got):\n" + diff)
	}
}

// digest is the digest over the windows of partitions, whatever partition a patient is in.
func (c *check) digest(partitions ...int) string {
	c.Helper()
	var all []window.StoredPatient
	for _, n := range partitions {
		all = append(all, c.load(n).Patients...)
	}
	return window.Digest(all)
}

// refused wants an error of a kind.
func (c *check) refused(err, want error, what string) {
	c.Helper()
	if !errors.Is(err, want) {
		c.Fatalf("%s: error %v, want %v", what, err, want)
	}
}
