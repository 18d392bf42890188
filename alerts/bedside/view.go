package bedside

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// View is what a picture of a unit shows beside the unit. The zero value shows the unit alone.
type View struct {
	Title    string                                    // what is watched
	Progress string                                    // how far it is; empty: no line
	Next     []string                                  // commands to go on with, one a line where they do not fit on one
	Message  string                                    // what happened last, instead of the dead letters
	Keys     string                                    // which keys do what; empty: none do anything
	Selected string                                    // the patient whose bed is chosen
	Model    string                                    // name of the model, for the footer; empty: its hash
	Now      func(patient string) (schemas.Time, bool) // a patient's own time; nil or false: as of the latest score in the unit
}

// roomy is how many lines a screen has that need not save them, and low how many one that has none for more than the
// patients.
const roomy, low = 30, 16

// column is a column of vitals. Where several channels may fill it, the first that the score has
// wins: an arterial line before a cuff.
type column struct {
	head     string
	channels []string
	decimals int
	width    int
}

var columns = []column{
	{"HR", []string{"heart_rate"}, 0, 7},
	{"SpO2", []string{"spo2"}, 0, 7},
	{"RR", []string{"respiratory_rate"}, 0, 6},
	{"SBP", []string{"systolic_arterial", "systolic_cuff"}, 0, 7},
	{"Temp", []string{"temperature"}, 1, 8},
}

// beside is from how many columns on alerts stand beside their patient instead of below.
const beside = 160

// sheet is a picture in the making: what of the unit is shown, and how wide its columns are.
type sheet struct {
	View
	width        int
	bed, patient int // widths of the two names
	vitals       []column
	clock        schemas.Time
	nobody       string // why no bed is shown
}

// Frame draws the unit as a nurse reads it: beds, NEWS2, risk, the last vitals with their age and the open alerts, the
// sickest first. It is at most width columns wide and height lines high. Where not everything fits, what is left out is
// counted, open alerts apart from beds.
func (u *Unit) Frame(v View, width, height int) Frame {
	beds, counts := u.Lines(), u.Counts()
	s := &sheet{View: v, width: max(width, 20), clock: counts.Clock}
	s.nobody = "nobody yet: patients come with their first score"
	if counts.Scores > 0 {
		s.nobody = "everybody has left"
	}
	s.measure(beds)
	head := s.header(beds)
	foot := s.footer(beds, &counts, height)
	body := s.body(beds, max(height-len(head)-len(foot), 1))
	frame := slices.Concat(head, body, foot)
	for i := range frame {
		frame[i] = cut(frame[i], s.width)
	}
	return frame[:min(len(frame), max(height, 1))]
}

// measure decides on the columns: names as wide as they are where there is room, and as many vitals as fit.
func (s *sheet) measure(beds []Bed) {
	s.bed, s.patient = 3, 7
	for i := range beds {
		s.bed = min(max(s.bed, cells.StringWidth(clean(beds[i].Bed))), 12)
		s.patient = max(s.patient, cells.StringWidth(clean(beds[i].Patient)))
	}
	room := s.width - len("> ") - s.bed - len(" NEWS2 Risk* ")
	for i, taken := 0, 10; i < len(columns); i++ {
		if taken += columns[i].width + 1; taken <= room {
			s.vitals = columns[:i+1]
		}
	}
	for _, c := range s.vitals {
		room -= c.width + 1
	}
	s.patient = max(min(s.patient, room-1, 40), 4)
}

// header is what stands above the beds.
func (s *sheet) header(beds []Bed) (lines Frame) {
	title := "Vigil"
	if s.Title != "" {
		title += "  " + clean(s.Title)
	}
	lines = append(lines, ends([]Span{{title, Strong}}, []Span{{schemas.Notice, Faint}}, s.width))
	if !strings.Contains(plain(lines[0]), schemas.Notice) {
		lines = append(lines, []Span{{schemas.Notice, Faint}})
	}
	open := map[string]int{}
	n := 0
	for i := range beds {
		for j := range beds[i].Open {
			open[beds[i].Open[j].Severity]++
			n++
		}
	}
	summary := []Span{{fmt.Sprintf("%s, %s open", plural(len(beds), "bed"), plural(n, "alert")), Plain}}
	sep := ": "
	for _, severity := range []string{"high", "medium", "low"} {
		if open[severity] > 0 {
			summary = append(summary, Span{sep, Plain}, Span{fmt.Sprintf("%d %s", open[severity], severity), styleOf(severity)})
			sep = ", "
		}
	}
	lines = append(lines, ends(summary, []Span{{s.unitTime(beds), Plain}}, s.width))
	if s.Progress != "" {
		lines = append(lines, []Span{{clean(s.Progress), Faint}})
	}
	names := "  " + pad("Bed", s.bed) + " " + pad("Patient", s.patient) + " NEWS2 Risk*"
	for _, c := range s.vitals {
		names += " " + padLeft(c.head+"    ", c.width)
	}
	if s.width >= beside {
		names += "   Open alerts"
	}
	return append(lines, []Span{{names, Strong}})
}

