package bedside

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// shown are the columns of the view: the channels that may fill one, first
// found wins.
var shown = []struct {
	head     string
	channels []string
	decimals int
}{
	{"HR", []string{"heart_rate"}, 0},
	{"SpO2", []string{"spo2"}, 0},
	{"RR", []string{"respiratory_rate"}, 0},
	{"SBP", []string{"systolic_arterial", "systolic_cuff"}, 0},
	{"Temp", []string{"temperature"}, 1},
}

// drawUnit writes the unit as a nurse reads it: beds, last vitals with their
// age, NEWS2, risk, open alerts. Text carries everything, colour nothing.
func drawUnit(w io.Writer, u *Unit, title, progress string, width, height int) {
	lines, clock, scores, starts := u.Lines()
	put := func(format string, args ...any) {
		line := []rune(fmt.Sprintf(format, args...))
		if len(line) > width {
			line = line[:width]
		}
		fmt.Fprintf(w, "%s\x1b[K\r\n", string(line))
	}
	put("%s", title)
	put("%s", progress)
	put("unit time %s   scores %d   alerts started %d", clock.Std().Format("2006-01-02 15:04:05"), scores, starts)
	put("")
	head := fmt.Sprintf("%-6s %-14s", "Bed", "Patient")
	for _, c := range shown {
		head += fmt.Sprintf(" %8s", c.head)
	}
	wide := width >= 110 // alerts beside their patient; else below
	put("%s %-5s %-5s %s", head, "NEWS2", "Risk*", "Open alerts")
	room := max(height-9, 1) // title, progress, time, heads, footer, and the line of the cursor
	if len(lines) > room {
		slices.SortStableFunc(lines, func(a, b Bed) int { return b.Score.NEWS2.Value - a.Score.NEWS2.Value }) // the sickest are seen
	}
	for i := range lines {
		line, open := drawLine(&lines[i])
		need := 1
		if !wide && open != "" {
			need = 2
		}
		if room < need {
			put("… and %d more", len(lines)-i)
			break
		}
		room -= need
		if wide {
			put("%s %s", line, open)
			continue
		}
		put("%s", line)
		if open != "" {
			put("        %s", open)
		}
	}
	put("")
	put("* death in hospital, by an untrained model: means nothing, raises no alert")
	fmt.Fprint(w, "\x1b[J")
}

// drawLine is a patient's line, and the open alerts.
func drawLine(b *Bed) (line, open string) {
	line = fmt.Sprintf("%-6s %-14s", orDash(b.Bed), b.Patient)
	for _, c := range shown {
		line += fmt.Sprintf(" %8s", vital(&b.Score, c.channels, c.decimals))
	}
	news := fmt.Sprint(b.Score.NEWS2.Value)
	if b.Score.NEWS2.Partial {
		news += "?"
	}
	risk := "—"
	if r, ok := b.Score.Risks["mortality"]; ok {
		risk = fmt.Sprintf("%.0f %%", 100*r.Value)
	}
	var alerts []string
	for i := range b.Open {
		alerts = append(alerts, fmt.Sprintf("%s %s since %s", stars(b.Open[i].Severity), b.Open[i].Reason, b.Open[i].AsOf.Std().Format("15:04")))
	}
	return fmt.Sprintf("%s %-5s %-5s", line, news, risk), strings.Join(alerts, "; ")
}

// vital is the latest value of the first channel that the score has, with its age.
func vital(s *schemas.Score, channels []string, decimals int) string {
	for _, channel := range channels {
		for i := range s.NEWS2.Inputs {
			if in := &s.NEWS2.Inputs[i]; in.Channel == channel {
				return fmt.Sprintf("%.*f %3s", decimals, in.Value, age(s.AsOf-in.EventTime))
			}
		}
	}
	return "—"
}

// age in two or three characters: 12s, 5m, 3h.
func age(d schemas.Time) string {
	switch {
	case d < schemas.Minute:
		return fmt.Sprintf("%ds", max(d, 0)/schemas.Second)
	case d < schemas.Hour:
		return fmt.Sprintf("%dm", d/schemas.Minute)
	default:
		return fmt.Sprintf("%dh", d/schemas.Hour)
	}
}

// stars are the marks of priority that bedside monitors use.
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

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// AlertLine is an alert on one plain line, for pipes and logs.
func AlertLine(a *schemas.Alert) string {
	return fmt.Sprintf("%s %-3s %-10s %s %s: %s", a.AsOf, stars(a.Severity), a.Phase, a.Patient, a.Task, a.Reason)
}
