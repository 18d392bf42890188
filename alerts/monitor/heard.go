package monitor

import "github.com/vigil-icu/vigil/alerts"

// Heard is an event by which the policy is moved, as a listener is told it. What the event points to is
// the monitor's, and whoever keeps the event copies it.
type Heard struct {
	Patient, Stay, Unit string
	Event               alerts.Event
}

// judge moves the alerts by an event. A listener hears it first, so that other policies can be tried on
// the same events; the passing of time it does not hear, since each policy has due times of its own.
func (t *step) judge(e alerts.Event) {
	e.Model = t.m.modelHash()
	t.hear(&e)
	t.s.scratch.alerts = t.policy().Step(&t.p.alerts, e, t.s.scratch.alerts[:0])
}

// hear tells a listener of an event.
func (t *step) hear(e *alerts.Event) {
	if t.m.Listen != nil && e.Kind != alerts.Advance {
		t.m.Listen(Heard{Patient: t.p.id, Stay: t.p.stay.id, Unit: t.p.stay.unit, Event: *e})
	}
}
