package bedside

import (
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// block is a bed in a picture. Its first unit is the bed's line with the gravest alert, each other a further
// alert; a unit is shown whole or not at all.
type block struct {
	units [][][]Span
	open  int // alerts
}

// fit shows as much of the blocks as fits into so many lines, from one of them on: the gravest first, and no later one in
// the place of an earlier. What is left out above and below is counted. shown is the first block that is not shown at all.
func fit(blocks []block, first, room int) (lines Frame, shown int) {
	if first > 0 {
		lines = append(lines, []Span{{"↑ " + more(blocks[:first], 0, first), Strong}})
	}
	total := 0
	for _, b := range blocks[first:] {
		for _, unit := range b.units {
			total += len(unit)
		}
	}
	if len(lines)+total > room {
		room-- // for the line that counts
	}
	for i := first; i < len(blocks); i++ {
		for j, unit := range blocks[i].units {
			if len(lines)+len(unit) > room {
				shown := i
				if j > 0 {
					shown++
				}
				return append(lines, []Span{{"↓ " + more(blocks[i:], j, len(blocks)-shown), Strong}}), shown
			}
			lines = append(lines, unit...)
		}
	}
	return lines, len(blocks)
}

// more counts what is left out: alerts, but for the first of the first block, and beds.
func more(blocks []block, alerts, beds int) string {
	n := -min(alerts, blocks[0].open)
	for _, b := range blocks {
		n += b.open
	}
	var parts []string
	if n > 0 {
		parts = append(parts, "+"+strings.Replace(plural(n, "alert"), " ", " more ", 1))
	}
	if beds > 0 {
		parts = append(parts, "+"+strings.Replace(plural(beds, "bed"), " ", " more ", 1))
	}
	return strings.Join(parts, ", ")
}

// block draws a bed. Beside their patient where the screen is wide, and otherwise below, alerts stand whole: severity
// first, then what it is and since when, on as many lines as that takes.
func (s *sheet) block(b *Bed) block {
	line := s.bedLine(b)
	out := block{open: len(b.Open)}
	if len(b.Open) == 0 {
		out.units = [][][]Span{{line}}
		return out
	}
	indent := 2
	if s.width >= beside {
		indent = cells.StringWidth(joined(line)) + 3
	}
	now := s.now(b)
	for i := range b.Open {
		unit := s.alertLines(&b.Open[i], now, indent)
		switch {
		case i > 0:
		case s.width >= beside:
			unit[0][0].Text = "   "
			unit[0] = append(line, unit[0]...)
		default:
			unit = append([][]Span{line}, unit...)
		}
		out.units = append(out.units, unit)
	}
	return out
}

// joined is the text of a line with the spaces at its end.
func joined(line []Span) string {
	var b strings.Builder
	for _, s := range line {
		b.WriteString(s.Text)
	}
	return b.String()
}

// bedLine is a patient's line. A NEWS2 with components missing carries a question mark.
func (s *sheet) bedLine(b *Bed) []Span {
	mark, style := "  ", Plain
	if b.Patient == s.Selected && s.Selected != "" {
		mark, style = "> ", Strong
	}
	news, newsStyle := "—", Plain
	if b.Score.ID != "" {
		news = fmt.Sprint(b.Score.NEWS2.Value)
		if b.Score.NEWS2.Partial {
			news += "?"
		}
		switch {
		case b.Score.NEWS2.Value >= 7:
			newsStyle = High
		case b.Score.NEWS2.Value >= 5:
			newsStyle = Medium
		}
	}
	risk := "—"
	if r, ok := b.Score.Risks[riskTask(&b.Score)]; ok {
		risk = fmt.Sprintf("%.0f %%", 100*r.Value)
	}
	line := []Span{
		{mark + pad(orDash(clean(b.Bed)), s.bed) + " " + pad(clean(b.Patient), s.patient) + " ", style},
		{padLeft(news, 5), newsStyle}, {" " + padLeft(risk, 5), Plain},
	}
	now := s.now(b)
	for _, c := range s.vitals {
		line = append(line, Span{" ", Plain}, Span{padLeft(vital(&b.Score, &c, now), c.width), Plain})
	}
	return line
}

// alertLines draws an open alert below, or beside, its bed.
func (s *sheet) alertLines(o *OpenAlert, now schemas.Time, indent int) (lines [][]Span) {
	severity := fmt.Sprintf("%-3s %-6s ", stars(o.Severity), strings.ToUpper(clean(o.Severity)))
	text := fmt.Sprintf("%s, since %s (%s)", clean(o.Why), o.Started.Std().Format("15:04"), age(now-o.Started))
	if o.Answer != "" {
		text += "; " + clean(o.Answer)
	} else if o.acknowledged() {
		text += "; acknowledged"
	}
	parts := wrap(text, s.width-indent-cells.StringWidth(severity))
	lines = append(lines, []Span{{strings.Repeat(" ", indent), Plain}, {severity, styleOf(o.Severity)}, {parts[0], Plain}})
	if len(parts) > 1 { // further lines begin below the stars' end, where there is more room
		rest := strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(text), " "), parts[0]))
		hang := indent + len("*** ")
		for _, part := range wrap(rest, s.width-hang) {
			lines = append(lines, []Span{{strings.Repeat(" ", hang), Plain}, {part, Plain}})
		}
	}
	return lines
}

// vital gives the latest value of the first of the column's channels that the score has, with its age.
func vital(s *schemas.Score, c *column, now schemas.Time) string {
	for _, channel := range c.channels {
		for i := range s.NEWS2.Inputs {
			if in := &s.NEWS2.Inputs[i]; in.Channel == channel {
				return fmt.Sprintf("%.*f %3s", c.decimals, in.Value, age(now-in.EventTime))
			}
		}
	}
	return "—    "
}

// age writes an age in two or three characters: 12s, 5m, 3h, 4d.
func age(d schemas.Time) string {
	switch {
	case d < schemas.Minute:
		return fmt.Sprintf("%ds", max(d, 0)/schemas.Second)
	case d < schemas.Hour:
		return fmt.Sprintf("%dm", d/schemas.Minute)
	case d < 100*schemas.Hour:
		return fmt.Sprintf("%dh", d/schemas.Hour)
	default:
		return fmt.Sprintf("%dd", d/(24*schemas.Hour))
	}
}

// stars are the marks by which bedside monitors show the priority of an alarm.
func stars(severity string) string {
	switch severity {
	case "high":
		return "***"
	case "medium":
		return "**"
	default:
		return "*"
	}
}

// styleOf is the colour of a severity.
func styleOf(severity string) Style {
	switch severity {
	case "high":
		return High
	case "medium":
		return Medium
	default:
		return Low
	}
}

// orDash makes an empty field visible.
func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
