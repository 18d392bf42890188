package record

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// SiteEncoder is an encoder of a site's own, for the items of one modality. It is safe for concurrent
// use.
type SiteEncoder interface {
	// Name is id and version, as they stand in the log.
	Name() string
	// Encode makes a vector of an event's item; false: it could not, now or ever. as is the record
	// that is logged without it, which the encoder may log again, with the vector, when it can: it has
	// the same identity, and the monitor gives the vector to the item that it knows.
	Encode(ev *schemas.Event, as *schemas.Record) ([]float32, bool)
}

// SiteEncoders are those that stand beside what the program sees in items itself, by modality; nil:
// none.
type SiteEncoders [encoders.NumModalities]SiteEncoder

// encode puts the vector of a site's own encoder into an item that can be used. One that could not be
// encoded stays as it is: present, and without what this encoder makes, so that a model which reads
// that has the item as missing.
func (s *SiteEncoders) encode(r *schemas.Record, ev *schemas.Event) {
	own := s[encoders.ModalityOf(r.Kind)]
	if own == nil || r.Item.State != schemas.Present {
		return
	}
	if v, ok := own.Encode(ev, r); ok {
		r.Item.Encoder, r.Item.Vector = own.Name(), v
	}
}