// unitTime is the time in the unit. Recorded patients may have times of their own, years apart.
func (s *sheet) unitTime(beds []Bed) string {
	first, last := s.clock, s.clock
	for i := range beds {
		now := s.now(&beds[i])
		if i == 0 {
			first, last = now, now
		}
		first, last = min(first, now), max(last, now)
	}
	switch {
	case last == 0, len(beds) == 0:
		return ""
	case last-first > 24*schemas.Hour:
		return "each patient at a time of their own"
	}
	return last.Std().Format("2006-01-02 15:04:05") + " in the unit"
}

// now is a patient's time: never before the last score, and running on where nothing comes.
func (s *sheet) now(b *Bed) schemas.Time {
	at := b.Score.AsOf
	for i := range b.Open {
		at = max(at, b.Open[i].AsOf)
	}
	if s.Now == nil {
		return max(at, s.clock)
	}
	if now, ok := s.Now(b.Patient); ok {
		return max(at, now)
	}
	return at
}

// body draws the beds into so many lines.
func (s *sheet) body(beds []Bed, room int) Frame {
	var blocks []block
	chosen := -1
	for i := range beds {
		blocks = append(blocks, s.block(&beds[i]))
		if beds[i].Patient == s.Selected && s.Selected != "" {
			chosen = i
		}
	}
	if len(beds) == 0 {
		return Frame{{{"  " + s.nobody, Faint}}}
	}
	for first := 0; ; first++ {
		lines, shown := fit(blocks, first, room)
		if chosen < shown || first >= chosen {
			return lines
		}
	}
}

// footer is what stands below the beds. On a low screen the commands to go on with give way.
func (s *sheet) footer(beds []Bed, c *Counts, height int) (lines Frame) {
	n, commonest := c.DeadLetters()
	ended := c.Phases[schemas.PhaseEnd]
	if height >= roomy {
		lines = append(lines, nil)
	}
	if s.Message != "" {
		lines = append(lines, []Span{{clean(s.Message), Strong}})
	} else {
		said := fmt.Sprintf("%s; alerts: %d started, %d ended; ", plural(c.Scores, "score"), c.Phases[schemas.PhaseStart], ended)
		style := Plain
		dead := plural(n, "dead letter")
		if n > 0 {
			dead += fmt.Sprintf(", most %s", commonest)
			style = Medium
		}
		lines = append(lines, []Span{{said, Plain}, {dead, style}})
	}
	for i, command := range s.Next {
		if height < low || height < roomy && (i > 0) != (n > 0) { // one of them: the dead letters where there are some
			continue
		}
		for _, line := range wrap(clean(command), s.width) {
			lines = append(lines, []Span{{line, Faint}})
		}
	}
	for _, line := range wrap(s.footnote(beds), s.width) {
		lines = append(lines, []Span{{line, Faint}})
	}
	if s.Keys != "" {
		lines = append(lines, []Span{{s.Keys, Plain}})
	}
	return lines
}

// footnote says what the column of risks is, by the scores that are shown.
func (s *sheet) footnote(beds []Bed) string {
	i := slices.IndexFunc(beds, func(b Bed) bool { return b.Score.Model != "" || len(b.Score.Risks) > 0 })
	if i < 0 {
		if slices.ContainsFunc(beds, func(b Bed) bool { return b.Score.ID != "" }) {
			return "* no model: NEWS2 alone"
		}
		return "* risk as the model sees the patient now"
	}
	score := &beds[i].Score
	for j := range beds { // a bed with a number knows the task
		if len(beds[j].Score.Risks) > 0 {
			score = &beds[j].Score
			break
		}
	}
	what := "risk of " + strings.ReplaceAll(cmp.Or(riskTask(score), "mortality"), "_", " ")
	if riskTask(score) == "mortality" || riskTask(score) == "" {
		what = "risk of death in hospital"
	}
	name := cmp.Or(s.Model, score.Model[:min(12, len(score.Model))])
	if name != "" {
		name = " " + name
	}
	if score.Trained {
		return "* " + what + " as the model" + name + " sees the patient now"
	}
	return "* " + what + " by the untrained model" + name + ": means nothing, raises no alert"
}

// riskTask is the task of which the column of risks tells: death in hospital where the model knows of it.
func riskTask(s *schemas.Score) string {
	if _, ok := s.Risks["mortality"]; ok {
		return "mortality"
	}
	first := ""
	for task := range s.Risks {
		if first == "" || task < first {
			first = task
		}
	}
	return first
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// AlertLine writes an alert as one plain line, for pipes and logs: when, stars, phase,
// patient, task and reason.
func AlertLine(a *schemas.Alert) string {
	return fmt.Sprintf("%s %-3s %-10s %s %s: %s", a.AsOf, stars(a.Severity), a.Phase, a.Patient, a.Task, a.Reason)
}

// acknowledged says whether a person has seen the alert.
func (o *OpenAlert) acknowledged() bool { return slices.Contains(o.Flags, alerts.FlagAcknowledged) }
