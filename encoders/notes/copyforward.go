package notes

import (
	"strings"
	"unicode/utf8"
)

// sentenceHash is 32 bits of a sentence's words in lower case, without punctuation and
// spacing: what was copied has the same, also where a line was wrapped anew. It is part of
// the form of what the log holds. 0 stands for a sentence without words.
func (r *reader) sentenceHash() uint32 {
	h, n := hashStart, 0
	for i := range r.tokens {
		if first, _ := utf8.DecodeRuneInString(r.tokens[i].word); inWord(first) {
			h = h.word(r.tokens[i].word)
			n++
		}
	}
	if n == 0 {
		return 0
	}
	h ^= h >> 32
	return max(1, uint32(h))
}

// MaxEarlier is how many sentences of a patient are remembered.
const MaxEarlier = 1 << 14

// Earlier are the sentences of a patient's earlier notes. Much of a note is copied forward
// from the one before; what has been said already says nothing new. The zero value knows
// none. It belongs to one goroutine.
type Earlier struct {
	known map[uint32]bool
	order []uint32 // oldest first
}

// Copied tells whether a sentence of the hash stood in an earlier note.
func (e *Earlier) Copied(hash uint32) bool { return hash != 0 && e.known[hash] }

// Add remembers the sentences of a note. Beyond MaxEarlier the oldest are forgotten.
func (e *Earlier) Add(hashes []uint32) {
	if e.known == nil {
		e.known = map[uint32]bool{}
	}
	for _, h := range hashes {
		if h == 0 || e.known[h] {
			continue
		}
		if len(e.order) >= MaxEarlier {
			delete(e.known, e.order[0])
			e.order = e.order[1:]
		}
		e.known[h] = true
		e.order = append(e.order, h)
	}
}

// Novelty is the share of a note's sentences that stood in no earlier one; 1 if it has none.
func (e *Earlier) Novelty(hashes []uint32) float64 {
	fresh, all := 0, 0
	for _, h := range hashes {
		if h == 0 {
			continue
		}
		all++
		if !e.known[h] {
			fresh++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(fresh) / float64(all)
}

// Hashes are those of the sentences of a note, in their order.
func (r *Reading) Hashes() []uint32 {
	out := make([]uint32, len(r.Sentences))
	for i := range r.Sentences {
		out[i] = r.Sentences[i].Hash
	}
	return out
}

// IsAddendum tells whether a note adds to an earlier one, by its kind or its first words.
func IsAddendum(kind, text string) bool {
	begin := strings.ToLower(strings.TrimLeft(text[:min(len(text), 64)], " \t\r\n*#-="))
	return strings.Contains(strings.ToLower(kind), "addendum") || strings.HasPrefix(begin, "addendum")
}

// Current are the places of the notes that count, of a patient's notes in the order in which
// they came, by the document that each is a version of: a later version, such as a report
// with its addendum, supersedes the earlier ones. A note of no named document stands alone.
func Current(documents []string) []int {
	last := map[string]int{}
	for i, d := range documents {
		last[d] = i
	}
	var out []int
	for i, d := range documents {
		if d == "" || last[d] == i {
			out = append(out, i)
		}
	}
	return out
}
