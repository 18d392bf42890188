package notes

import (
	"slices"
	"unicode/utf8"
)

// Polarity is what a note says of a concept.
type Polarity string

// Polarities. Where a note says several, the first of them counts.
const (
	Absent       Polarity = "absent"
	Possible     Polarity = "possible"   // suspected, to be ruled out, a risk, a condition
	FamilyMember Polarity = "family"     // of a relative, or of another person
	Historical   Polarity = "historical" // past, or over
	Present      Polarity = "present"
)

// Polarities lists them all.
var Polarities = []Polarity{Present, Absent, Possible, Historical, FamilyMember}

// mention is a concept in a sentence, by its tokens, with the cue of each scope that it is in.
type mention struct {
	concept    *Concept
	first, end int // tokens
	cues       [scopes]string
}

// mark is a cue or a mention at its place in a sentence.
type mark struct {
	first, end int
	cue        *cue
	mention    int // place in mentions, -1 for a cue
	family     int // of a relative: 1 speaks of what follows, -1 of what stands before, 0 is a witness
}

// reader is the memory of one pass over a note.
type reader struct {
	x        *lexicon
	cues     *phrases[cue]
	tokens   []token
	marks    []mark
	mentions []mention
	// chosen are the concepts of the ambiguous phrases of this sentence.
	chosen map[*[]reading]*Concept
	// negations are the tokens in the scope of a negation.
	negations []bool
}

// sentence finds the mentions of a sentence with the scopes that they are in.
func (r *reader) sentence(text string, s Span) {
	r.tokens = tokenize(r.tokens[:0], text, s.Start, s.End)
	r.marks, r.mentions, r.negations = r.marks[:0], r.mentions[:0], r.negations[:0]
	clear(r.chosen)
	shouting := prose(r.tokens) && shouts(text[s.Start:s.End])
	for i := 0; i < len(r.tokens); {
		meanings, n := r.x.phrases.longest(r.tokens[i:], shouting)
		c, m := r.cues.longest(r.tokens[i:], shouting)
		if c != nil && c.closed && !r.closes(i+m) {
			c, m = nil, 0
		}
		var concept *Concept
		if meanings != nil && n > m {
			concept = r.choose(meanings)
		}
		switch {
		case concept != nil:
			r.marks = append(r.marks, mark{first: i, end: i + n, mention: len(r.mentions)})
			r.mentions = append(r.mentions, mention{concept: concept, first: i, end: i + n})
			i += n
		case c != nil:
			r.marks = append(r.marks, mark{first: i, end: i + m, cue: c, mention: -1, family: r.relative(c, i, i+m)})
			i += m
		default:
			if w := r.tokens[i].word; w == ";" || r.bullet(i) {
				r.marks = append(r.marks, mark{first: i, end: i + 1, cue: stop, mention: -1})
			} else if w == "?" && i+1 < len(r.tokens) {
				r.marks = append(r.marks, mark{first: i, end: i + 1, cue: asked, mention: -1})
			} else if w == "?" && i > 0 {
				r.marks = append(r.marks, mark{first: i, end: i + 1, cue: doubted, mention: -1})
			} else if year(w) && i > 0 && r.tokens[i-1].word == "in" {
				r.marks = append(r.marks, mark{first: i, end: i + 1, cue: inYear, mention: -1})
			}
			i++
		}
	}
	if len(r.mentions) > 0 {
		r.negations = slices.Grow(r.negations, len(r.tokens))[:len(r.tokens)]
		clear(r.negations)
		r.forward()
		r.backward()
	}
}

// choose is what a phrase means in this sentence; one that comes again means the same.
func (r *reader) choose(meanings *[]reading) *Concept {
	if first := &(*meanings)[0]; len(first.words) == 0 {
		return first.concept
	}
	concept, known := r.chosen[meanings]
	if !known {
		concept = choose(*meanings, r.tokens)
		if r.chosen == nil {
			r.chosen = map[*[]reading]*Concept{}
		}
		r.chosen[meanings] = concept
	}
	return concept
}

// prose tells whether most of some words are too long for abbreviations.
func prose(tokens []token) bool {
	words, long := 0, 0
	for i := range tokens {
		if first, _ := utf8.DecodeRuneInString(tokens[i].word); inWord(first) {
			words++
			if len(tokens[i].word) > 3 {
				long++
			}
		}
	}
	return words >= 4 && 2*long >= words
}

