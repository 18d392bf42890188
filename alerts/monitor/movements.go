package monitor

import (
	"cmp"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// This file says what the movements of a patient do to the stays: admission, transfer and
// discharge, and data that name a stay.

// move applies a movement.
func (t *step) move(rec *schemas.Record) {
	switch rec.Kind {
	case schemas.KindAdmit:
		t.admit(rec)
	case schemas.KindTransfer:
		t.transfer(rec)
	case schemas.KindEnd:
		t.discharge(rec)
	case schemas.KindReopen:
		t.cancelDischarge(rec)
	case schemas.KindMergeOut:
		t.mergeOut(rec)
	case schemas.KindMergeIn:
		t.mergeIn(rec)
	case schemas.KindUnmerge:
		t.unmerge(rec)
	}
}

// admit opens a stay, confirms an open one, or adopts an implicit one under the announced
// id. An admission while another announced stay is open ends that one first. The stay begins
// when the patient came, so that what was measured since counts though the message came
// later; then a score is due.
func (t *step) admit(rec *schemas.Record) {
	p := t.p
	p.governed = true
	move := rec.Move
	if move == nil {
		move = &schemas.Move{}
	}
	id := cmp.Or(move.Stay, "admitted:"+p.clock.String())
	if p.into != "" && id == p.ended {
		return // that stay goes on under another id
	}
	p.into = "" // the id is given to another patient
	if p.stay.open {
		switch {
		case p.stay.goesBy(id):
			p.stay.implicit, p.stay.late = false, false
		case p.stay.implicit, p.stay.origin != "": // also one that began under another id of the patient
			p.stay.implicit, p.stay.announced, p.stay.origin = false, id, ""
		default:
			t.endStay("superseded", p.latestOffset)
			p.logN = 1 // this record is the first of the next numbering
		}
	}
	if !p.stay.open && p.closed != nil && p.closed.stay.goesBy(id) {
		t.reopen()
	}
	if !p.stay.open {
		p.numberingGap = p.numberingGap || p.gap
		p.gap = false
		t.openStay(id, false)
	}
	scoreIsDue := move.At != 0 && p.beginStay(move.At) && p.hasData()
	t.place(move)
	p.stay.statics = move.Statics
	p.stay.provenance |= rec.Provenance & (schemas.Invented | schemas.SimulatedPairing)
	if scoreIsDue {
		t.scoreSoon()
	}
}

// transfer notes where the patient lies now. It opens the stay that it names where none is
// open, because the stay's admission was before the log began, and adopts an implicit one.
func (t *step) transfer(rec *schemas.Record) {
	p, move := t.p, rec.Move
	if move == nil {
		return
	}
	late := false
	switch at := cmp.Or(move.At, p.clock); {
	case p.stay.open && p.stay.implicit && move.Stay != "" && at >= p.stay.start:
		p.governed = true
		p.stay.implicit, p.stay.announced, p.stay.late = false, move.Stay, true
	case p.stay.open && (move.Stay == "" || p.stay.goesBy(move.Stay)):
	case p.isLate(move.Stay, at):
		t.openLate(move.Stay)
		late = true
	default:
		return
	}
	t.place(move)
	p.stay.provenance |= rec.Provenance & (schemas.Invented | schemas.SimulatedPairing)
	if late && p.hasData() {
		t.scoreSoon()
	}
}

// policy is what the patient's alerts go by in the unit where the patient lies.
func (t *step) policy() *alerts.Policy { return t.m.Policy.For(t.p.id, t.p.stay.unit) }

// place notes where the patient lies. Where the rules of that unit are others, they judge what is known at once.
func (t *step) place(move *schemas.Move) {
	was, unit := t.policy(), t.p.stay.unit
	t.p.stay.applyMove(move)
	moved := alerts.Event{Kind: alerts.Moved, At: t.p.clock}
	switch {
	case t.policy() != was:
		t.stepPolicy(moved)
	case t.p.stay.unit != unit: // nothing changes by this policy, and by another one perhaps
		t.hear(&moved)
	}
}

// openLate opens a stay whose admission is not known. It begins as far back as a view
// reaches.
func (t *step) openLate(id string) {
	t.p.governed = true
	t.openStay(id, false)
	t.p.stay.late = true
	t.p.beginStay(never)
}

// discharge ends the stay that the record means; one that names another stay than the open
// one ends nothing. Where none is open it still divides the records before it from those
// after it.
func (t *step) discharge(rec *schemas.Record) {
	p := t.p
	p.governed = p.governed || rec.Provenance&schemas.SourceHasADT != 0
	cause := "discharge"
	if rec.Move != nil {
		cause = cmp.Or(rec.Move.Cause, cause)
		if p.stay.open && rec.Move.Stay != "" && !p.stay.goesBy(rec.Move.Stay) {
			return
		}
		if p.closed != nil && (rec.Move.Stay == "" || p.closed.stay.goesBy(rec.Move.Stay)) {
			p.needLast()
			return // it is told again
		}
		p.ended = rec.Move.Stay
	}
	t.closeStay(cause, t.offset)
}
