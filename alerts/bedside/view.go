package bedside

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// columns are the columns of vitals. Where several channels may fill one, the first that the
// score has wins: an arterial line before a cuff.
var columns = []struct {
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

// Draw writes a picture of the unit as a nurse reads it: beds, last vitals with their age,
// NEWS2, risk and open alerts, below two lines of the caller's. It is at most width columns
// wide and, from ten lines on, height lines high; where not all patients fit, the sickest are shown. Each line
// erases the rest of the line that it is drawn over, and the end all below, by the escape
// sequences that every terminal knows. Text carries everything and colour nothing.
func (u *Unit) Draw(w io.Writer, title, progress string, width, height int) {
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
	for _, c := range columns {
		head += fmt.Sprintf(" %8s", c.head)
	}
	wide := width >= 110 // then alerts stand beside their patient, and otherwise below
	put("%s %-5s %-5s %s", head, "NEWS2", "Risk*", "Open alerts")
	room := max(height-9, 1) // title, progress, time, heads, footer, and the line of the cursor
	if len(lines) > room {
		slices.SortStableFunc(lines, func(a, b Bed) int { return b.Score.NEWS2.Value - a.Score.NEWS2.Value })
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
	if slices.ContainsFunc(lines, func(b Bed) bool { return b.Score.Trained }) {
		put("* risk of death in hospital, as the model sees the patient now")
	} else {
		put("* death in hospital, by an untrained model: means nothing, raises no alert")
	}
	fmt.Fprint(w, "\x1b[J")
}

// drawLine gives a patient's line and the text of the open alerts. A NEWS2 with components
// missing carries a question mark.
func drawLine(b *Bed) (line, open string) {
	line = fmt.Sprintf("%-6s %-14s", orDash(b.Bed), b.Patient)
	for _, c := range columns {
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

// vital gives the latest value of the first of the channels that the score has, with its age
// as of the score.
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

// age writes an age in two or three characters: 12s, 5m, 3h.
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

// orDash makes an empty field visible.
func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// AlertLine writes an alert as one plain line, for pipes and logs: when, stars, phase,
// patient, task and reason.
func AlertLine(a *schemas.Alert) string {
	return fmt.Sprintf("%s %-3s %-10s %s %s: %s", a.AsOf, stars(a.Severity), a.Phase, a.Patient, a.Task, a.Reason)
}
