package notes

import "strings"

// phrases finds the longest of many phrases that begins at a token. V is what a phrase
// means.
type phrases[V any] struct {
	next map[string]*phrases[V]
	any  *V // of the phrase that ends here, however it is written
	caps *V // of the phrase that ends here, if it is written in capitals
}

// phrase is the words of a phrase, in the form in which tokens have them.
func phrase(s string) []string {
	var words []string
	for _, t := range tokenize(nil, s, 0, len(s)) {
		words = append(words, t.word)
	}
	return words
}

// onlyCapitals tells whether a phrase means something only in capitals: it is one word of
// capitals. "AS" is a stenosis, "as" is not.
func onlyCapitals(s string) bool {
	t := tokenize(nil, s, 0, len(s))
	return len(t) == 1 && t[0].capitals
}

// place is where a phrase is kept; it makes the way there.
func (p *phrases[V]) place(words []string) *phrases[V] {
	for _, w := range words {
		if p.next == nil {
			p.next = map[string]*phrases[V]{}
		}
		n := p.next[w]
		if n == nil {
			n = new(phrases[V])
			p.next[w] = n
		}
		p = n
	}
	return p
}

// longest is the meaning of the longest phrase at the begin of tokens, and its length in
// tokens; nil if there is none. Where shouting is set the text is all in capitals, and a
// phrase that means something only in capitals is not found.
func (p *phrases[V]) longest(tokens []token, shouting bool) (found *V, n int) {
	for i := range tokens {
		next := p.next[tokens[i].word]
		if next == nil {
			break
		}
		p = next
		switch {
		case p.caps != nil && i == 0 && tokens[0].capitals && !shouting:
			found, n = p.caps, 1
		case p.any != nil:
			found, n = p.any, i+1
		}
	}
	return found, n
}

// entries splits a table's line "name: one, two" at the colon and the commas.
func entries(list string) []string {
	var out []string
	for _, s := range strings.Split(list, ", ") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
