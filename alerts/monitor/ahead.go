package monitor

import (
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// mostAhead is how many patients are predicted at once.
const mostAhead = 16

// ahead predicts the next score of the first of the patients together with those of the
// others for whom the same tick has one: at a full hour that is the whole unit. A
// prediction depends on nothing but its patient's window and the moment, so it has the
// bits that it would have by itself, and nothing comes to a window within a tick.
func (t *turn) ahead(patients []*patient, tick *schemas.Record) {
	if t.m.Model == nil {
		return
	}
	s := t.s.scratch.model.of(t.m.Model)
	if slices.Contains(s.ahead, patients[0]) || !patients[0].scoreDue() {
		return
	}
	most := mostAhead
	if s.keeper != nil {
		most = min(most, s.keeper.most)
	}
	s.ahead = s.ahead[:0]
	for _, p := range patients {
		if len(s.ahead) < most && p.scoreDue() && p.due <= p.tickAt(tick) {
			s.ahead = append(s.ahead, p)
		}
	}
	if len(s.ahead) < 2 {
		s.ahead = s.ahead[:0]
		return
	}
	s.begin()
	for _, p := range s.ahead {
		s.fill(p, p.due)
	}
	s.run()
}

// scoreDue says whether a score is what next falls due for the patient.
func (p *patient) scoreDue() bool { return (p.hour == p.due || p.held == p.due) && p.silence() > p.due }
