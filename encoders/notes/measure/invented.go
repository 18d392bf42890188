package measure

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders/notes"
)

//go:embed invented.tsv
var inventedText string

// inventedSentence is one of our own with its labels.
type inventedSentence struct {
	line   int
	text   string
	labels []label
}

func inventedSentences(e *notes.Encoder) ([]inventedSentence, error) {
	known := map[string]bool{}
	for _, c := range e.Concepts() {
		known[c.Name] = true
	}
	var out []inventedSentence
	for n, line := range strings.Split(inventedText, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		text, list, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("invented.tsv line %d: want a sentence, a tab and its labels", n+1)
		}
		s := inventedSentence{line: n + 1, text: text}
		for _, part := range strings.Split(list, "; ") {
			if part == "-" {
				continue
			}
			concept, polarity, _ := strings.Cut(part, "=")
			if !known[concept] || !slices.Contains(notes.Polarities, notes.Polarity(polarity)) {
				return nil, fmt.Errorf("invented.tsv line %d: %q is no label", n+1, part)
			}
			s.labels = append(s.labels, label{Span: notes.Span{Start: 0, End: len(text)}, concept: concept, polarity: notes.Polarity(polarity)})
		}
		out = append(out, s)
	}
	return out, nil
}

// Invented judges polarity on the invented sentences.
func Invented(e *notes.Encoder) (*Polarity, error) {
	sentences, err := inventedSentences(e)
	if err != nil {
		return nil, err
	}
	out := newPolarity()
	for _, s := range sentences {
		out.count(fmt.Sprintf("invented.tsv line %d", s.line), s.labels, e.Read(s.text).Findings)
	}
	return out, nil
}
