package encoders

import (
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Items is one item modality of a stay: its notes, images or strips, oldest first.
type Items struct {
	// State is Present where there are rows. Both others have none: Absent says that
	// nothing came, Unusable that something came and none of it can be read.
	State schemas.ItemState
	// Width is that of a vector; with 0 only whether and when an item came is read.
	Width int
	// Tau [L] is when each item came, as a part of the window: 0 is its begin, 1 its end.
	Tau []float32
	// Vectors are [L][Width].
	Vectors []float32
	// Projected is what the model's first layer makes of Vectors, a row for each; where
	// it is nil, it is made in every pass. Serving keeps it from the first prediction
	// after an item came.
	Projected []float32
}

// KeptItems is how many items of a modality are remembered: the newest ones.
const KeptItems = 32

// KeptItem is what is remembered of a strip, a note or an image.
type KeptItem struct {
	// At is the event time, floored to 1/16 s.
	At     schemas.Time
	State  schemas.ItemState
	Vector []float32
	// Projected is the model's first layer of Vector, if it was kept. It is derived and
	// not stored.
	Projected []float32
}

// History is the newest items of one modality of a patient, by event time; those of one
// time stand in their order of arrival.
type History []KeptItem

// Add takes an item. Where there are KeptItems already, the oldest goes.
func (h *History) Add(i *schemas.Item) {
	at := i.EventTime.Floor16()
	place := len(*h)
	for place > 0 && (*h)[place-1].At > at {
		place--
	}
	*h = slices.Insert(*h, place, KeptItem{At: at, State: i.State, Vector: slices.Clone(i.Vector)})
	if len(*h) > KeptItems {
		*h = slices.Delete(*h, 0, 1)
	}
}

// Trim forgets the items before a time.
func (h *History) Trim(before schemas.Time) {
	n := 0
	for n < len(*h) && (*h)[n].At < before {
		n++
	}
	*h = slices.Delete(*h, 0, n)
}

// Fill fills dst, whose width says what can be read, with the items of [from, asOf] in a
// window of 48 hours from begin on. An item that is not usable, or whose vector has
// another width, is no row.
func (h History) Fill(dst *Items, from, asOf, begin schemas.Time) {
	dst.State, dst.Tau, dst.Vectors, dst.Projected = schemas.Absent, dst.Tau[:0], dst.Vectors[:0], dst.Projected[:0]
	from, asOf = max(from, begin).Floor16(), asOf.Floor16()
	for i := range h {
		item := &h[i]
		if item.At < from || item.At > asOf {
			continue
		}
		if item.State != schemas.Present || dst.Width > 0 && len(item.Vector) != dst.Width {
			if dst.State == schemas.Absent {
				dst.State = schemas.Unusable
			}
			continue
		}
		dst.State = schemas.Present
		dst.Tau = append(dst.Tau, float32(float64(item.At-begin)/float64(Bins*schemas.Hour)))
		dst.Vectors = append(dst.Vectors, item.Vector[:dst.Width]...)
		dst.Projected = append(dst.Projected, item.Projected...)
	}
}

// Shift moves the items towards the end of the window by a part of it, as if the moment
// were earlier by so much: those of the last part are gone. A modality of which no row is
// left is absent.
func (it *Items) Shift(by float32) {
	n := len(it.Tau)
	for n > 0 && it.Tau[n-1] > 1-by {
		n--
	}
	it.Tau, it.Vectors = it.Tau[:n], it.Vectors[:n*it.Width]
	for i := range it.Tau {
		it.Tau[i] += by
	}
	if n == 0 && it.State == schemas.Present {
		it.State = schemas.Absent
	}
}
