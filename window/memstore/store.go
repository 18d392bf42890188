package memstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/window"
)

// Store holds partitions in memory. It may be used by many goroutines.
type Store struct {
	mu         sync.Mutex
	partitions map[int]*partition
}

// partition is what the store holds of one partition. The empty owner is nobody's nonce, so
// that a partition that was never claimed refuses every batch.
type partition struct {
	owner    string
	log      string // which it follows
	applied  int64
	seal     uint64
	patients map[string]*patient
	outbox   []window.OutboxEntry // ascending position
}

// patient holds chunks that may be longer than lens says, as a store on disk may.
type patient struct {
	state  []byte
	lens   []window.ChunkLen
	chunks map[int64][]byte
}

// New returns an empty store.
func New() *Store { return &Store{partitions: map[int]*partition{}} }

// Claim makes owner the owner of the partition, whoever had it, and returns the applied
// offset, or -1 if nothing was applied. Who may claim is for the consumer group to decide;
// the store only makes sure that the one before is refused from then on.
func (s *Store) Claim(ctx context.Context, number int, owner string) (applied int64, err error) {
	if err := check(ctx, number, owner); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(number)
	p.owner = owner
	return p.applied, nil
}

// Follows names the log that a partition follows, where none is named yet, and returns the
// name that stands then.
func (s *Store) Follows(ctx context.Context, number int, log string) (named string, err error) {
	if err := check(ctx, number, log); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(number)
	if p.log == "" {
		p.log = log
	}
	return p.log, nil
}

// Load returns all that is stored of a partition. The caller may keep and change it. It
// needs no claim, so that a partition can be looked at.
func (s *Store) Load(ctx context.Context, number int) (*window.StoredPartition, error) {
	return s.load(ctx, number, true)
}

// Heads returns what Load does, without the chunks: enough to begin work on a partition
// before its windows are read.
func (s *Store) Heads(ctx context.Context, number int) (*window.StoredPartition, error) {
	return s.load(ctx, number, false)
}

func (s *Store) load(ctx context.Context, number int, whole bool) (*window.StoredPartition, error) {
	if err := check(ctx, number, "reader"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(number)
	out := &window.StoredPartition{Number: number, Applied: p.applied, Seal: p.seal}
	for _, name := range slices.Sorted(maps.Keys(p.patients)) {
		v := p.patients[name]
		one := window.StoredPatient{Patient: name, State: bytes.Clone(v.state), Lens: slices.Clone(v.lens)}
		for _, l := range v.lens {
			if !whole {
				break
			}
			chunk, err := p.chunk(window.Place{Patient: name, ChunkLen: l})
			if err != nil {
				return nil, err
			}
			one.Chunks = append(one.Chunks, window.Chunk{Hour: l.Hour, Bytes: chunk})
		}
		out.Patients = append(out.Patients, one)
	}
	for _, e := range p.outbox {
		out.Outbox = append(out.Outbox, cloneEntry(e))
	}
	return out, nil
}

// Chunks returns the chunks at the given places, each cut to the length that its place
// names. Only the owner of the partition can ask, because only the owner knows which
// lengths are in force. A chunk that is shorter is window.ErrTorn.
func (s *Store) Chunks(ctx context.Context, number int, owner string, places []window.Place) (chunks [][]byte, err error) {
	err = s.fenced(ctx, number, owner, func(p *partition) error {
		for _, place := range places {
			chunk, err := p.chunk(place)
			if err != nil {
				return err
			}
			chunks = append(chunks, chunk)
		}
		return nil
	})
	return chunks, err
}

// chunk copies a chunk, cut to the length that the place names.
func (p *partition) chunk(at window.Place) ([]byte, error) {
	var got []byte
	if v := p.patients[at.Patient]; v != nil {
		got = v.chunks[at.Hour]
	}
	if len(got) < at.Len {
		return nil, fmt.Errorf("memstore: hour %d of a patient has %d bytes, want %d: %w", at.Hour, len(got), at.Len, window.ErrTorn)
	}
	return bytes.Clone(got[:at.Len]), nil
}

// Apply applies a batch whole, or says why not. The returned offset is the applied one after
// the call. It keeps nothing of the batch's memory. An error means that nothing was done.
func (s *Store) Apply(ctx context.Context, b *window.Batch) (window.Answer, int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, fmt.Errorf("memstore: apply: %w", err)
	}
	if err := b.Check(); err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(b.Partition)
	switch {
	case p.owner != b.Owner:
		return window.NotOwner, p.applied, nil
	case p.applied >= b.Last:
		return window.Already, p.applied, nil
	case p.applied != b.Prev:
		return window.Gap, p.applied, nil
	}
	for i := range b.Patients {
		p.write(&b.Patients[i])
	}
	p.published(b.Published)
	for _, e := range b.Outbox {
		p.outbox = append(p.outbox, cloneEntry(e))
	}
	p.applied, p.seal = b.Last, b.Seal
	return window.OK, p.applied, nil
}

