package measure

import (
	"strings"
	"unicode"

	"github.com/vigil-icu/vigil/encoders/notes"
)

// Sections is the outcome on the sections of one layout.
type Sections struct {
	Notes int `json:"notes"` // rows of the set
	// Sections are those whose heading is in the table, Unknown those whose heading is not.
	Sections int `json:"sections"`
	Unknown  int `json:"unknown"`
	// ByHeading are the sections that the sectioniser found with the right kind, whole, under
	// their heading. ByContent are those whose kind was guessed from their text alone.
	ByHeading int `json:"by_heading"`
	ByContent int `json:"by_content"`
}

// truth is a section as its set has it: what stands under one heading, without it.
type truth struct {
	kind, heading string // the kind is empty if the heading is not in the table
	notes.Span
}

// truths are the sections of a row. Those of MTS-Dialog are a column. Those of ACI-Bench are
// read here by a rule of their own, so that the sectioniser is not its own judge: a line of
// capitals, with or without a colon, is a heading, and nothing else is.
func truths(e *notes.Encoder, row *Row) []truth {
	if row.Layout == MTSDialog {
		kind, _ := e.SectionKind(row.Section)
		_, shift := row.Note()
		return []truth{{kind, row.Section, notes.Span{Start: shift, End: shift + len(row.Text)}}}
	}
	var out []truth
	start := 0
	for _, line := range strings.SplitAfter(row.Text, "\n") {
		if s := strings.TrimSuffix(strings.TrimSpace(line), ":"); capitals(s) {
			if len(out) > 0 {
				out[len(out)-1].End = start
			}
			kind, _ := e.SectionKind(s)
			if kind != "" || strings.Contains(s, " ") {
				out = append(out, truth{kind, s, notes.Span{Start: start + len(line), End: len(row.Text)}})
			}
		}
		start += len(line)
	}
	return out
}

func capitals(s string) bool {
	letters := 0
	for _, r := range s {
		if !unicode.IsUpper(r) && r != ' ' && r != '/' && r != '&' {
			return false
		}
		letters++
	}
	return letters >= 2
}

// alike are kinds that one heading joins: a part of the set writes "FAM/SOCHX" over both
// histories, and "ASSESSMENT AND PLAN" over both.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	joined := func(a, b string) bool {
		return a == "family_social" && (b == "family_history" || b == "social_history")
	}
	return joined(a, b) || joined(b, a)
}

// JudgeSections holds the sectioniser and the guesser against the sections of the rows, by
// layout.
func JudgeSections(e *notes.Encoder, g *notes.Guesser, rows []Row) map[string]*Sections {
	out := map[string]*Sections{}
	for i := range rows {
		row := &rows[i]
		s := out[row.Layout]
		if s == nil {
			s = new(Sections)
			out[row.Layout] = s
		}
		s.Notes++
		text, _ := row.Note()
		found := e.Read(text).Sections
		for _, want := range truths(e, row) {
			if strings.TrimSpace(text[want.Start:want.End]) == "" {
				continue
			}
			s.Sections++
			if want.kind == "" {
				s.Unknown++
				continue
			}
			if alike(g.Guess(e, text[want.Start:want.End]), want.kind) {
				s.ByContent++
			}
			if covers(found, want, text) {
				s.ByHeading++
			}
		}
	}
	return out
}

// covers tells whether one section is what is wanted, but for the space around it.
func covers(found []notes.Section, want truth, text string) bool {
	for _, f := range found {
		if f.Kind == want.kind && strings.TrimSpace(text[f.Start:f.End]) == strings.TrimSpace(text[want.Start:want.End]) && f.Start >= want.Start-2 && f.End <= want.End+1 {
			return true
		}
	}
	return false
}
