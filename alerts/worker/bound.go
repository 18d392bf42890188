package worker

import "github.com/vigil-icu/vigil/schemas"

// Holds states what the worker may hold of a partition beside the monitor's state.
func Holds() []schemas.Hold {
	return []schemas.Hold{{Of: schemas.OfPartition, What: "windows read from the store at a time, and what is written of them", Bytes: 3 * readAhead}}
}
