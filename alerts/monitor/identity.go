package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// origin is what is remembered of one source on one raw topic, so that a message that
// comes twice is recognised. A source numbers its messages on each topic by itself.
type origin struct {
	source string
	topic  uint8 // index of the raw topic, Record.TopicIndex

	highest  uint64 // highest sequence number that came; 0 before the first
	seenBits uint64 // bit i says that number highest-i came

	// hashes are those of the contents that came last, the oldest first. A source without
	// sequence numbers has all its messages hashed; one with numbers only those that are
	// more than observations, which are few.
	hashes []uint64
	// hashesDropped says that a hash was dropped for want of room, so that a message whose
	// hash is not among them may still be a repeat.
	hashesDropped bool
}

// keptHashes bounds hashes, and with it the stored state of a source that sends for years
// without sequence numbers.
const keptHashes = 256

// novelty says whether a message has come before.
type novelty uint8

const (
	isNew       novelty = iota
	isRepeat            // the same message came before
	isUndecided         // the message is too old to tell by number or hash: its observations decide
)

// origin finds or makes the origin of a record.
func (p *patient) origin(rec *schemas.Record) *origin {
	for i := range p.origins {
		if s := &p.origins[i]; s.topic == rec.TopicIndex && s.source == rec.Source {
			return s
		}
	}
	p.origins = append(p.origins, origin{source: strings.Clone(rec.Source), topic: rec.TopicIndex})
	return &p.origins[len(p.origins)-1]
}

// identify judges a record and remembers it. The sequence number decides if it is among
// the 64 that end with the highest. An older message, and one without a number, is told
// by its content: by its hash while that is kept, and else by its observations, which
// change the patient's window only once.
func (s *origin) identify(rec *schemas.Record) novelty {
	old := false
	if rec.HasSeq {
		switch behind := s.highest - rec.Seq; {
		case s.highest == 0 || rec.Seq > s.highest:
			if shift := rec.Seq - s.highest; s.highest == 0 || shift > 63 {
				s.seenBits = 1
			} else {
				s.seenBits = s.seenBits<<shift | 1
			}
			s.highest = rec.Seq
		case behind < 64:
			if s.seenBits&(1<<behind) != 0 {
				return isRepeat
			}
			s.seenBits |= 1 << behind
		default:
			old = true
		}
		if rec.Kind == schemas.KindObservations {
			if old {
				return isUndecided // the window remembers observations, no hash is needed
			}
			return isNew
		}
	}
	known := slices.Contains(s.hashes, rec.Hash)
	if !known {
		if len(s.hashes) == keptHashes {
			s.hashes = slices.Delete(s.hashes, 0, 1)
			s.hashesDropped = true
		}
		s.hashes = append(s.hashes, rec.Hash)
	}
	switch {
	case rec.HasSeq && !old:
		return isNew
	case known:
		return isRepeat
	case s.hashesDropped && rec.Kind == schemas.KindObservations:
		return isUndecided
	}
	return isNew
}