var (
	stop    = &cue{forward: []scope{terminator}, text: ";"}
	asked   = &cue{forward: []scope{uncertain}, text: "?"}
	doubted = &cue{backward: []scope{uncertain}, text: "?"}
	inYear  = &cue{backward: []scope{historical}, text: "in a year"}
)

// closes tells whether a clause ends before token i.
func (r *reader) closes(i int) bool {
	if i >= len(r.tokens) {
		return true
	}
	switch r.tokens[i].word {
	case ",", ";", ".", ")", "|", "-":
		return true
	}
	return false
}

func (r *reader) bullet(i int) bool {
	switch r.tokens[i].word {
	case "•", "|":
		return true
	}
	return false
}

func year(w string) bool {
	return len(w) == 4 && (w[:2] == "19" || w[:2] == "20") && w[2] >= '0' && w[2] <= '9' && w[3] >= '0' && w[3] <= '9'
}

// relative tells of whom a cue of the family speaks: see mark.family.
func (r *reader) relative(c *cue, first, end int) int {
	if len(c.forward) != 1 || c.forward[0] != family {
		return 0
	}
	if end < len(r.tokens) && said[r.tokens[end].word] && end-first == 1 {
		return 0
	}
	for i := first - 1; i >= 0 && i >= first-2; i-- {
		if r.tokens[i].word == "history" {
			break
		}
		if relates[r.tokens[i].word] {
			return -1
		}
	}
	return 1
}

// running is a scope that goes on.
type running struct {
	cue  string
	from int // token behind the cue
	last int // token up to which it reaches
	// listed is the token behind the last mention in the scope, 0 if there is none yet.
	listed int
}

// events are cues of a past event, whose consequences are not past.
var events = map[string]bool{"s/p": true, "status post": true, "prior": true, "previous": true}

// conditions are cues on which also a treatment behind a comma depends: "if fever, send
// blood cultures".
var conditions = map[string]bool{"if": true, "return if": true, "call if": true, "in case of": true, "in the event of": true, "unless": true}

// reaches tells whether a scope that goes on reaches a mention. What is wrong with a patient
// is listed far behind a cue; a treatment behind a comma is mostly what was done about it,
// and one behind a preposition is the place: "concern for HIT, heparin stopped", "no bleeding
// from the tracheostomy".
func (r *reader) reaches(s scope, on running, x *mention) bool {
	if !x.concept.Kind.ended() {
		return true
	}
	switch s {
	case uncertain, hypothetical:
		return conditions[on.cue] || !r.clauseBetween(on.from, x.first, s)
	case historical:
		return x.concept.Kind == Procedure || !r.clauseBetween(on.from, x.first, s)
	case negation:
		for i := on.listed; on.listed > 0 && i < x.first; i++ {
			switch r.tokens[i].word {
			case ",", "or", "and", "nor", "/", "any":
			default:
				return false
			}
		}
	}
	return true
}

func (r *reader) forward() {
	var on [scopes]running
	end := func(s scope) { on[s] = running{} }
	for i := range r.marks {
		m := &r.marks[i]
		if m.mention >= 0 {
			x := &r.mentions[m.mention]
			for s := range on {
				if on[s].cue != "" && m.first < on[s].last && r.reaches(scope(s), on[s], x) {
					x.cues[s] = on[s].cue
					if scope(s) == negation {
						for t := max(on[s].from, on[s].listed); t < m.end; t++ {
							r.negations[t] = true
						}
					}
					on[s].last, on[s].listed = m.end+reach[s], m.end
				}
			}
			continue
		}
		if m.family < 0 || r.speaksBack(i) {
			continue
		}
		for _, s := range m.cue.forward {
			switch s {
			case pseudo:
			case terminator:
				for s := range on {
					end(scope(s))
				}
			case with:
				if events[on[historical].cue] && on[historical].listed > 0 {
					end(historical)
				}
			case affirm:
				// "no new fracture": what stands directly behind a negation does not end it.
				if on[negation].listed > 0 || m.first > on[negation].from+1 {
					end(negation)
				}
				end(uncertain)
				end(historical)
				end(family)
			case family:
				if m.family > 0 || len(m.cue.forward) > 1 {
					on[family] = running{cue: m.cue.text, from: m.end, last: m.end + reach[family]}
				}
			default:
				if s != negation && s != current && (on[negation].listed > 0 || m.first > on[negation].from+1) {
					end(negation)
				}
				if s == negation {
					end(uncertain)
				}
				on[s] = running{cue: m.cue.text, from: m.end, last: m.end + reach[s]}
				if s == current {
					end(historical)
				}
				if short[m.cue.text] {
					on[s].last = m.end + 2
				}
			}
		}
	}
}

