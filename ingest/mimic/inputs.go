package mimic

import (
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// infusion is a pump that runs from the start to the end of a row of MetaVision.
type infusion struct {
	start schemas.Time
	stop  value // the rate 0 at its end, to be sent unless another infusion goes on
}

// readInputsCV reads the inputs of CareVue, whose rows are doses at a moment.
func (s *Source) readInputsCV() error {
	t := s.edition.inputsCV
	return s.eachRow(t, true, func(f [][]byte, at []int) error {
		r := row{table: inputEventsCV}
		if err := r.start(f, at, t.columns); err != nil {
			return err
		}
		if _, err := r.dose(f, at[5:9], s.items); err != nil {
			return err
		}
		s.judge(&r)
		return nil
	})
}

// dose fills in the row's number: the amount of a fluid, the rate of anything else, as a
// drug works by its rate and a balance is of amounts. at has the places of amount, its unit,
// rate and its unit. rate says which of the two it was.
func (r *row) dose(f [][]byte, at []int, items *itemTable) (rate bool, err error) {
	amount, hasAmount, err := numeric("amount", f[at[0]])
	if err != nil {
		return false, err
	}
	speed, hasSpeed, err := numeric("rate", f[at[2]])
	if err != nil {
		return false, err
	}
	if m := items.find(r.table, r.item); m != nil && m.fluid {
		r.number, r.hasNumber, r.unit = amount, hasAmount, f[at[1]]
		return false, nil
	}
	r.number, r.hasNumber, r.unit = speed, hasSpeed, f[at[3]]
	return true, nil
}

// readInputsMV reads the inputs of MetaVision, whose rows are infusions with a begin and an
// end. One whose order was rewritten is marked as wrong: another row replaces it.
func (s *Source) readInputsMV() error {
	t := s.edition.inputsMV
	return s.eachRow(t, true, func(f [][]byte, at []int) error {
		r := row{table: inputEventsMV, wrong: strings.EqualFold(string(f[at[10]]), "Rewritten")}
		if err := r.start(f, at, t.columns); err != nil {
			return err
		}
		end, ok := table.Time(f[at[9]])
		if !ok {
			return unreadable("endtime", f[at[9]])
		}
		rate, err := r.dose(f, at[5:9], s.items)
		if err != nil {
			return err
		}
		if !rate {
			r.at = max(r.at, end)
			s.judge(&r)
			return nil
		}
		p := s.patients[r.subject]
		had := 0
		if p != nil {
			had = len(p.values)
		}
		s.judge(&r)
		if p == nil || len(p.values) == had || end <= r.at || !p.inStay(end) {
			return nil
		}
		stop := p.values[had]
		stop.at, stop.number, stop.bits = end, 0, stop.bits|derived
		stop.available = end + delays[inputEventsMV]
		if r.hasStored {
			stop.available = max(end, r.stored)
		}
		p.infusions = append(p.infusions, infusion{start: r.at, stop: stop})
		return nil
	})
}

// stops adds a 0 where an infusion ends and no other of its channel runs on or
// begins: the end of one row is often the start of the next.
func (p *patient) stops() {
	for i := range p.infusions {
		end := &p.infusions[i].stop
		goesOn := false
		for j := range p.infusions {
			b := &p.infusions[j]
			if b.stop.channel == end.channel && b.start <= end.at && b.stop.at > end.at {
				goesOn = true
				break
			}
		}
		if !goesOn {
			p.values = append(p.values, *end)
		}
	}
	p.infusions = nil
}
