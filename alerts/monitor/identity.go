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

	highest uint64 // highest sequence number that came; 0 before the first
	// seen has, at the number modulo keptNumbers, the short hash of each of the messages with
	// the numbers that end with highest; 0 says that the number has not come. A number alone
	// identifies no message, since a sender that is started again counts from 1.
	seen [keptNumbers]uint32
	// late is the last number that came new though it is older than those of seen, if nothing
	// but repeats came since; else 0.
	late uint64

	// hashes are those of the contents that came last, the oldest first. A source without
	// sequence numbers has all its messages hashed; one with numbers only those that are
	// more than observations, which are few.
	hashes []uint64
	// hashesDropped says that a hash was dropped for want of room, so that a message whose
	// hash is not among them may still be a repeat.
	hashesDropped bool

	// The present numbering found this many hashes and this highest number. A repeat of a
	// message of before is told by both.
	pastHashes  int
	pastHighest uint64
}

// keptNumbers and keptHashes bound the stored state of an origin that sends for years. How many
// origins of a patient are remembered is a limit of the site.
const (
	keptNumbers = 64
	keptHashes  = 256
)

// novelty says whether a message has come before.
type novelty uint8

const (
	isNew       novelty = iota
	isRepeat            // the same message came before
	isUndecided         // the message is too old to tell by number or hash: its observations decide
)

// origin finds or makes the origin of a record. Where the patient has too many, the one that
// was not heard of for longest is forgotten: a sender that puts a session into its name must
// not make the state grow.
func (s *Partition) origin(p *patient, rec *schemas.Record, most int) *origin {
	last := len(p.origins) - 1
	for i := last; i >= 0; i-- {
		o := p.origins[i]
		if o.topic != rec.TopicIndex || o.source != rec.Source {
			continue
		}
		if i < last { // the one heard of last stands at the end
			copy(p.origins[i:], p.origins[i+1:])
			p.origins[last] = o
		}
		return o
	}
	if n := len(p.origins) + 1 - most; n > 0 { // of more than one where the limit was lowered
		p.origins = slices.Delete(p.origins, 0, n)
		s.counts.Forgotten += uint64(n)
	}
	p.origins = append(p.origins, &origin{source: strings.Clone(rec.Source), topic: rec.TopicIndex})
	return p.origins[len(p.origins)-1]
}

// identify judges a record. Among the numbers that end with the highest, number and content
// together decide. An older message, and one without a number, is told by its content: by
// its hash while that is kept, and else by its observations, which change the patient's
// window only once.
func (s *origin) identify(rec *schemas.Record) novelty {
	switch {
	case rec.HasSeq && !s.isOld(rec.Seq):
		if s.knows(rec.Seq) && s.agrees(rec) {
			return isRepeat
		}
	case rec.HasSeq && rec.Kind == schemas.KindObservations:
		return isUndecided // the window remembers observations, no hash is needed
	case slices.Contains(s.hashes, rec.Hash):
		return isRepeat
	case s.hashesDropped && rec.Kind == schemas.KindObservations:
		return isUndecided
	}
	return isNew
}

// remember notes a record that was no repeat. It answers true if the record shows that the
// sender was started again: a number that came before has another content, or numbers that
// are long past come anew, one after the other. What is known of the earlier numbers is then
// forgotten.
func (s *origin) remember(rec *schemas.Record) (restarted bool) {
	if (!rec.HasSeq || rec.Kind != schemas.KindObservations) && !slices.Contains(s.hashes, rec.Hash) {
		if len(s.hashes) == keptHashes {
			s.hashes = slices.Delete(s.hashes, 0, 1)
			s.hashesDropped = true
			s.pastHashes = max(0, s.pastHashes-1)
		}
		s.hashes = append(s.hashes, rec.Hash)
	}
	if !rec.HasSeq {
		return false
	}
	switch {
	case !s.isOld(rec.Seq):
		restarted = s.knows(rec.Seq)
	case s.late == 0 || rec.Seq != s.late+1:
		s.late = rec.Seq
		return false
	default:
		restarted = true
	}
	if restarted {
		s.highest, s.pastHighest, s.seen = 0, 0, [keptNumbers]uint32{}
	}
	s.late = 0
	s.raise(rec.Seq)
	s.seen[rec.Seq%keptNumbers] = shortHash(rec.Hash)
	return restarted
}

// beginNumbering notes that all that came belongs to an earlier numbering from now on.
func (p *patient) beginNumbering() {
	for _, s := range p.origins {
		s.pastHashes, s.pastHighest = len(s.hashes), s.highest
	}
}

// isOfBefore says whether a repeat is of a message that came in an earlier numbering.
func (s *origin) isOfBefore(rec *schemas.Record) bool {
	if i := slices.Index(s.hashes, rec.Hash); i >= 0 {
		return i < s.pastHashes
	}
	return !rec.HasSeq || rec.Seq <= s.pastHighest
}

// isOld says whether a number is too far behind the highest for seen.
func (s *origin) isOld(seq uint64) bool { return seq < s.highest && s.highest-seq >= keptNumbers }

// knows says whether a message with a number that is not old has come.
func (s *origin) knows(seq uint64) bool { return seq <= s.highest && s.seen[seq%keptNumbers] != 0 }

// agrees says whether a record has the content of the message that came with its number, as
// far as that is known.
func (s *origin) agrees(rec *schemas.Record) bool {
	was, is := s.seen[rec.Seq%keptNumbers], shortHash(rec.Hash)
	return was == is || was == contentUnknown || is == contentUnknown
}

// raise makes room in seen up to a number.
func (s *origin) raise(seq uint64) {
	if seq <= s.highest {
		return
	}
	for n := max(s.highest, seq-min(seq, keptNumbers)) + 1; n <= seq; n++ {
		s.seen[n%keptNumbers] = 0
	}
	s.highest = seq
}

// contentUnknown is the short hash of a record without a hash, in a log of before live
// observations with numbers had one. Such a record is known by its number alone.
const contentUnknown = 1

// shortHash folds a hash so that it is neither 0 nor contentUnknown, unless it is 0 itself.
func shortHash(hash uint64) uint32 {
	if hash == 0 {
		return contentUnknown
	}
	return max(uint32(hash>>32)^uint32(hash), contentUnknown+1)
}
