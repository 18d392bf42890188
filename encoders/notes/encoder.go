package notes

// ID names this encoder and its version. Another lexicon, cue or rule is another version,
// since what a log holds of a note is by the one that it names.
const ID = "vigil-notes"

// Version is that of the lexicon, the cues, the sections and the rules.
const Version = "1"

// Finding is one mention of a concept.
type Finding struct {
	Concept  string
	Kind     Kind
	Polarity Polarity
	Cue      string // the phrase of the cue list that decided; empty if none did
	Section  string // the kind of section that it stands in
	Span            // of the mention in the note
}

// Sentence is a sentence and the section that it stands in.
type Sentence struct {
	Span
	Section int    // place in Reading.Sections
	Hash    uint32 // of its words, see Earlier
}

// Reading is what an encoder sees in a note. It holds places and names of the lexicon, and
// none of the text.
type Reading struct {
	Sections  []Section
	Sentences []Sentence
	Findings  []Finding
	// Features are the hashed words and pairs of words, by bucket.
	Features []Feature
}

// Encoder reads notes. It is safe for concurrent use.
type Encoder struct {
	lexicon  *lexicon
	cues     *phrases[cue]
	headings headings
}

// New returns the encoder with the tables in the program.
func New() *Encoder {
	x, err := parseLexicon(lexiconText)
	if err != nil {
		panic("notes: " + err.Error()) // a table in the program is wrong, which its test says
	}
	cues, err := parseCues(cuesText)
	if err != nil {
		panic("notes: " + err.Error())
	}
	h, err := parseHeadings(sectionsText)
	if err != nil {
		panic("notes: " + err.Error())
	}
	return &Encoder{lexicon: x, cues: cues, headings: h}
}

// Concepts are those of the lexicon, in its order.
func (e *Encoder) Concepts() []Concept {
	out := make([]Concept, len(e.lexicon.concepts))
	for i, c := range e.lexicon.concepts {
		out[i] = *c
	}
	return out
}

// Read finds the sections, sentences and concepts of a note. Any text has a reading; bytes
// that are no UTF-8 belong to no word.
func (e *Encoder) Read(text string) *Reading {
	out := &Reading{Sections: e.headings.sections(text)}
	r := reader{x: e.lexicon, cues: e.cues}
	var spans []Span
	counts := map[uint16]uint8{}
	for i := range out.Sections {
		s := &out.Sections[i]
		spans = sentences(spans[:0], text, s.Start, s.End)
		for _, span := range spans {
			r.sentence(text, span)
			out.Sentences = append(out.Sentences, Sentence{span, i, r.sentenceHash()})
			r.ngrams(s.Kind, counts)
			for j := range r.mentions {
				x := &r.mentions[j]
				polarity, cue := x.polarity(s.Kind)
				out.Findings = append(out.Findings, Finding{
					Concept: x.concept.Name, Kind: x.concept.Kind, Polarity: polarity, Cue: cue, Section: s.Kind,
					Span: Span{r.tokens[x.first].start, r.tokens[x.end-1].end},
				})
			}
		}
	}
	out.Features = sorted(counts)
	return out
}
