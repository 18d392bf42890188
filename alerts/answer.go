package alerts

import (
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Verbs of a command.
const (
	VerbAcknowledge = "acknowledge"
	VerbSnooze      = "snooze"
	VerbVerdict     = "verdict"
)

// command applies a person's answer. One to an alert that the stay does not have
// changes nothing; a verdict may come after the alert's end, while the stay is
// open and the task has no newer alert.
func (t *turn) command(c *schemas.Command) {
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
			t.tell(e, t.e.At, schemas.PhaseUpdate, said("verdict", c), flag)
		case e.level == 0:
		case c.Verb == VerbAcknowledge:
			e.acknowledged = true
			t.tell(e, t.e.At, schemas.PhaseUpdate, said("acknowledged", c), "")
		case c.Verb == VerbSnooze && c.Until > t.e.At:
			e.snoozed = min(c.Until, t.e.At+t.p.MaxSnooze)
			t.tell(e, t.e.At, schemas.PhaseUpdate, said("snoozed until "+e.snoozed.String(), c), "")
		}
		return
	}
}

// said is what a person did, in one line.
func said(did string, c *schemas.Command) string {
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
