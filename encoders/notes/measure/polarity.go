package measure

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders/notes"
)

// Counts are mentions that were found with the right polarity, findings that are no label,
// and labels that were not found.
type Counts struct {
	Right  int `json:"right"`
	Wrong  int `json:"wrong"`
	Missed int `json:"missed"`
}

// Precision is the share of findings that are right, 0 if there are none.
func (c Counts) Precision() float64 { return share(c.Right, c.Right+c.Wrong) }

// Recall is the share of labels that were found, 0 if there are none.
func (c Counts) Recall() float64 { return share(c.Right, c.Right+c.Missed) }

// F1 is the harmonic mean of precision and recall.
func (c Counts) F1() float64 { return share(2*c.Right, 2*c.Right+c.Wrong+c.Missed) }

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// Polarity is the outcome on a set of labelled sentences.
type Polarity struct {
	Sentences int
	All       Counts
	// Each has the counts of each sentence, in order: what an interval is drawn from.
	Each []Counts
	By   map[notes.Polarity]*Counts
	// Located counts polarities of the labels that were found at all, with any polarity.
	Located, LocatedRight int
	// Errors say what went wrong: the place of the sentence, never its text.
	Errors []string
}

func newPolarity() *Polarity {
	p := &Polarity{By: map[notes.Polarity]*Counts{}}
	for _, of := range notes.Polarities {
		p.By[of] = new(Counts)
	}
	return p
}

// label is what a mention should be.
type label struct {
	notes.Span
	concept  string // empty: any
	polarity notes.Polarity
}

//go:embed open.tsv
var openText string

//go:embed independent.tsv
var independentText string

// openSentence is a labelled sentence of the open sets.
type openSentence struct {
	layout, id string
	notes.Span
	hash   string
	labels []label
}

// openSentences reads a file of labels, whose name is for what is wrong in it.
func openSentences(file, content string) ([]openSentence, error) {
	var out []openSentence
	for n, line := range strings.Split(content, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 6 {
			return nil, fmt.Errorf("%s line %d: want 6 columns, found %d", file, n+1, len(f))
		}
		s := openSentence{layout: f[0], id: f[1], hash: f[4]}
		var err error
		if s.Start, s.End, err = between(f[2], f[3]); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", file, n+1, err)
		}
		for _, part := range strings.Fields(strings.TrimPrefix(f[5], "-")) {
			place, polarity, _ := strings.Cut(part, "=")
			from, to, _ := strings.Cut(place, "-")
			l := label{polarity: notes.Polarity(polarity)}
			if l.Start, l.End, err = between(from, to); err != nil || !slices.Contains(notes.Polarities, l.polarity) {
				return nil, fmt.Errorf("%s line %d: %q is no label", file, n+1, part)
			}
			s.labels = append(s.labels, l)
		}
		out = append(out, s)
	}
	return out, nil
}

func between(from, to string) (int, int, error) {
	a, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0, err
	}
	b, err := strconv.Atoi(to)
	if err == nil && b <= a {
		err = fmt.Errorf("%s to %s is empty", from, to)
	}
	return a, b, err
}

// Open judges polarity on the sentences of open.tsv that are among the rows; nil if none is.
func Open(e *notes.Encoder, rows []Row) (*Polarity, error) {
	return inRows(e, rows, "open.tsv", openText)
}

// Independent judges polarity on the sentences of independent.tsv that are among the rows;
// nil if none is.
func Independent(e *notes.Encoder, rows []Row) (*Polarity, error) {
	return inRows(e, rows, "independent.tsv", independentText)
}

func inRows(e *notes.Encoder, rows []Row, file, content string) (*Polarity, error) {
	labelled, err := openSentences(file, content)
	if err != nil {
		return nil, err
	}
	byRow := map[[2]string][]openSentence{}
	for _, s := range labelled {
		byRow[[2]string{s.layout, s.id}] = append(byRow[[2]string{s.layout, s.id}], s)
	}
	out := newPolarity()
	for i := range rows {
		row := &rows[i]
		sentences := byRow[[2]string{row.Layout, row.ID}]
		if len(sentences) == 0 {
			continue
		}
		text, shift := row.Note()
		var read *notes.Reading
		for _, s := range sentences {
			if s.End > len(row.Text) || !s.is(row.Text[s.Start:s.End]) {
				continue // the same number in another part of the set
			}
			if read == nil {
				read = e.Read(text)
			}
			at := s.Start + shift
			var findings []notes.Finding
			for _, f := range read.Findings {
				if f.Kind.Problem() && f.Start >= at && f.End <= s.End+shift {
					f.Start, f.End = f.Start-at, f.End-at
					findings = append(findings, f)
				}
			}
			out.count(fmt.Sprintf("%s %s at %d", s.layout, s.id, s.Start), s.labels, findings)
		}
	}
	if out.Sentences == 0 {
		return nil, nil
	}
	return out, nil
}

func (s *openSentence) is(text string) bool {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8]) == s.hash
}

// Note is a row as a note would have it, and how far its text is shifted by that: a section
// stands under its heading.
func (r *Row) Note() (text string, shift int) {
	if r.Section == "" {
		return r.Text, 0
	}
	head := r.Section + ":\n"
	return head + r.Text, len(head)
}

// count holds the findings of a sentence against its labels, each at most once.
func (p *Polarity) count(where string, labels []label, findings []notes.Finding) {
	p.Sentences++
	before := p.All
	defer func() {
		p.Each = append(p.Each, Counts{p.All.Right - before.Right, p.All.Wrong - before.Wrong, p.All.Missed - before.Missed})
	}()
	used := make([]bool, len(findings))
	same := func(l *label, f *notes.Finding) bool {
		return f.Start < l.End && l.Start < f.End && (l.concept == "" || l.concept == f.Concept)
	}
	for i := range labels {
		l := &labels[i]
		right, located := -1, ""
		for j := range findings {
			if used[j] || !same(l, &findings[j]) {
				continue
			}
			located = string(findings[j].Polarity)
			if findings[j].Polarity == l.polarity {
				right = j
				break
			}
		}
		if located != "" {
			p.Located++
		}
		if right < 0 {
			p.All.Missed++
			p.By[l.polarity].Missed++
			p.Errors = append(p.Errors, fmt.Sprintf("%s: %d-%d %s is %s, found %q", where, l.Start, l.End, l.concept, l.polarity, located))
			continue
		}
		used[right] = true
		p.LocatedRight++
		p.All.Right++
		p.By[l.polarity].Right++
	}
	for j := range findings {
		f := &findings[j]
		if used[j] || slices.ContainsFunc(labels, func(l label) bool { return same(&l, f) && l.polarity == f.Polarity }) {
			continue // a second finding in one label is the same finding
		}
		p.All.Wrong++
		p.By[f.Polarity].Wrong++
		p.Errors = append(p.Errors, fmt.Sprintf("%s: %d-%d %s is not labelled so, found %s", where, f.Start, f.End, f.Concept, f.Polarity))
	}
}
