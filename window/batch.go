package window

import (
	"errors"
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// Batch is all that one batch of the patient log changes in one partition: a
// store applies it whole or not at all.
type Batch struct {
	Partition int
	Owner     string // the nonce of the claim
	Prev      int64  // offset of the log record before the batch; -1: the batch begins the log
	Last      int64  // offset of its last record
	Patients  []PatientWrite
	Outbox    []OutboxEntry // ascending position; all have Prev < Offset <= Last
	// Published, where it is not zero, drops the earlier outbox before this position,
	// as the store's Published does up to one.
	Published Position
}

// PatientWrite is what a batch changes of one patient. [Window.TakeWrites]
// fills Chunks, Deletes and Lens.
type PatientWrite struct {
	Patient string
	State   []byte       // the patient's state; nil deletes the patient and all its chunks
	Chunks  []ChunkWrite // ascending hours
	Deletes []int64      // hours that go, ascending
	Lens    []ChunkLen   // every chunk that the patient has after the batch, ascending hours; not nil
}

// ChunkWrite is an absolute write: Bytes at Pos, or, if Full, the whole value.
// Bytes is never written again by the window that gave it.
type ChunkWrite struct {
	Hour  int64 // see HourOf
	Pos   int
	Bytes []byte
	Full  bool
}

// ChunkLen is the length of a chunk in bytes. A store keeps it beside the
// state, in the same write: what a torn store holds beyond it does not count.
type ChunkLen struct {
	Hour int64
	Len  int
}

// Chunk is one hour of a window: packed records in order of arrival.
type Chunk struct {
	Hour  int64
	Bytes []byte
}

// Position is the place of an output: the log record that caused it, and which
// of that record's outputs it is.
type Position struct {
	Offset int64
	Index  int
}

// Compare returns -1, 0 or 1.
func (p Position) Compare(o Position) int {
	switch {
	case p.Offset < o.Offset, p.Offset == o.Offset && p.Index < o.Index:
		return -1
	case p == o:
		return 0
	}
	return 1
}

// After is the first position behind p.
func (p Position) After() Position {
	if p.Index >= math.MaxUint32 {
		return Position{Offset: p.Offset + 1}
	}
	return Position{p.Offset, p.Index + 1}
}

// OutboxEntry is an output that waits to be published. A nil Key or Value
// comes back as nil, an empty one as empty.
type OutboxEntry struct {
	Position
	Topic   string
	Key     []byte
	Value   []byte
	Headers []schemas.Header
}

// Answer is what a store says to a batch.
type Answer uint8

// Answers of Apply. The applied offset comes with each.
const (
	OK       Answer = iota + 1 // applied now
	Already                    // applied before: a retry of the same call, a success
	Gap                        // the batch does not follow the applied offset: the store was rolled back or another moved it
	NotOwner                   // someone else claimed the partition since
)

// String returns the word of the protocol.
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

// Partition is all that a store holds of one partition.
type Partition struct {
	Number   int
	Applied  int64           // offset of the last applied log record; -1: none
	Patients []StoredPatient // ascending Patient, bytewise
	Outbox   []OutboxEntry   // ascending position
}

// StoredPatient is one patient as the store holds it.
type StoredPatient struct {
	Patient string
	State   []byte
	Lens    []ChunkLen // ascending hours: what Open takes
	Chunks  []Chunk    // the same hours: what Load takes. The store's Heads leaves them out
}

// Place is a chunk of a patient, and how long it is.
type Place struct {
	Patient string
	ChunkLen
}

// Errors of the stores, to be tested with errors.Is.
var (
	// ErrUnavailable: the store cannot be reached or cannot write now. The same
	// call may be made again.
	ErrUnavailable = errors.New("store unavailable")
	// ErrNotOwner: another owner claimed the partition.
	ErrNotOwner = errors.New("not the owner of the partition")
	// ErrTorn: what the store holds of a partition does not fit together. Reset
	// it and rebuild it from the log.
	ErrTorn = errors.New("store is torn")
)