// short are cues that speak of the next word or two only.
var short = map[string]bool{"?": true, "old": true, "former": true, "resolved": true}

// speaksBack tells whether a cue that may speak of both sides speaks of what stands before
// it: a mention ends directly before it, and none begins directly behind it.
func (r *reader) speaksBack(i int) bool {
	m := &r.marks[i]
	if len(m.cue.backward) == 0 || len(m.cue.forward) == 0 {
		return false
	}
	before := i > 0 && r.marks[i-1].mention >= 0 && m.first-r.marks[i-1].end <= 1
	behind := i+1 < len(r.marks) && r.marks[i+1].mention >= 0 && r.marks[i+1].first == m.end
	return before && !behind
}

func (r *reader) backward() {
	var on [scopes]running // from and last count down
	for i := len(r.marks) - 1; i >= 0; i-- {
		m := &r.marks[i]
		if m.mention >= 0 {
			x := &r.mentions[m.mention]
			for s := range on {
				if scope(s) == uncertain && x.concept.Kind.ended() {
					continue
				}
				if on[s].cue == "" || m.end < on[s].last || r.clauseBetween(m.end, on[s].from, scope(s)) {
					continue
				}
				if x.cues[s] == "" {
					x.cues[s] = on[s].cue
				}
				for t := m.first; scope(s) == negation && t < m.end; t++ {
					r.negations[t] = true
				}
				on[s].last, on[s].from = m.first-3, m.first
			}
			continue
		}
		if m.family < 0 {
			on[family] = running{cue: m.cue.text, from: m.first, last: m.first - reachBack[family]}
			continue
		}
		for _, s := range m.cue.forward {
			if s != pseudo && s != with && len(m.cue.backward) == 0 {
				on = [scopes]running{}
				break
			}
		}
		if len(m.cue.forward) > 0 && !r.speaksBack(i) {
			continue
		}
		for _, s := range m.cue.backward {
			switch s {
			case affirm:
				if i > 0 && r.marks[i-1].mention >= 0 {
					x := &r.mentions[r.marks[i-1].mention]
					x.cues[negation], x.cues[uncertain] = "", ""
				}
			default:
				on[s] = running{cue: m.cue.text, from: m.first, last: m.first - reachBack[s]}
				if m.cue == doubted {
					on[s].last = m.first
				}
			}
		}
	}
}

// clauseBetween tells whether a comma or a colon parts tokens first to end from each other,
// for a scope that does not reach over it backward.
func (r *reader) clauseBetween(first, end int, s scope) bool {
	if s == family {
		return false
	}
	for i := first; i < end && i < len(r.tokens); i++ {
		switch r.tokens[i].word {
		case ",", ":", ".":
			return true
		}
	}
	return false
}

// polarity is what the scopes of a mention and its section make of it, with the cue that
// decided; without a cue it is the section that decided.
func (x *mention) polarity(section string) (Polarity, string) {
	switch {
	case x.cues[negation] != "":
		return Absent, x.cues[negation]
	case x.cues[hypothetical] != "":
		return Possible, x.cues[hypothetical]
	case x.cues[uncertain] != "":
		return Possible, x.cues[uncertain]
	case x.cues[family] != "":
		return FamilyMember, x.cues[family]
	case x.cues[historical] != "":
		return Historical, x.cues[historical]
	case x.cues[ended] != "" && x.concept.Kind.ended():
		return Historical, x.cues[ended]
	}
	if x.cues[current] != "" {
		return Present, x.cues[current]
	}
	switch section {
	case FamilyHistory:
		return FamilyMember, ""
	case PastMedical, PastSurgical:
		return Historical, ""
	}
	return Present, ""
}
