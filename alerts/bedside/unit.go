package bedside

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// Unit is what a view knows of an intensive-care unit: the last score, the bed and the
// open alerts of each patient, as read from the topics. It is safe for concurrent use.
type Unit struct {
	mu       sync.Mutex
	patients map[string]*Bed
	clock    schemas.Time // the latest as_of seen
	scores   int
	starts   int
}

// Bed is what is known of one patient: one line of a view.
type Bed struct {
	Patient, Stay string
	Bed           string          // empty where no message has named one
	Gone          bool            // the patient has left
	Score         schemas.Score   // the last one
	Open          []schemas.Alert // in the order of their start
}

// NewUnit returns a unit without patients.
func NewUnit() *Unit { return &Unit{patients: map[string]*Bed{}} }

func (u *Unit) at(patient string) *Bed {
	b := u.patients[patient]
	if b == nil {
		b = &Bed{Patient: patient}
		u.patients[patient] = b
	}
	return b
}

// See takes in one record of the scores, alerts or movements.
func (u *Unit) See(m *schemas.Message) {
	switch kind, _ := m.Header(schemas.HeaderType); kind {
	case schemas.TypeScore:
		if s, err := schemas.DecodeScore(m.Value); err == nil {
			u.seeScore(s)
		}
	case schemas.TypeAlert:
		if a, err := schemas.DecodeAlert(m.Value); err == nil {
			u.seeAlert(a)
		}
	case schemas.TypeADT:
		if e, problem := schemas.DecodeEvent(m); problem == nil && e.ADT != nil {
			u.seeMove(e)
		}
	}
}

func (u *Unit) seeScore(s *schemas.Score) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scores++
	u.clock = max(u.clock, s.AsOf)
	b := u.at(s.Patient)
	b.Score, b.Stay, b.Gone = *s, s.Stay, false
}

func (u *Unit) seeAlert(a *schemas.Alert) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a.Phase == schemas.PhaseStart {
		u.starts++
	}
	u.clock = max(u.clock, a.AsOf)
	b := u.at(a.Patient)
	i := slices.IndexFunc(b.Open, func(o schemas.Alert) bool { return o.ID == a.ID })
	switch {
	case a.Phase == schemas.PhaseEnd || a.Phase == schemas.PhaseReset:
		if i >= 0 {
			b.Open = slices.Delete(b.Open, i, i+1)
		}
	case i >= 0:
		b.Open[i] = *a
	default:
		b.Open = append(b.Open, *a)
	}
}

func (u *Unit) seeMove(e *schemas.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.at(e.Patient)
	switch e.ADT.Type {
	case "discharge", "death", "cancel":
		b.Gone = true
	case "admit", "transfer":
		if e.ADT.Bed != "" {
			b.Bed = e.ADT.Bed
		}
		b.Gone = false
	}
}

// Lines returns the patients in their beds: by bed, else sickest first.
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
