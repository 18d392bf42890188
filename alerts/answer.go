package alerts

import (
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Verbs of a command.
const (
	VerbAcknowledge = "acknowledge" // a person has seen the alert; it stays open
	VerbSnooze      = "snooze"      // the alert asks for no attention until a time
	VerbVerdict     = "verdict"     // a person says what the alert was worth
	VerbEnd         = "end"         // a person ends the alert, such as one that is held for want of data
)

// answer applies a person's answer to an alert. An answer to an alert that the stay does not
// have changes nothing. A verdict may come after the alert's end, as long as the stay is open
// and the task has no newer alert; everything else is for an open alert.
func (t *transition) answer(c *schemas.Command) {
	if c == nil {
		return
	}
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.count == 0 || e.id != c.Alert {
			continue
		}
		switch {
		case c.Verb == VerbVerdict:
			e.verdict = c.Reason
			flag := ""
			if e.level == 0 {
				flag = FlagEnded
			}
			t.revise(e, t.e.At, schemas.PhaseUpdate, answerLine("verdict", c), flag)
		case e.level == 0:
		case c.Verb == VerbAcknowledge:
			e.acknowledged = true
			t.revise(e, t.e.At, schemas.PhaseUpdate, answerLine("acknowledged", c), "")
		case c.Verb == VerbSnooze && c.Until > t.e.At:
			e.snoozedUntil = min(c.Until, t.e.At+t.p.MaxSnooze)
			t.revise(e, t.e.At, schemas.PhaseUpdate, answerLine("snoozed until "+e.snoozedUntil.String(), c), "")
		case c.Verb == VerbEnd:
			e.silence(e.level, t.e.At+t.resetOf(e.task))
			e.level, e.snoozedUntil, e.clearingSince = 0, never, never
			t.revise(e, t.e.At, schemas.PhaseEnd, answerLine("ended", c), "")
		}
		return
	}
}

// TellsAnswer says whether a revision tells what a person did, and not how the patient is. Its reason then
// names the person.
func TellsAnswer(a *schemas.Alert) bool {
	if a.Phase != schemas.PhaseUpdate {
		return false
	}
	for _, did := range []string{"acknowledged", "snoozed until ", "verdict"} {
		if strings.HasPrefix(a.Reason, did) {
			return true
		}
	}
	return false
}

// answerLine says in one line what a person did, who it was and why.
func answerLine(did string, c *schemas.Command) string {
	var b strings.Builder
	b.WriteString(did)
	if c.Actor != "" {
		b.WriteString(" by ")
		b.WriteString(c.Actor)
	}
	if c.Reason != "" {
		b.WriteString(": ")
		b.WriteString(c.Reason)
	}
	return b.String()
}
