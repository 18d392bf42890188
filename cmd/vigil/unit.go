package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// unit is what the terminal view knows of the ward: the last score, the bed and
// the open alerts of each patient, as read from the topics. Safe for concurrent
// use.
type unit struct {
	mu       sync.Mutex
	patients map[string]*bedside
	clock    schemas.Time // the latest as_of seen
	scores   int
	starts   int
}

// bedside is one line of the view.
type bedside struct {
	patient, stay, bed string
	gone               bool
	score              schemas.Score
	open               []schemas.Alert // by id, in order of their start
}

func newUnit() *unit { return &unit{patients: map[string]*bedside{}} }

func (u *unit) at(patient string) *bedside {
	b := u.patients[patient]
	if b == nil {
		b = &bedside{patient: patient}
		u.patients[patient] = b
	}
	return b
}

// see takes in one record of the scores, alerts or movements.
func (u *unit) see(m *schemas.Message) {
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

func (u *unit) seeScore(s *schemas.Score) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.scores++
	u.clock = max(u.clock, s.AsOf)
	b := u.at(s.Patient)
	b.score, b.stay, b.gone = *s, s.Stay, false
}

func (u *unit) seeAlert(a *schemas.Alert) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if a.Phase == schemas.PhaseStart {
		u.starts++
	}
	u.clock = max(u.clock, a.AsOf)
	b := u.at(a.Patient)
	i := slices.IndexFunc(b.open, func(o schemas.Alert) bool { return o.ID == a.ID })
	switch {
	case a.Phase == schemas.PhaseEnd || a.Phase == schemas.PhaseReset:
		if i >= 0 {
			b.open = slices.Delete(b.open, i, i+1)
		}
	case i >= 0:
		b.open[i] = *a
	default:
		b.open = append(b.open, *a)
	}
}

func (u *unit) seeMove(e *schemas.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.at(e.Patient)
	switch e.ADT.Type {
	case "discharge", "death", "cancel":
		b.gone = true
	case "admit", "transfer":
		if e.ADT.Bed != "" {
			b.bed = e.ADT.Bed
		}
		b.gone = false
	}
}

// lines returns the patients in their beds: by bed, else sickest first.
func (u *unit) lines() (lines []bedside, clock schemas.Time, scores, starts int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, b := range u.patients {
		if !b.gone && b.score.ID != "" {
			line := *b
			line.open = slices.Clone(b.open)
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, func(a, b bedside) int {
		if a.bed != "" && b.bed != "" {
			return cmp.Or(cmp.Compare(len(a.bed), len(b.bed)), strings.Compare(a.bed, b.bed), strings.Compare(a.patient, b.patient))
		}
		return cmp.Or(cmp.Compare(b.score.NEWS2.Value, a.score.NEWS2.Value), strings.Compare(a.patient, b.patient))
	})
	return lines, u.clock, u.scores, u.starts
}
