package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// apply applies a record at the patient's clock. It answers false for a repeat,
// of which nothing follows.
func (t *turn) apply(rec *schemas.Record) bool {
	p := t.p
	v := p.sender(rec).see(rec)
	if v == isRepeat {
		return false
	}
	p.logN++
	switch rec.Kind {
	case schemas.KindObservations, schemas.KindStrip, schemas.KindNote, schemas.KindImage:
		if !t.data(rec) && v == isPerhaps {
			p.logN--
			return false
		}
		t.heard(rec)
	case schemas.KindAdmit:
		t.admit(rec)
	case schemas.KindTransfer:
		if p.stay.open && rec.Move != nil {
			p.stay.move(rec.Move)
		}
	case schemas.KindEnd:
		t.discharge(rec)
	case schemas.KindCommand:
		t.alert(alerts.Event{Kind: alerts.Commanded, At: p.clock, Command: rec.Command})
	case schemas.KindMergeOut:
		if p.stay.open {
			t.end("merge", t.offset)
		}
	}
	return true
}

// data takes a record's observations and item, and says whether the window
// changed.
func (t *turn) data(rec *schemas.Record) (changed bool) {
	p := t.p
	horizon := p.horizon()
	for i := range rec.Observations {
		o := &rec.Observations[i]
		if o.EventTime < horizon {
			continue
		}
		if !p.window.Add(*o, uint32(p.logN)) {
			continue
		}
		changed = true
		if p.online != nil {
			p.online.touch(o.Channel, o.EventTime)
		}
		if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
			p.corrected = true
		}
		if in := inputOf(o.Channel); in < alerts.Inputs {
			p.readings.add(in, o, p.clock)
		}
		if rec.Kind == schemas.KindObservations {
			p.modalities[encoders.Numeric].observe(p, o)
		}
	}
	if rec.Item != nil {
		p.modalities[encoders.ModalityOf(rec.Kind)].item(rec.Item)
	}
	p.window.Advance(p.clock)
	p.window.Trim(p.horizon())
	for i := range p.modalities {
		p.modalities[i].items.Trim(p.horizon())
	}
	return changed
}

// horizon is where the hours begin that a view may still ask for.
func (p *patient) horizon() schemas.Time {
	return (p.clock - 1).FloorHour() - 47*schemas.Hour
}

// heard goes on with data that came: a stay may open, and a score is due.
func (t *turn) heard(rec *schemas.Record) {
	p := t.p
	if rec.Provenance&schemas.SourceHasADT != 0 {
		p.governed = true
	}
	if !p.stay.open && (!p.governed || p.gap) {
		t.begin("implicit:"+p.clock.String(), true)
	}
	if !p.stay.open {
		return
	}
	p.stay.heard = p.clock
	p.stay.provenance |= rec.Provenance & (schemas.Invented | schemas.SimulatedPairing)
	t.alert(alerts.Event{Kind: alerts.DataCame, At: p.clock})
	t.scoreSoon()
}

// alert moves the policy by one event and puts out what follows.
func (t *turn) alert(e alerts.Event) {
	e.Model = t.m.modelHash()
	t.s.scratch.alerts = t.m.Policy.Step(&t.p.alerts, e, t.s.scratch.alerts[:0])
	t.tell()
}
