package bedside

import (
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Unit is what a view knows of an intensive-care unit: the last score, the bed and the open
// alerts of each patient. It learns all of it from the topics through See, so that a view
// shows what any subscriber would find. It is safe for concurrent use.
type Unit struct {
	mu       sync.Mutex
	patients map[string]*Bed
	started  map[string]schemas.Time // when each alert that has not ended began, by its id
	counts   Counts
}

// Counts are what a unit has seen in the topics.
type Counts struct {
	Scores  int
	Phases  map[schemas.Phase]int // revisions of alerts
	Refused map[schemas.Reason]int
	Clock   schemas.Time // the latest as_of
}

// DeadLetters is how many messages were refused, or parts of them, and the commonest reason.
func (c *Counts) DeadLetters() (n int, commonest schemas.Reason) {
	for reason, count := range c.Refused {
		n += count
		if most := c.Refused[commonest]; count > most || count == most && reason < commonest {
			commonest = reason
		}
	}
	return n, commonest
}

// Bed is what is known of one patient.
type Bed struct {
	Patient, Stay string
	Bed           string        // name of the bed; empty until a message names one
	Unit          string        // name of the ward that it stands in; empty until a message names one
	Score         schemas.Score // the last one; its ID is empty before the first
	Open          []OpenAlert   // the gravest first

	gone  bool            // the patient has left
	ended map[string]bool // stays that are over
	left  schemas.Time    // when the patient left last
}

// OpenAlert is an alert that has not ended, at its last revision.
type OpenAlert struct {
	schemas.Alert
	Started schemas.Time // when it began, under whichever id of the patient
	Why     string       // the last reason that tells how the patient is
	Answer  string       // what a person said last; empty where nobody has
}

// NewUnit returns a unit of which nothing is known.
func NewUnit() *Unit {
	return &Unit{patients: map[string]*Bed{}, started: map[string]schemas.Time{}, counts: newCounts()}
}

func newCounts() Counts {
	return Counts{Phases: map[schemas.Phase]int{}, Refused: map[schemas.Reason]int{}}
}

// bedFor finds or makes the bed of a patient.
func (u *Unit) bedFor(patient string) *Bed {
	b := u.patients[patient]
	if b == nil {
		b = &Bed{Patient: patient, ended: map[string]bool{}}
		u.patients[patient] = b
	}
	return b
}

// See takes in one record of the scores, the alerts, the movements or the dead letters. Any other
// record, and one that cannot be decoded, changes nothing: a view must go on, and a subscriber that
// wants to know reads the dead letters.
func (u *Unit) See(m *schemas.Message) {
	switch kind, _ := m.Header(schemas.HeaderType); kind {
	case schemas.TypeScore:
		if s, err := schemas.DecodeScore(m.Value); err == nil {
			u.takeScore(s)
		}
	case schemas.TypeAlert:
		if a, err := schemas.DecodeAlert(m.Value); err == nil {
			u.takeAlert(a)
		}
	case schemas.TypeADT:
		if e, problem := schemas.DecodeEvent(m); problem == nil && e.ADT != nil {
			u.takeMove(e)
		}
	case schemas.TypeDeadLetter:
		if d, err := schemas.DecodeDeadLetter(m.Value); err == nil {
			u.mu.Lock()
			u.counts.Refused[d.Reason]++
			u.mu.Unlock()
		}
	}
}

// takeScore makes the score the patient's last one. Topics are read side by side, so that a score may
// be seen long after the discharge behind it: that of a stay that is over shows nobody.
func (u *Unit) takeScore(s *schemas.Score) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.counts.Scores++
	u.counts.Clock = max(u.counts.Clock, s.AsOf)
	b := u.bedFor(s.Patient)
	if b.ended[s.Stay] || b.gone && s.AsOf <= b.left {
		return
	}
	b.Score, b.Stay, b.gone = *s, s.Stay, false
}

