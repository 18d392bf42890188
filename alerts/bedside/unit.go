package bedside

import (
	"cmp"
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
	clock    schemas.Time // the latest as_of seen
	scores   int
	starts   int
}

// Bed is what is known of one patient, and one line of a view.
type Bed struct {
	Patient, Stay string
	Bed           string          // name of the bed; empty until a message names one
	Gone          bool            // the patient has left, and no score has come since
	Score         schemas.Score   // the last one; its ID is empty before the first
	Open          []schemas.Alert // the open alerts, each at its last revision, in the order in which they came
}

// NewUnit returns a unit of which nothing is known.
func NewUnit() *Unit { return &Unit{patients: map[string]*Bed{}} }

// bedFor finds or makes the bed of a patient.
func (u *Unit) bedFor(patient string) *Bed {
	b := u.patients[patient]
	if b == nil {
		b = &Bed{Patient: patient}
		u.patients[patient] = b
	}
	return b
}

// See takes in one record of the scores, the alerts or the movements. Any other record, and
// one that cannot be decoded, changes nothing: a view must go on, and a subscriber that wants
// to know reads the dead letters.
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
	}
}

// takeScore makes the score the patient's last one. Who is scored has not left.
func (u *Unit) takeScore(s *schemas.Score) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scores++
	u.clock = max(u.clock, s.AsOf)
	b := u.bedFor(s.Patient)
	b.Score, b.Stay, b.Gone = *s, s.Stay, false
}

// takeAlert puts the alert into the patient's list, or takes an ended one off it.
func (u *Unit) takeAlert(a *schemas.Alert) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a.Phase == schemas.PhaseStart {
		u.starts++
	}
	u.clock = max(u.clock, a.AsOf)
	b := u.bedFor(a.Patient)
	i := slices.IndexFunc(b.Open, func(o schemas.Alert) bool { return o.ID == a.ID })
	switch {
	case a.Phase == schemas.PhaseEnd, slices.Contains(a.Flags, alerts.FlagPassedOn): // to the patient's other id
		if i >= 0 {
			b.Open = slices.Delete(b.Open, i, i+1)
		}
	case i >= 0:
		b.Open[i] = *a
	case slices.Contains(a.Flags, alerts.FlagEnded): // an answer to an alert that is over
	default:
		b.Open = append(b.Open, *a)
	}
}

// takeMove notes where the patient lies, and who has left.
func (u *Unit) takeMove(e *schemas.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.bedFor(e.Patient)
	switch e.ADT.Type {
	case "discharge", "death", "cancel", "merge":
		b.Gone = true
	case "admit", "transfer":
		if e.ADT.Bed != "" {
			b.Bed = e.ADT.Bed
		}
		b.Gone = false
	}
}

// Lines returns the patients that are to be shown: those who have a score and have not left.
// Two patients in named beds come in the order of the beds, any other two by NEWS2 with the
// sickest first. With them come the newest as_of that was seen, and how many scores and
// starts of alerts. The answer is the caller's own.
func (u *Unit) Lines() (lines []Bed, clock schemas.Time, scores, starts int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, b := range u.patients {
		if !b.Gone && b.Score.ID != "" {
			line := *b
			line.Open = slices.Clone(b.Open)
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, func(a, b Bed) int {
		if a.Bed != "" && b.Bed != "" {
			return cmp.Or(cmp.Compare(len(a.Bed), len(b.Bed)), strings.Compare(a.Bed, b.Bed), strings.Compare(a.Patient, b.Patient))
		}
		return cmp.Or(cmp.Compare(b.Score.NEWS2.Value, a.Score.NEWS2.Value), strings.Compare(a.Patient, b.Patient))
	})
	return lines, u.clock, u.scores, u.starts
}
