package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
)

// This file moves open alerts from one patient to another: where two ids turn out to be one
// patient, what is open goes on under the id that stays, with its number, its level and what
// people have answered.

// passOn tells of each open alert that it goes on under another patient's id, and ends the
// stay without ending them: State.Append then has what takeOver takes there. What is missed of
// the data is no alert of the other patient, who has data of its own.
func (t *transition) passOn() {
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		switch {
		case e.level == 0:
		case e.task == TaskNoData:
			e.level, e.snoozedUntil = 0, never
			t.revise(e, t.e.At, schemas.PhaseEnd, "the patient goes on as "+t.e.With, "")
		default:
			t.revise(e, t.e.At, schemas.PhaseUpdate, "the patient goes on as "+t.e.With+": "+t.sentence(e), FlagPassedOn)
		}
	}
	t.s.open = false
}

// takeOver lets the alerts that another patient has passed on go on in this stay. Of two of
// one task the one that stands here goes on, and the other ends.
func (t *transition) takeOver(from *State) {
	for i := range from.episodes {
		theirs := from.episodes[i]
		if theirs.level == 0 {
			continue
		}
		ours := t.s.episode(theirs.task)
		if ours.level == 0 {
			theirs.count, theirs.origin = ours.count+1, t.e.With
			*ours = theirs
			t.revise(ours, t.e.At, schemas.PhaseUpdate, "taken over from "+t.e.With+": "+t.sentence(ours), "")
			continue
		}
		for l := range ours.reachedSince {
			if since := theirs.reachedSince[l]; since != never && (ours.reachedSince[l] == never || since < ours.reachedSince[l]) {
				ours.reachedSince[l] = since
			}
		}
		theirs.level, theirs.snoozedUntil = 0, never
		t.revise(&theirs, t.e.At, schemas.PhaseEnd, t.e.With+" is this patient, of whom alert "+ours.id+" goes on", "")
	}
}

// giveBack tells of each open alert that takeOver took from a patient that it goes back, and
// forgets it. What is returned is for takeOver there.
func (t *transition) giveBack() State {
	back := State{Patient: t.s.Patient, Stay: t.s.Stay}
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.level == 0 || e.origin != t.e.With {
			continue
		}
		t.revise(e, t.e.At, schemas.PhaseUpdate, t.e.With+" is another patient after all: "+t.sentence(e), FlagPassedOn)
		back.episodes = append(back.episodes, *e)
		count := e.count
		*e = newEpisode(e.task)
		e.count = count
	}
	return back
}

// LetGo forgets the open alerts, which another patient has taken over, and lets the stay be
// open: it is the state from which the stay goes on if that was a mistake.
func (s *State) LetGo() {
	s.open = true
	for i := range s.episodes {
		if e := &s.episodes[i]; e.level > 0 {
			count := e.count
			*e = newEpisode(e.task)
			e.count = count
		}
	}
}
