package intake

import (
	"unsafe"

	"github.com/vigil-icu/vigil/schemas"
)

// Holds states what intake may hold of a partition, from the limits that it goes by. What a run
// holds is there only where runs are taken.
func Holds(l *schemas.Limits, runs bool) []schemas.Hold {
	topics := len(schemas.RawTopics)
	delivered := topics * 4 * readLimit * int(unsafe.Sizeof(Item{})+unsafe.Sizeof(schemas.Record{}))
	holds := []schemas.Hold{
		{Of: schemas.OfProcess, What: "clocks of senders' devices", Bytes: l.Of(schemas.LimitDevices) * (2*schemas.MaxID + 160)},
		{Of: schemas.OfPartition, What: "messages read and not yet logged, without their bodies", Bytes: delivered},
		{Of: schemas.OfPartition, What: "batches of log and dead letters", Bytes: 2 * 2 * batchBytes},
	}
	if runs {
		most := l.Of(schemas.LimitRunBytes)
		holds = append(holds, schemas.Hold{Of: schemas.OfPartition, What: "recorded messages that wait for marks, of a run out to fill it", Bytes: topics * (most + most/4)})
	}
	return holds
}
