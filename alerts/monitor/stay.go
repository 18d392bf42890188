package monitor

import (
	"strconv"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// admit opens a stay, tells an open one again, or adopts an implicit one. An
// admission while another stay is open ends that one first.
func (t *turn) admit(rec *schemas.Record) {
	p := t.p
	p.governed = true
	move := rec.Move
	if move == nil {
		move = &schemas.Move{}
	}
	id := move.Stay
	if id == "" {
		id = "admitted:" + p.clock.String()
	}
	if p.stay.open {
		switch {
		case p.stay.is(id):
		case p.stay.implicit:
			p.stay.implicit, p.stay.alias = false, id
		default:
			t.end("superseded", p.latest)
			p.logN = 1 // this record is the first of the next numbering
		}
	}
	if !p.stay.open {
		p.touched[0] = p.touched[0] || p.gap
		p.gap = false
		t.begin(id, false)
	}
	p.stay.move(move)
	p.stay.statics = move.Statics
	p.stay.provenance |= rec.Provenance & (schemas.Invented | schemas.SimulatedPairing)
}

func (s *stay) is(id string) bool { return s.id == id || s.alias != "" && s.alias == id }

func (s *stay) move(m *schemas.Move) {
	if m.Unit != "" {
		s.unit = m.Unit
	}
	if m.Bed != "" {
		s.bed = m.Bed
	}
}

// begin opens a stay at the patient's clock. Its numbers have begun already: the
// records that waited for it belong to it. A stay that is opened again after its
// end is another one, as its numbers are: S1#2.
func (t *turn) begin(id string, implicit bool) {
	p := t.p
	p.stay = stay{
		open: true, implicit: implicit, id: id, start: p.clock,
		from: max(p.clock-schemas.Reach, p.last), heard: p.clock,
	}
	if id == p.ended {
		p.again++
		p.stay.id, p.stay.alias = id+"#"+strconv.FormatUint(p.again+1, 10), id
	}
	p.scored, p.held, p.hour = never, forever, p.clock.FloorHour()+schemas.Hour
	p.corrected = false
	t.s.setOpen(p, true)
	t.alert(alerts.Event{Kind: alerts.Opened, At: p.clock, Patient: p.id, Stay: p.stay.id})
}

// discharge ends the stay that the record means. Where none is open it still
// divides the records before it from those after it.
func (t *turn) discharge(rec *schemas.Record) {
	p := t.p
	p.governed = p.governed || rec.Provenance&schemas.SourceHasADT != 0
	cause := "discharge"
	if rec.Move != nil {
		if rec.Move.Cause != "" {
			cause = rec.Move.Cause
		}
		if p.stay.open && rec.Move.Stay != "" && !p.stay.is(rec.Move.Stay) {
			return // of another stay than the open one: nothing ends
		}
	}
	t.end(cause, t.offset)
}

// end ends the open stay, if there is one, at the patient's clock, and every open
// alert with it. The numbers begin again, and no later view reaches before it. by
// is the log record that did it, or the last one before it.
func (t *turn) end(cause string, by int64) {
	p := t.p
	if p.stay.open {
		t.alert(alerts.Event{Kind: alerts.Ended, At: p.clock, Cause: cause})
		t.s.setOpen(p, false)
		announced := p.stay.id
		if p.stay.alias != "" {
			announced = p.stay.alias
		}
		if announced != p.ended {
			p.ended, p.again = announced, 0
		}
	}
	p.stay = stay{}
	p.held, p.hour, p.scored = forever, forever, never
	p.last = p.clock
	p.logN, p.n = 0, 0
	p.before, p.need = p.need, by
	p.touched = [2]bool{false, p.touched[0] || p.gap}
	p.corrected, p.gap = false, false
	p.window.Trim(p.clock) // first: what is left is in memory
	p.window.Restart()
	for i := range p.modalities {
		p.modalities[i].items.Trim(p.clock.FloorHour())
	}
}
