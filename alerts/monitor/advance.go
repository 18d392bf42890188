package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// advance does for the patient all that falls due up to and including `to`, each
// at its own time. At one instant: what the policy has due, then the end of an
// implicit stay by silence, then at most one score. It leaves the clock at the
// last thing done, so that a tick without anything due leaves no trace.
func (t *turn) advance(to schemas.Time) {
	p, policy := t.p, t.m.Policy
	for p.due <= to {
		at := p.due
		p.clock = at
		if policy.Due(&p.alerts) <= at {
			t.alert(alerts.Event{Kind: alerts.Advance, At: at})
		}
		switch {
		case p.silence() <= at:
			t.end("silence", p.latest)
		case p.hour <= at:
			p.hour = at + schemas.Hour
			t.score(schemas.DueHour)
		case p.held <= at:
			t.score(schemas.DueHeld)
		}
		p.refresh(policy)
	}
}

// scoreSoon makes a score due after a record: now, or when the interval since
// the last one is over.
func (t *turn) scoreSoon() {
	p := t.p
	interval := t.m.Settings.ScoreInterval
	switch interval {
	case 0:
		interval = schemas.Minute
	case EveryRecord:
		interval = 0
	}
	switch {
	case p.scored == never || p.clock >= p.scored+interval:
		t.score(schemas.DueRecord)
	case p.held == forever:
		p.held = p.scored + interval
	}
}
