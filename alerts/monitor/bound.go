package monitor

import (
	"unsafe"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// heldHours is of how many hours of a patient a partition may hold the records between two
// batches: the one of the clock, the one before, and the one that values ahead of the clock are in.
const heldHours = 3

// Holds states what a partition may hold, from the limits that the monitor goes by.
func (m *Monitor) Holds() []schemas.Hold {
	l := &m.Settings.Limits
	channels, reach := schemas.NumChannels(), int(schemas.Reach/schemas.Hour)+1
	whole := window.Bound(channels, heldHours, l.Of(schemas.LimitHourValues), reach)
	if m.readsObservations() {
		whole = window.Bound(channels, reach+heldHours, l.Of(schemas.LimitHourValues), 0)
	}
	sender := int(unsafe.Sizeof(origin{})) + 2*8*keptHashes + 2*schemas.MaxID + 16
	items := int(encoders.NumModalities) * 2 * encoders.KeptItems * int(unsafe.Sizeof(encoders.KeptItem{}))
	content := (int(encoders.NumModalities) - 1) * encoders.KeptItems * 4 * max(encoders.MaxVector, encoders.MaxWords)
	holds := []schemas.Hold{
		{Of: schemas.OfPatient, What: "window: every channel at the limit of an hour, in the hours that are open", Bytes: whole},
		{Of: schemas.OfPatient, What: "senders, with the numbers and contents that came last", Bytes: l.Of(schemas.LimitPatientSenders) * sender},
		{Of: schemas.OfPatient, What: "stay, alerts, items, readings", Bytes: int(unsafe.Sizeof(patient{})) + items + 16<<10},
		{Of: schemas.OfPatient, What: "content of items: vectors and hashed words", Bytes: content},
	}
	if m.Model != nil {
		holds = append(holds,
			schemas.Hold{Of: schemas.OfPartition, What: "sums of the patients predicted last", Bytes: keptBytes},
			schemas.Hold{Of: schemas.OfPartition, What: "inputs of patients predicted at once", Bytes: 2 * mostAhead * m.Model.Shape().Bytes()})
	}
	return holds
}
