package schemas

// Hold is a part of the memory that a worker process may hold: at most so many bytes for each of
// what it is of. The packages that hold it state it from the constants that they go by, and vigil
// serve --explain-memory prints the sum.
type Hold struct {
	Of    Holder
	What  string
	Bytes int
}

// Holder is what a part of the memory is held for.
type Holder uint8

// The holders.
const (
	OfProcess   Holder = iota
	OfPartition        // that the process owns
	OfPatient          // with an open stay, or heard of in the last 48 h
)
