package alerts

import (
	"math"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// revise appends a revision of the episode's alert as it stands. flag, if it is not empty,
// joins the flags that follow from the state.
func (t *transition) revise(e *episode, at schemas.Time, phase schemas.Phase, reason, flag string) {
	a := schemas.Alert{
		ID: e.id, Revision: e.revision, Phase: phase, Task: e.task,
		Patient: t.s.Patient, Stay: t.s.Stay, AsOf: at, Value: e.latest, Reason: reason,
		Model: t.e.Model, Policy: t.p.hash, Flags: []string{}, Notice: schemas.Notice,
	}
	// What is told here is what later changes are measured against.
	e.revision++
	e.toldValue, e.toldAt = e.latest, at
	a.Kind, a.Severity, a.Threshold = t.classify(e, phase)
	if a.Kind != KindTechnical {
		a.Score = t.s.scoreID
	}
	if a.Kind == KindScore && t.s.partial {
		a.Flags = append(a.Flags, FlagPartial)
	}
	switch {
	case e.held && a.Kind == KindScore:
		a.Flags = append(a.Flags, FlagStale)
	case e.held && a.Kind == KindRisk:
		a.Flags = append(a.Flags, FlagIndeterminate)
	}
	if e.acknowledged {
		a.Flags = append(a.Flags, FlagAcknowledged)
	}
	if e.snoozedUntil != never {
		a.Flags = append(a.Flags, FlagSnoozed)
	}
	if flag != "" {
		a.Flags = append(a.Flags, flag)
	}
	if t.p.Grouped && a.Kind != KindTechnical && asksForAttention(phase) && t.grouped(e, a.Severity) {
		a.Flags = append(a.Flags, FlagGrouped)
	}
	t.dst = append(t.dst, a)
	e.toldSeverity = a.Severity
}

// classify gives an alert's kind, its severity and the number that it was held against: the
// threshold of its level, or after its end the clear level that it fell below, and then the
// severity that it had.
func (t *transition) classify(e *episode, phase schemas.Phase) (kind, severity string, threshold float32) {
	if e.task == TaskNoData {
		return KindTechnical, t.p.NoData.Severity, t.expected()
	}
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		if r.Task != e.task {
			continue
		}
		if e.level == 0 {
			severity, threshold = e.toldSeverity, r.Levels[0].Clear
		} else {
			l := &r.Levels[min(e.level, len(r.Levels))-1]
			severity, threshold = l.Severity, l.At
		}
		if severity == "" {
			severity = r.Levels[0].Severity
		}
		return r.Kind, severity, threshold
	}
	// The stay was begun under another policy, which had a rule for the task.
	return KindRisk, e.toldSeverity, 0
}

// expected is the time in hours within which what is missed was expected, the shortest of all
// that is missed, and the policy's for data of any kind where nothing is.
func (t *transition) expected() float32 {
	n := &t.p.NoData
	shortest := forever
	for c, missed := range t.s.absent.components {
		if missed {
			shortest = min(shortest, n.overdueAt(Component(c), 0, t.s.standing.Points[c]))
		}
	}
	if shortest == forever || t.s.absent.silence {
		shortest = min(shortest, n.After)
	}
	return float32(shortest) / float32(schemas.Hour)
}

// labels are the names of the components in sentences.
var labels = [Components]string{
	"respiratory rate", "SpO2", "oxygen", "systolic pressure", "heart rate", "consciousness", "temperature",
}

// sentence says where an episode's number stands, in one line that a nurse can
// read.
func (t *transition) sentence(e *episode) string {
	_, _, threshold := t.classify(e, "")
	b := make([]byte, 0, 128)
	switch e.task {
	case TaskNoData:
		return string(t.appendAbsence(b))
	case TaskNEWS2:
		b = append(b, "NEWS2 "...)
		b = appendNumber(b, e.latest)
	default:
		b = append(b, "risk of "...)
		b = append(b, strings.ReplaceAll(e.task, "_", " ")...)
		b = append(b, ' ')
		b = appendNumber(b, e.latest)
	}
	switch {
	case e.level == 0:
		b = append(b, ", below "...)
		b = appendNumber(b, threshold)
	case e.latest >= threshold:
		b = append(b, ", at or above "...)
		b = appendNumber(b, threshold)
	case e.singleThree:
		b = append(b, ", a single component has 3 points"...)
	default:
		b = append(b, ", not yet clear"...)
	}
	if e.task == TaskNEWS2 && t.s.hasScore {
		b = t.appendPoints(b)
	}
	return string(b)
}

// appendPoints adds to a sentence which components of NEWS2 gave points, and which are not
// known.
func (t *transition) appendPoints(b []byte) []byte {
	sep := ": "
	st := &t.s.standing
	for c, points := range st.Points {
		if points > 0 {
			b = append(b, sep...)
			b = append(b, labels[c]...)
			b = append(b, ' ')
			b = strconv.AppendInt(b, int64(points), 10)
			sep = ", "
		}
	}
	var held [Components]bool
	for c, points := range st.Points {
		held[c] = points > 0 && st.Stale[c]
	}
	b = t.appendSince(b, "; ", held)
	sep = "; not known: "
	for c, points := range st.Points {
		if points == NotKnown || points == 0 && st.Stale[c] {
			b = append(b, sep...)
			b = append(b, labels[c]...)
			sep = ", "
		}
	}
	return b
}

// appendAbsence says what is missed: data of any kind, and the components that have not been
// measured for longer than is expected.
func (t *transition) appendAbsence(b []byte) []byte {
	if t.s.absent.silence {
		b = append(b, "no data for "...)
		b = appendNumber(b, float32(t.p.NoData.After)/float32(schemas.Hour))
		b = append(b, " h"...)
	}
	sep := ""
	if len(b) > 0 {
		sep = "; "
	}
	return t.appendSince(b, sep, t.s.absent.components)
}

// appendSince says of components since when they have not been measured, to the minute.
func (t *transition) appendSince(b []byte, sep string, which [Components]bool) []byte {
	since := never
	for c, one := range which {
		if !one {
			continue
		}
		if at := t.s.standing.Measured[c] / schemas.Minute * schemas.Minute; at != since {
			b = append(b, sep...)
			b = at.Std().AppendFormat(b, "not measured since 2006-01-02 15:04: ")
			since = at
		} else {
			b = append(b, ", "...)
		}
		b = append(b, labels[c]...)
		sep = "; "
	}
	return b
}

// appendNumber writes a whole number without decimals and any other with at most three,
// rounded.
func appendNumber(b []byte, v float32) []byte {
	if v == float32(math.Trunc(float64(v))) {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, math.Round(float64(v)*1000)/1000, 'f', -1, 64)
}
