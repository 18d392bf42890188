package notes

import "slices"

// Buckets is how many rows hashed n-grams fall into. It is part of the form: other buckets
// are another version of the encoder.
const Buckets = 1 << 13

// Feature is how often n-grams of one bucket stand in a note.
type Feature struct {
	Bucket uint16
	Count  uint8 // 255 stands for more too
}

// hash is 64-bit FNV-1a over words with a mark between them, with its bits mixed down. It is
// written out here because it is part of the form of what the log holds.
type hash uint64

const hashStart hash = 14695981039346656037

func (h hash) word(w string) hash {
	for i := 0; i < len(w); i++ {
		h = (h ^ hash(w[i])) * 1099511628211
	}
	return (h ^ 0xff) * 1099511628211
}

func (h hash) bucket(buckets int) uint16 {
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return uint16(uint64(h) >> 48 & uint64(buckets-1))
}

// salted are the sections whose words count apart: what a clinician concludes weighs other
// than what was told.
var salted = map[string]bool{"assessment": true, "plan": true, "assessment_plan": true, "impression": true, "diagnosis": true}

// ngrams counts the words and pairs of words of the sentence in r, those in the scope of a
// negation apart.
func (r *reader) ngrams(section string, counts map[uint16]uint8) {
	start := hashStart
	if salted[section] {
		start = start.word("A/P")
	}
	var before hash
	for i := range r.tokens {
		w := r.tokens[i].word
		if !counted(w) {
			before = 0
			continue
		}
		if r.negated(i) {
			w = "NEG_" + w
		}
		bump(counts, start.word(w).bucket(Buckets))
		if before != 0 {
			bump(counts, before.word(w).bucket(Buckets))
		}
		before = start.word(w)
	}
}

// negated tells whether token i lies between a negation and a concept that it negates.
func (r *reader) negated(i int) bool { return i < len(r.negations) && r.negations[i] }

// counted tells whether a token is a word. Numbers say nothing without their unit, and a
// placeholder nothing at all.
func counted(w string) bool {
	return w != deidentified && (w[0] >= 'a' && w[0] <= 'z' || w[0] >= 0x80 && len(w) > 3)
}

func bump(counts map[uint16]uint8, bucket uint16) {
	if n := counts[bucket]; n < 255 {
		counts[bucket] = n + 1
	}
}

func sorted(counts map[uint16]uint8) []Feature {
	out := make([]Feature, 0, len(counts))
	for b, n := range counts {
		out = append(out, Feature{b, n})
	}
	slices.SortFunc(out, func(a, b Feature) int { return int(a.Bucket) - int(b.Bucket) })
	return out
}
