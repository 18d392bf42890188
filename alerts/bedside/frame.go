package bedside

import (
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Style is what a piece of text looks like where there is colour. It says nothing that the text
// does not say too.
type Style uint8

// The styles of a view.
const (
	Plain Style = iota
	Faint
	Strong
	High
	Medium
	Low
)

// codes are the escape sequences of the styles: the eight colours that every terminal has, so that its
// own theme decides how they look.
var codes = [...]string{Plain: "", Faint: "\x1b[2m", Strong: "\x1b[1m", High: "\x1b[1;31m", Medium: "\x1b[33m", Low: "\x1b[36m"}

// Span is a piece of a line.
type Span struct {
	Text  string
	Style Style
}

// Frame is a picture: its lines, from the top.
type Frame [][]Span

// cells counts the columns that texts take, the same on every machine: no locale is asked.
var cells = &runewidth.Condition{}

// String is the frame as plain text, without spaces at the ends of lines.
func (f Frame) String() string {
	var b strings.Builder
	for _, line := range f {
		b.WriteString(plain(line))
		b.WriteByte('\n')
	}
	return b.String()
}

// plain is the text of a line.
func plain(line []Span) string {
	var b strings.Builder
	for _, s := range line {
		b.WriteString(s.Text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Paint writes the frame over what a terminal shows, from the upper left corner. Each line erases the rest
// of the line that it is drawn over, and the last all below.
func (f Frame) Paint(w io.Writer, colour bool) {
	fmt.Fprint(w, "\x1b[H")
	for i, line := range f {
		if i > 0 {
			fmt.Fprint(w, "\r\n")
		}
		f.paintLine(w, line, colour)
		fmt.Fprint(w, "\x1b[K")
	}
	fmt.Fprint(w, "\x1b[J")
}

// Print writes the frame as lines that stay.
func (f Frame) Print(w io.Writer, colour bool) {
	for _, line := range f {
		f.paintLine(w, line, colour)
		fmt.Fprintln(w)
	}
}

func (f Frame) paintLine(w io.Writer, line []Span, colour bool) {
	for _, s := range line {
		if colour && codes[s.Style] != "" {
			fmt.Fprint(w, codes[s.Style], s.Text, "\x1b[0m")
		} else {
			fmt.Fprint(w, s.Text)
		}
	}
}

// clean keeps what others wrote, such as names of beds and reasons of persons, from moving the cursor.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
}

// pad fills a text up to a width, or cuts it with an ellipsis. Of a name that is cut the end stays, which tells it
// from others.
func pad(s string, width int) string {
	if over := cells.StringWidth(s) - width; over > 0 {
		s = cells.TruncateLeft(s, over+1, "…")
	}
	return cells.FillRight(s, width)
}

// padLeft is pad to the right end of a column.
func padLeft(s string, width int) string { return cells.FillLeft(s, width) }

// wrap breaks a text into lines between words; a word that is wider than a line is broken too. Nothing is left out.
func wrap(s string, width int) []string {
	width = max(width, 8)
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && cells.StringWidth(line)+1+cells.StringWidth(word) > width {
			lines = append(lines, line)
			line = ""
		}
		for cells.StringWidth(word) > width {
			head := cells.Truncate(word, width, "")
			lines = append(lines, head)
			word = word[len(head):]
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// cut shortens a line to a width.
func cut(line []Span, width int) []Span {
	var out []Span
	for _, s := range line {
		n := cells.StringWidth(s.Text)
		if n > width {
			s.Text = cells.Truncate(s.Text, width, "")
			n = width
		}
		width -= n
		out = append(out, s)
		if width == 0 {
			break
		}
	}
	return out
}

// ends puts two texts at the ends of a line; where they do not fit, the right one goes first.
func ends(left, right []Span, width int) []Span {
	space := width - cells.StringWidth(plain(left)) - cells.StringWidth(plain(right))
	if space < 1 {
		return cut(left, width)
	}
	return append(append(left, Span{Text: strings.Repeat(" ", space)}), right...)
}
