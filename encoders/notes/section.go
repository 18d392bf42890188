package notes

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Section is a part of a note under one heading.
type Section struct {
	// Kind is the kind that the heading names: one of those of sections.txt, Body before
	// the first heading, Other under a heading that is not known.
	Kind string
	// Heading is where the heading stands; it is empty in a Body. Start and End are what
	// the section is about, without the heading.
	Heading    Span
	Start, End int
}

// Span is a part of a note, in bytes.
type Span struct{ Start, End int }

// Kinds of section that this package treats in a way of their own.
const (
	Body          = "body"
	Other         = "other"
	FamilyHistory = "family_history"
	PastMedical   = "past_medical"
	PastSurgical  = "past_surgical"
	system        = "system"
)

//go:embed sections.txt
var sectionsText string

// headings are the kinds of section by what their headings say.
type headings map[string]string

// parseHeadings reads the form of sections.txt: a kind, a colon and its headings.
func parseHeadings(text string) (headings, error) {
	h := headings{}
	for n, line := range strings.Split(text, "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		kind, list, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("sections line %d: want a kind, a colon and headings", n+1)
		}
		for _, name := range entries(list) {
			if other, twice := h[plain(name)]; twice {
				return nil, fmt.Errorf("sections line %d: %q is a heading of %s already", n+1, name, other)
			}
			h[plain(name)] = kind
		}
	}
	return h, nil
}

// plain is a heading as the table has it: lower case, one space between words, hyphens and
// underscores as spaces.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return ' '
		}
		return unicode.ToLower(r)
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// maxHeading is the longest that a heading may be, in bytes.
const maxHeading = 60

// SectionKind is the kind of section that a heading names, and false if none.
func (e *Encoder) SectionKind(heading string) (string, bool) {
	if len(heading) > maxHeading {
		return "", false
	}
	kind := e.headings[plain(strings.TrimRight(strings.TrimSpace(heading), ":"))]
	if kind == "" || kind == system {
		return "", false
	}
	return kind, true
}

// sections divides a note. There is at least one section; they follow one another and
// leave out nothing but headings.
func (h headings) sections(text string) []Section {
	out := []Section{{Kind: Body}}
	begin := func(kind string, from, to int) {
		last := &out[len(out)-1]
		if n := min(to+1, len(text)); last.Kind == kind && last.Heading.End > 0 && strings.IndexByte(text[to:n], '\n') < 0 && n > to {
			return // "Examination:" before its text within an examination divides nothing
		}
		last.End = from
		out = append(out, Section{Kind: kind, Heading: Span{from, to}, Start: to})
	}
	for start := 0; start < len(text); {
		end := len(text)
		if n := strings.IndexByte(text[start:], '\n'); n >= 0 {
			end = start + n
		}
		from, to, kind := h.heading(text, start, end)
		if kind != "" && kind != system {
			begin(kind, from, to)
		}
		// Further headings within the line, each after the end of a sentence.
		for at := max(to, start); at < end; {
			n := strings.Index(text[at:end], ". ")
			if n < 0 {
				break
			}
			at += n + 2
			if from, to, kind := h.inline(text, at, end); kind != "" && kind != system {
				begin(kind, from, to)
				at = to
			}
		}
		start = end + 1
	}
	out[len(out)-1].End = len(text)
	if out[0].Start == out[0].End && len(out) > 1 {
		out = slices.Delete(out, 0, 1)
	}
	return out
}

// heading is the heading that the line text[start:end] begins with, with its kind, which is
// empty if it begins with none.
func (h headings) heading(text string, start, end int) (from, to int, kind string) {
	from = start
	for from < end && strings.IndexByte(" \t\r*#•=_-", text[from]) >= 0 {
		from++
	}
	if from, to, kind := h.inline(text, from, end); kind != "" {
		return from, to, kind
	}
	line := strings.TrimRight(text[from:end], " \t\r*#=_:-")
	if line == "" || len(line) > maxHeading {
		return start, start, ""
	}
	to = from + len(line)
	rest := strings.TrimSpace(text[to:end])
	if kind := h[plain(line)]; kind != "" && upperFirst(line) {
		return from, end, kind
	}
	if strings.HasSuffix(line, ".") || !shouts(line) || strings.ContainsAny(line, "0123456789,;") {
		return start, start, ""
	}
	// A line of capitals that is not known is a heading if it looks like nothing else.
	if strings.ContainsRune(line, ' ') || strings.HasPrefix(rest, ":") && len(line) > 5 {
		return from, end, Other
	}
	return start, start, ""
}

// inline is a known heading with a colon at text[from:end].
func (h headings) inline(text string, from, end int) (int, int, string) {
	n := strings.IndexByte(text[from:min(end, from+maxHeading)], ':')
	if n <= 0 || !upperFirst(text[from:from+n]) {
		return from, from, ""
	}
	kind := h[plain(text[from:from+n])]
	return from, from + n + 1, kind
}

func upperFirst(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) || r != utf8.RuneError && !unicode.IsLower(r) && unicode.IsLetter(r) || !strings.ContainsRune(s, ' ') && unicode.IsLower(r)
}

// shouts tells whether all letters of a text are capitals, and it has two or more.
func shouts(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters >= 2
}