// takeAlert puts the alert into the patient's list, or takes an ended one off it.
func (u *Unit) takeAlert(a *schemas.Alert) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.counts.Phases[a.Phase]++
	u.counts.Clock = max(u.counts.Clock, a.AsOf)
	b := u.bedFor(a.Patient)
	i := slices.IndexFunc(b.Open, func(o OpenAlert) bool { return o.ID == a.ID })
	passedOn := slices.Contains(a.Flags, alerts.FlagPassedOn) // to the patient's other id
	switch {
	case a.Phase == schemas.PhaseEnd || passedOn:
		if i >= 0 {
			b.Open = slices.Delete(b.Open, i, i+1)
		}
		if !passedOn {
			delete(u.started, a.ID)
		}
		return
	case i < 0 && slices.Contains(a.Flags, alerts.FlagEnded): // an answer to an alert that is over
		return
	case i < 0:
		b.Open = append(b.Open, OpenAlert{Why: a.Reason})
		i = len(b.Open) - 1
	}
	if began, known := u.started[a.ID]; !known || a.AsOf < began {
		u.started[a.ID] = a.AsOf
	}
	o := &b.Open[i]
	o.Alert, o.Started = *a, u.started[a.ID]
	if alerts.TellsAnswer(a) {
		o.Answer = a.Reason
	} else {
		o.Why = a.Reason
	}
	slices.SortStableFunc(b.Open, func(a, b OpenAlert) int { return gravity(b.Severity) - gravity(a.Severity) })
}

// takeMove notes where the patient lies, and who has left.
func (u *Unit) takeMove(e *schemas.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b, stay := u.bedFor(e.Patient), e.ADT.Stay
	switch e.ADT.Type {
	case "discharge", "death", "cancel", "merge":
		if stay == "" {
			stay = b.Stay
		}
		if stay != "" {
			b.ended[stay] = true
		}
		b.gone, b.left = true, max(b.left, e.EventTime)
	case "admit", "transfer", "cancel-discharge", "cancel-transfer", "unmerge":
		if e.ADT.Bed != "" {
			b.Bed = e.ADT.Bed
		}
		if e.ADT.Unit != "" {
			b.Unit = e.ADT.Unit
		}
		if e.ADT.Type == "admit" && b.ended[stay] {
			return // told again, or seen after its own end
		}
		if e.ADT.Type == "cancel-discharge" || e.ADT.Type == "unmerge" {
			clear(b.ended)
		}
		if e.ADT.Type == "admit" && stay != b.Stay {
			b.Stay, b.Score = stay, schemas.Score{}
		}
		b.gone = false
	}
}

// Lines returns the patients that are to be shown, the sickest first: those who have a score or an
// open alert and have not left. The answer is the caller's own.
func (u *Unit) Lines() []Bed {
	u.mu.Lock()
	defer u.mu.Unlock()
	var lines []Bed
	for _, b := range u.patients {
		if !b.gone && (b.Score.ID != "" || len(b.Open) > 0) {
			line := *b
			line.Open, line.ended = slices.Clone(b.Open), nil
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, sickerFirst)
	return lines
}

// Line returns a patient who is to be shown; false where Lines has none of that name. The answer is the caller's own.
func (u *Unit) Line(patient string) (Bed, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.patients[patient]
	if b == nil || b.gone || b.Score.ID == "" && len(b.Open) == 0 {
		return Bed{}, false
	}
	line := *b
	line.Open, line.ended = slices.Clone(b.Open), nil
	return line, true
}

// Task is the task of which the column of risks tells; empty where the score has none.
func (b *Bed) Task() string { return riskTask(&b.Score) }

// Counts returns what the unit has seen. The answer is the caller's own.
func (u *Unit) Counts() Counts {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := newCounts()
	c.Scores, c.Clock = u.counts.Scores, u.counts.Clock
	for phase, n := range u.counts.Phases {
		c.Phases[phase] = n
	}
	for reason, n := range u.counts.Refused {
		c.Refused[reason] = n
	}
	return c
}

// gravity puts the severities in order; 0 is that of no alert.
func gravity(severity string) int {
	return 1 + slices.Index([]string{"low", "medium", "high"}, strings.ToLower(severity))
}
