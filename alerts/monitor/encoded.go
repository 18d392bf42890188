package monitor

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// encodedSince takes the vector of an item out of a repeat. Where an encoder could not be asked when a
// strip, a note or an image came, intake logs it as present and not encoded, and logs it again, under
// the same identity, when the encoder has made its vector. To the model the item was missing until
// then, so that a score becomes due.
func (t *step) encodedSince(rec *schemas.Record) {
	p := t.p
	if rec.Item == nil || len(rec.Item.Vector) == 0 {
		return
	}
	if p.into != "" { // the other patient has met the item too
		t.forward(rec)
	}
	if p.modalities[encoders.ModalityOf(rec.Kind)].items.Encode(rec.Item) && p.stay.open {
		t.scoreSoon()
	}
}