// write does what a batch says of one patient.
func (p *partition) write(w *window.PatientWrite) {
	if w.State == nil {
		delete(p.patients, w.Patient)
		return
	}
	v := p.patients[w.Patient]
	if v == nil {
		v = &patient{chunks: map[int64][]byte{}}
		p.patients[w.Patient] = v
	}
	v.state, v.lens = bytes.Clone(w.State), slices.Clone(w.Lens)
	for _, c := range w.Chunks {
		if c.Full {
			v.chunks[c.Hour] = bytes.Clone(c.Bytes)
			continue
		}
		old, end := v.chunks[c.Hour], c.Pos+len(c.Bytes)
		if len(old) < end {
			old = append(old, make([]byte, end-len(old))...)
		}
		copy(old[c.Pos:], c.Bytes)
		v.chunks[c.Hour] = old
	}
	for _, hour := range w.Deletes {
		delete(v.chunks, hour)
	}
}

// published drops the outbox before a position.
func (p *partition) published(before window.Position) {
	p.outbox = slices.DeleteFunc(p.outbox, func(e window.OutboxEntry) bool { return e.Compare(before) < 0 })
}

// Published drops the outbox up to and including a position, for the owner who has
// published it.
func (s *Store) Published(ctx context.Context, number int, owner string, upTo window.Position) error {
	return s.fenced(ctx, number, owner, func(p *partition) error {
		p.published(upTo.After())
		return nil
	})
}

// Reset empties a partition that owner has claimed, so that it can be rebuilt from the log.
// Nothing is applied after it, and the owner and the log's name stay.
func (s *Store) Reset(ctx context.Context, number int, owner string) error {
	return s.fenced(ctx, number, owner, func(p *partition) error {
		*p = partition{owner: owner, log: p.log, applied: -1, patients: map[string]*patient{}}
		return nil
	})
}

// fenced does something to a partition if owner has claimed it.
func (s *Store) fenced(ctx context.Context, number int, owner string, do func(*partition) error) error {
	if err := check(ctx, number, owner); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(number)
	if p.owner != owner {
		return fmt.Errorf("memstore: partition %d: %w: claim it again", number, window.ErrNotOwner)
	}
	return do(p)
}

// Close does nothing: the store ends with its last reference.
func (s *Store) Close() error { return nil }

// Clone returns a copy that shares nothing with s. Tests put it in the place of s to roll a
// store back.
func (s *Store) Clone() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := New()
	for n, p := range s.partitions {
		to := &partition{owner: p.owner, log: p.log, applied: p.applied, seal: p.seal, patients: map[string]*patient{}}
		for name, v := range p.patients {
			chunks := make(map[int64][]byte, len(v.chunks))
			for hour, b := range v.chunks {
				chunks[hour] = bytes.Clone(b)
			}
			to.patients[name] = &patient{state: bytes.Clone(v.state), lens: slices.Clone(v.lens), chunks: chunks}
		}
		for _, e := range p.outbox {
			to.outbox = append(to.outbox, cloneEntry(e))
		}
		c.partitions[n] = to
	}
	return c
}

// partition finds or makes a partition.
func (s *Store) partition(n int) *partition {
	p := s.partitions[n]
	if p == nil {
		p = &partition{applied: -1, patients: map[string]*patient{}}
		s.partitions[n] = p
	}
	return p
}

// check refuses a context that has ended, as a store that goes over a network would, and
// arguments that are mistakes of the program.
func check(ctx context.Context, number int, owner string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("memstore: %w", err)
	}
	if number < 0 || owner == "" {
		return fmt.Errorf("memstore: partition %d, owner %q: want a partition of 0 or above and an owner", number, owner)
	}
	return nil
}

// cloneEntry copies an output, and keeps nil apart from empty.
func cloneEntry(e window.OutboxEntry) window.OutboxEntry {
	e.Key, e.Value, e.Headers = bytes.Clone(e.Key), bytes.Clone(e.Value), slices.Clone(e.Headers)
	return e
}
