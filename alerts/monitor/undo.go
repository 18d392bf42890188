package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

// This file takes back the end of a stay: a discharge by mistake must not cost a patient the
// stay's values, numbers and alerts.

// closed is a stay that has ended, with what its end has changed of the patient.
type closed struct {
	at                                        schemas.Time // when it ended
	stay                                      stay
	alerts                                    alerts.State // before the end
	logN, outputN                             uint64       // the latter after the revisions that the end has made
	lastEnd                                   schemas.Time
	numberingFrom, previousFrom, beforeFrom   int64
	lastFrom                                  int64
	gap, numberingGap, previousGap, beforeGap bool
	lastStay, ended                           string
	reopened                                  uint64
}

// undoLimit is how long the end of a stay can be taken back. All hours since the end are then
// still in memory, where settle needs them.
const undoLimit = schemas.Hour

// close notes the open stay before it ends at the patient's clock.
func (p *patient) close() *closed {
	return &closed{
		at: p.clock, stay: p.stay, alerts: p.alerts.Clone(), logN: p.logN, outputN: p.outputN, lastEnd: p.lastEnd,
		numberingFrom: p.numberingFrom, previousFrom: p.previousFrom, beforeFrom: p.beforeFrom, lastFrom: p.lastFrom,
		gap: p.gap, numberingGap: p.numberingGap, previousGap: p.previousGap, beforeGap: p.beforeGap,
		lastStay: p.lastStay, ended: p.ended, reopened: p.reopened,
	}
}

// endStay ends the open stay as closeStay does, for good.
func (t *step) endStay(cause string, by int64) {
	t.closeStay(cause, by)
	t.p.settle()
}

// settleBefore makes the end of the last stay final if it cannot be taken back at a time.
func (p *patient) settleBefore(at schemas.Time) {
	if p.closed != nil && at > p.closed.at+undoLimit {
		p.settle()
	}
}

// settle makes the end of the last stay final: what no later view reaches is forgotten, and
// the window's numbering begins again.
func (p *patient) settle() {
	if p.closed == nil {
		return
	}
	at := p.closed.at
	p.closed = nil
	p.window.Trim(at) // before Restart, which then finds only what is in memory
	p.window.Restart()
	for i := range p.modalities {
		p.modalities[i].items.Trim(at.FloorHour())
	}
}

// windowN is the number of the last record as the window counts it, whose numbering goes on
// behind the end of a stay until that is final.
func (p *patient) windowN() uint32 {
	if p.closed != nil {
		return uint32(p.closed.logN + p.logN)
	}
	return uint32(p.logN)
}

// cancelDischarge takes the last end back. A stay that ended too long ago is opened as one
// whose admission is not known.
func (t *step) cancelDischarge(rec *schemas.Record) {
	p, move := t.p, rec.Move
	p.governed = true
	switch {
	case move == nil || p.stay.open || p.into != "":
		return
	case p.closed != nil && (move.Stay == "" || p.closed.stay.goesBy(move.Stay)):
		t.reopen()
	case move.Stay != "":
		t.openLate(move.Stay)
	default:
		return
	}
	t.place(move)
	if p.hasData() {
		t.scoreSoon()
	}
}

// reopen lets the closed stay go on, with its window, its numbers and its alerts. What came
// since its end belongs to it.
func (t *step) reopen() {
	p, c := t.p, t.p.closed
	p.closed = nil
	p.stay, p.alerts, p.lastEnd = c.stay, c.alerts, c.lastEnd
	p.logN, p.outputN = c.logN+p.logN, c.outputN
	p.numberingFrom, p.previousFrom, p.beforeFrom = min(p.numberingFrom, c.numberingFrom), c.previousFrom, c.beforeFrom
	p.gap, p.numberingGap = p.gap || c.gap, p.numberingGap || c.numberingGap
	p.previousGap, p.beforeGap = c.previousGap, c.beforeGap
	p.lastFrom = c.lastFrom
	p.lastStay, p.ended, p.reopened = c.lastStay, c.ended, c.reopened
	p.scoredAt, p.held, p.nextHour = never, forever, p.clock.FloorHour()+schemas.Hour
	p.since = since{}
	t.s.listOpen(p, true)
	t.stepPolicy(alerts.Event{Kind: alerts.Reopened, At: p.clock})
}

// append appends a closed stay.
func (c *closed) append(b []byte) []byte {
	b = packed.AppendInt(b, int64(c.at))
	b = append(b, packFlags(c.stay.implicit, c.gap, c.numberingGap, c.previousGap, c.beforeGap))
	b = c.stay.append(b)
	b = c.alerts.Append(b)
	b = packed.AppendUint(b, c.logN)
	b = packed.AppendUint(b, c.outputN)
	b = packed.AppendInt(b, int64(c.lastEnd))
	b = packed.AppendInt(b, c.numberingFrom)
	b = packed.AppendInt(b, c.previousFrom)
	b = packed.AppendInt(b, c.beforeFrom)
	b = packed.AppendInt(b, c.lastFrom)
	b = packed.AppendString(b, c.lastStay)
	b = packed.AppendString(b, c.ended)
	return packed.AppendUint(b, c.reopened)
}

// decode reads what append wrote.
func (c *closed) decode(r *packed.Reader) {
	c.at = schemas.Time(r.Int())
	flags := r.Byte(1<<5 - 1)
	c.stay.open = true
	c.stay.implicit, c.gap, c.numberingGap = flags&1 != 0, flags&2 != 0, flags&4 != 0
	c.previousGap, c.beforeGap = flags&8 != 0, flags&16 != 0
	c.stay.decode(r)
	c.alerts.Decode(r)
	c.logN = r.Uint(1<<32 - 1)
	c.outputN = r.Uint(1<<64 - 1)
	c.lastEnd = schemas.Time(r.Int())
	c.numberingFrom = r.Int()
	c.previousFrom = r.Int()
	c.beforeFrom = r.Int()
	c.lastFrom = r.Int()
	c.lastStay = r.String()
	c.ended = r.String()
	c.reopened = r.Uint(1<<64 - 1)
}
