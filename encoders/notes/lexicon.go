package notes

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

// Kind is what sort of thing a concept is.
type Kind string

// Kinds. Symptom, Sign, Disorder and Injury are problems.
const (
	Symptom   Kind = "symptom"
	Sign      Kind = "sign"
	Disorder  Kind = "disorder"
	Injury    Kind = "injury"
	Procedure Kind = "procedure"
	Device    Kind = "device"
	Drug      Kind = "drug"
	Organism  Kind = "organism"
	State     Kind = "state" // a finding that is no problem, a habit, a decision on care
)

// Problem tells whether a concept of the kind is something that is wrong with a patient.
func (k Kind) Problem() bool { return k == Symptom || k == Sign || k == Disorder || k == Injury }

// ended tells whether a thing of the kind can be stopped or taken out.
func (k Kind) ended() bool { return k == Procedure || k == Device || k == Drug }

// Concept is a thing that notes speak of, under one name however it is written.
type Concept struct {
	Name string
	Kind Kind
}

// reading is one meaning of an ambiguous abbreviation: it holds where one of the words is
// in the same sentence, and always if there are none.
type reading struct {
	concept *Concept
	words   []string
}

// lexicon finds concepts.
type lexicon struct {
	concepts []*Concept
	phrases  phrases[[]reading]
}

//go:embed lexicon.txt
var lexiconText string

// parseLexicon reads the form of lexicon.txt: headings in brackets name the kind, and under
// them each line is a concept's name, a colon and its synonyms. Under [ambiguous] a line is
// an abbreviation and its meanings, of which the first counts that has one of its words in
// the sentence.
func parseLexicon(text string) (*lexicon, error) {
	x := new(lexicon)
	byName := map[string]*Concept{}
	owner := map[*phrases[[]reading]][2]string{} // who has a phrase: however written, in capitals
	var plurals []struct {
		words   []string
		concept *Concept
	}
	var faults []error
	heading := ""
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			heading = strings.Trim(line, "[]")
			continue
		}
		name, list, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("lexicon line %d: want a name, a colon and synonyms", n+1)
		}
		put := func(s string, meaning []reading) error {
			words := phrase(s)
			if len(words) == 0 {
				return fmt.Errorf("lexicon line %d: an empty synonym", n+1)
			}
			at := x.phrases.place(words)
			has := owner[at]
			which := &at.any
			i := 0
			if onlyCapitals(s) {
				which, i = &at.caps, 1
			}
			if *which != nil {
				return fmt.Errorf("lexicon line %d: %q belongs to %q already; a synonym has one concept, or stands under [ambiguous]", n+1, s, has[i])
			}
			has[i] = name
			owner[at] = has
			*which = &meaning
			return nil
		}
		if heading == "ambiguous" {
			var meaning []reading
			for _, part := range strings.Split(list, ";") {
				concept, words, _ := strings.Cut(part, " if ")
				c := byName[strings.TrimSpace(concept)]
				if c == nil {
					return nil, fmt.Errorf("lexicon line %d: there is no concept %q", n+1, strings.TrimSpace(concept))
				}
				meaning = append(meaning, reading{c, entries(words)})
			}
			if err := put(name, meaning); err != nil {
				faults = append(faults, err)
			}
			continue
		}
		if byName[name] != nil {
			return nil, fmt.Errorf("lexicon line %d: %q stands twice", n+1, name)
		}
		c := &Concept{name, Kind(heading)}
		byName[name] = c
		x.concepts = append(x.concepts, c)
		for _, s := range append([]string{name}, entries(list)...) {
			if err := put(s, []reading{{concept: c}}); err != nil {
				faults = append(faults, err)
			}
			if words := plural(phrase(s)); words != nil && c.Kind.Problem() && !onlyCapitals(s) {
				plurals = append(plurals, struct {
					words   []string
					concept *Concept
				}{words, c})
			}
		}
	}
	// A plural counts only where no synonym is written so.
	for _, p := range plurals {
		if at := x.phrases.place(p.words); at.any == nil {
			at.any = &[]reading{{concept: p.concept}}
		}
	}
	return x, errors.Join(faults...)
}

// plural is a phrase with its last word in the plural, nil if that has an ending of another
// kind.
func plural(words []string) []string {
	last := words[len(words)-1]
	if len(last) < 3 || last[len(last)-1] < 'a' || last[len(last)-1] > 'z' || strings.HasSuffix(last, "s") {
		return nil
	}
	out := append([]string{}, words...)
	out[len(out)-1] = last + "s"
	if strings.HasSuffix(last, "y") && !strings.HasSuffix(last, "ey") {
		out[len(out)-1] = last[:len(last)-1] + "ies"
	}
	return out
}

// choose is the concept that an ambiguous phrase means in a sentence, nil if none.
func choose(meanings []reading, sentence []token) *Concept {
	for _, m := range meanings {
		if len(m.words) == 0 {
			return m.concept
		}
		for _, w := range m.words {
			for i := range sentence {
				if sentence[i].word == w {
					return m.concept
				}
			}
		}
	}
	return nil
}
