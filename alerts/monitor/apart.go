package monitor

import "github.com/vigil-icu/vigil/schemas"

// apart applies a record unless it would mix what is live with what is recorded: a run's time
// may be in another century, and would take a live patient's along. A patient belongs to
// whichever came first; records of the other kind leave no trace but their count. A person's
// answer is live also where it is to an alert of a run; it has no time of its own there.
func (t *step) apart(rec *schemas.Record) {
	p, recorded := t.s.patients[rec.Patient], rec.Provenance&schemas.Recorded != 0
	switch {
	case p == nil || p.bound == recorded || !p.known():
		t.record(rec)
	case rec.Kind == schemas.KindCommand:
		answer := *rec
		answer.At = p.clock
		t.record(&answer)
	default:
		t.s.counts.Crossed++
	}
}

// known says whether anything was heard of the patient but a person's answers, which may name
// anybody.
func (p *patient) known() bool {
	return p.bound || p.governed || p.stay.open || p.lastEnd != never || p.window.Len() > 0
}
