package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// sender is what is remembered of one source on one raw topic, to know a repeat.
type sender struct {
	source string
	topic  uint8
	high   uint64 // highest sequence number; 0: none yet
	seen   uint64 // bit i: high-i was seen
	// hashes of the contents that came last: all of a source without sequence
	// numbers, and of topics on which little comes.
	hashes []uint64
	full   bool // hashes were dropped
}

// keptHashes bounds hashes.
const keptHashes = 256

// verdict on a record's identity.
type verdict uint8

const (
	isNew     verdict = iota
	isRepeat          // the same message again
	isPerhaps         // too old to tell by number: its content decides
)

// sender finds or makes the sender of a record.
func (p *patient) sender(rec *schemas.Record) *sender {
	for i := range p.senders {
		if s := &p.senders[i]; s.topic == rec.TopicIndex && s.source == rec.Source {
			return s
		}
	}
	p.senders = append(p.senders, sender{source: strings.Clone(rec.Source), topic: rec.TopicIndex})
	return &p.senders[len(p.senders)-1]
}

// see judges a record and remembers it. Sequence numbers decide within a window
// of 64; what is older, and what has no number, is told by its content: by hash
// where the hash is still kept, else by what the window of observations holds.
func (s *sender) see(rec *schemas.Record) verdict {
	old := false
	if rec.HasSeq {
		switch behind := s.high - rec.Seq; {
		case s.high == 0 || rec.Seq > s.high:
			if shift := rec.Seq - s.high; s.high == 0 || shift > 63 {
				s.seen = 1
			} else {
				s.seen = s.seen<<shift | 1
			}
			s.high = rec.Seq
		case behind < 64:
			if s.seen&(1<<behind) != 0 {
				return isRepeat
			}
			s.seen |= 1 << behind
		default:
			old = true
		}
		if rec.Kind == schemas.KindObservations {
			if old {
				return isPerhaps // the window remembers observations, no hash is needed
			}
			return isNew
		}
	}
	known := slices.Contains(s.hashes, rec.Hash)
	if !known {
		if len(s.hashes) == keptHashes {
			s.hashes = slices.Delete(s.hashes, 0, 1)
			s.full = true
		}
		s.hashes = append(s.hashes, rec.Hash)
	}
	switch {
	case rec.HasSeq && !old:
		return isNew
	case known:
		return isRepeat
	case s.full && rec.Kind == schemas.KindObservations:
		return isPerhaps
	}
	return isNew
}
