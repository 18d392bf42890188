package window

import (
	"errors"
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// Batch is all that one batch of the patient log changes in one partition. A store applies
// it whole or not at all, so that state, windows and outbox always belong to one offset.
type Batch struct {
	Partition int
	Owner     string // the nonce of the claim under which the batch was made
	Prev      int64  // the offset of the log record before the batch; -1 if the batch begins the log
	Last      int64  // the offset of the batch's last record
	Patients  []PatientWrite
	Outbox    []OutboxEntry // by ascending position; all have Prev < Offset <= Last
	// Published, where it is not zero, drops the earlier outbox before this position. It
	// says in the same call what the store's Published says in one of its own.
	Published Position
	// Seal is a checksum of the log record at Last, 0 for none. The store keeps it beside the
	// applied offset, by which a log that was set back and went on otherwise is found out.
	Seal uint64
}

// PatientWrite is what a batch changes of one patient. [Window.TakeWrites] fills Chunks,
// Deletes and Lens.
type PatientWrite struct {
	Patient string
	State   []byte       // the patient's state; nil deletes the patient and all its chunks
	Chunks  []ChunkWrite // by ascending hours
	Deletes []int64      // the hours that go, ascending
	Lens    []ChunkLen   // every chunk that the patient has after the batch, by ascending hours; never nil
}

// ChunkWrite writes Bytes at Pos, or, if Full, in place of the whole value. It is absolute,
// so that a batch may be applied again after half of it was lost. The window that gave
// Bytes never writes to them again.
type ChunkWrite struct {
	Hour  int64 // as HourOf counts
	Pos   int   // in bytes
	Bytes []byte
	Full  bool
	// Closed says that whatever is written of the hour from now on is Full, too, so that the store may
	// keep it in another form ([PackHour]).
	Closed bool
}

// ChunkLen is the length of a chunk in bytes. A store keeps it beside the state, in the same
// write, so that what a torn store holds beyond it does not count.
type ChunkLen struct {
	Hour int64
	Len  int
}

// Chunk is one hour of a window: packed records in the order in which they arrived.
type Chunk struct {
	Hour  int64
	Bytes []byte
}

// Position is the place of an output: the log record that caused it, and which of that
// record's outputs it is. A rebuild gives each output the same position, by which it is
// known to have been published before.
type Position struct {
	Offset int64
	Index  int
}

// Compare returns -1, 0 or 1 as p is before, at or behind o.
func (p Position) Compare(o Position) int {
	switch {
	case p.Offset < o.Offset, p.Offset == o.Offset && p.Index < o.Index:
		return -1
	case p == o:
		return 0
	}
	return 1
}

// After returns the first position behind p.
func (p Position) After() Position {
	if p.Index >= math.MaxUint32 {
		return Position{Offset: p.Offset + 1}
	}
	return Position{p.Offset, p.Index + 1}
}

// OutboxEntry is an output that waits to be published. A store tells nil from empty in Key
// and Value, because a nil value is a tombstone in Kafka and an empty one is not.
type OutboxEntry struct {
	Position
	Topic   string
	Key     []byte
	Value   []byte
	Headers []schemas.Header
}

// Answer is what a store says to a batch.
type Answer uint8

// These are the answers of Apply; the applied offset comes with each. OK and Already are
// successes. Gap and NotOwner refuse the batch, and its owner must begin again from the
// claim.
const (
	OK       Answer = iota + 1 // the batch was applied now
	Already                    // it was applied before: the answer to an earlier call was lost
	Gap                        // it does not follow the applied offset: the store was rolled back, or another moved it
	NotOwner                   // somebody else has claimed the partition since
)

// String returns the word by which a store's script says it.
func (a Answer) String() string {
	switch a {
	case OK:
		return "OK"
	case Already:
		return "ALREADY"
	case Gap:
		return "GAP"
	case NotOwner:
		return "NOT_OWNER"
	}
	return fmt.Sprintf("Answer(%d)", uint8(a))
}

// StoredPartition is all that a store holds of one partition.
type StoredPartition struct {
	Number   int
	Applied  int64           // the offset of the last applied log record; -1 if none was
	Seal     uint64          // of that record, as its batch had it; 0 if it had none
	Patients []StoredPatient // by Patient, bytewise ascending
	Outbox   []OutboxEntry   // by ascending position
}

// StoredPatient is one patient as the store holds it. Lens is what Open takes. Chunks are of
// the same hours and are what Load takes; a store's Heads leaves them out.
type StoredPatient struct {
	Patient string
	State   []byte
	Lens    []ChunkLen // by ascending hours
	Chunks  []Chunk
}

// Place says where a chunk is, and how long it is.
type Place struct {
	Patient string
	ChunkLen
}

// Errors of the stores, to be tested with errors.Is.
var (
	// ErrUnavailable means that the store cannot be reached or cannot write now. The same
	// call may be made again, since all writes are absolute.
	ErrUnavailable = errors.New("store unavailable")
	// ErrNotOwner means that another owner has claimed the partition.
	ErrNotOwner = errors.New("not the owner of the partition")
	// ErrTorn means that what the store holds of a partition does not fit together. It is
	// to be Reset and rebuilt from the log.
	ErrTorn = errors.New("store is torn")
)
