package mimic

import (
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// infusion is a running pump of MetaVision.
type infusion struct {
	start, end schemas.Time
	available  schemas.Time // of the end
	row        int64
	channel    schemas.Channel
	bits       uint8
}

func (s *Source) readInputsCV() error {
	columns := []string{"row_id", "subject_id", "itemid", "charttime", "storetime", "amount", "amountuom", "rate", "rateuom"}
	return s.eachRow("INPUTEVENTS_CV", false, true, columns, func(f [][]byte, at []int) error {
		r := row{table: inputEventsCV}
		if err := r.idAndTimes(f, at[:5]); err != nil {
			return err
		}
		if _, err := r.dose(f, at[5:9]); err != nil {
			return err
		}
		s.judge(&r)
		return nil
	})
}

// dose takes the amount for a fluid and the rate for anything else. rate says
// which.
func (r *row) dose(f [][]byte, at []int) (rate bool, err error) {
	amount, hasAmount, err := numeric("amount", f[at[0]])
	if err != nil {
		return false, err
	}
	speed, hasSpeed, err := numeric("rate", f[at[2]])
	if err != nil {
		return false, err
	}
	if m := items.of(r.table, r.item); m != nil && m.fluid {
		r.number, r.hasNumber, r.unit = amount, hasAmount, f[at[1]]
		return false, nil
	}
	r.number, r.hasNumber, r.unit = speed, hasSpeed, f[at[3]]
	return true, nil
}

func (s *Source) readInputsMV() error {
	columns := []string{"row_id", "subject_id", "itemid", "starttime", "storetime", "amount", "amountuom", "rate", "rateuom",
		"endtime", "statusdescription"}
	return s.eachRow("INPUTEVENTS_MV", false, true, columns, func(f [][]byte, at []int) error {
		r := row{table: inputEventsMV, wrong: strings.EqualFold(string(f[at[10]]), "Rewritten")}
		if err := r.idAndTimes(f, at[:5]); err != nil {
			return err
		}
		end, ok := table.Time(f[at[9]])
		if !ok {
			return unreadable("endtime", f[at[9]])
		}
		rate, err := r.dose(f, at[5:9])
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
		stop := infusion{start: r.at, end: end, row: r.id, channel: p.values[had].channel}
		if r.hasStored {
			stop.available = max(end, r.stored)
		} else {
			stop.available, stop.bits = end+delays[inputEventsMV], modelled
		}
		p.infusions = append(p.infusions, stop)
		return nil
	})
}

// stops adds a 0 where an infusion ends and no other of its channel runs on or
// begins: the end of one row is often the start of the next.
func (p *patient) stops() {
	for i := range p.infusions {
		a := &p.infusions[i]
		goesOn := false
		for j := range p.infusions {
			b := &p.infusions[j]
			if b.channel == a.channel && b.start <= a.end && b.end > a.end {
				goesOn = true
				break
			}
		}
		if !goesOn {
			p.values = append(p.values, value{at: a.end, available: a.available, row: a.row,
				channel: a.channel, table: inputEventsMV, bits: a.bits | derived})
		}
	}
	p.infusions = nil
}
