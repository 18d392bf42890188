package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// Words is the summary for people, in three lines: what went in, what was refused, and what came out.
func (s *Summary) Words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "In: %d messages of %d patients, %d logged, %d repeated, %d refused", s.Events.Published, s.Patients, s.Events.Logged, s.Events.Duplicate, s.Events.DeadLetters)
	dead := 0
	for _, n := range s.Events.DeadLettersByReason {
		dead += n
	}
	fmt.Fprintf(&b, ".\nDead letters: %d%s.\n", dead, reasons(s.Events.DeadLettersByReason))
	fmt.Fprintf(&b, "Out: %d scores; alerts: %d started, %d ended", s.Scores, s.Alerts[string(schemas.PhaseStart)], s.Alerts[string(schemas.PhaseEnd)])
	if s.FirstAlertMS != nil {
		fmt.Fprintf(&b, "; the first alert after %s", (time.Duration(*s.FirstAlertMS) * time.Millisecond).Round(100*time.Millisecond))
	}
	b.WriteString(".\n")
	return b.String()
}

// reasons lists the reasons of dead letters in brackets, the commonest first; nothing where there are none.
func reasons(by map[string]int) string {
	var names []string
	for reason := range by {
		names = append(names, reason)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), strings.Compare(a, b)) })
	for i, reason := range names {
		names[i] = fmt.Sprintf("%d %s", by[reason], reason)
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
