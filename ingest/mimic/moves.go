package mimic

import (
	"cmp"
	"slices"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// transfer is a row of TRANSFERS within a stay.
type transfer struct {
	id        int64 // orders rows of one moment
	patient   *patient
	stay      *stay
	at        schemas.Time
	unit, bed string
}

// readTransfers reads TRANSFERS: moves from one unit or ward to another. Rows at a stay's own
// begin and end repeat ICUSTAYS, and are duplicates.
func (s *Source) readTransfers() error {
	names := s.edition.transfers.columns
	var within []transfer
	err := s.eachRow(s.edition.transfers, true, func(f [][]byte, at []int) error {
		id, ok := table.Int(f[at[0]])
		if !ok {
			return unreadable(names[0], f[at[0]])
		}
		subject, ok := table.Int(f[at[1]])
		if !ok {
			return unreadable("subject_id", f[at[1]])
		}
		t, there, err := optionalTime("intime", f[at[2]])
		if err != nil {
			return err
		}
		if !there {
			s.count.Reject(schemas.NoValue)
			return nil
		}
		p := s.patients[subject]
		var in *stay
		if p != nil {
			for i := range p.stays {
				if t >= p.stays[i].admit && t <= p.stays[i].end {
					in = &p.stays[i]
					break
				}
			}
		}
		switch {
		case in == nil:
			s.count.Reject(schemas.OutsideStay)
		case t == in.admit || t == in.end:
			s.count.Duplicate++
		default:
			within = append(within, transfer{id, p, in, t, unit(f[at[3]]), ward(field(f, at[4]))})
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(within, func(a, b transfer) int {
		return cmp.Or(cmp.Compare(a.patient.subject, b.patient.subject), cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	for i, m := range within {
		if i > 0 && within[i-1].patient == m.patient && within[i-1].at == m.at {
			s.count.Duplicate++
			continue
		}
		s.count.Used++
		m.patient.moves = append(m.patient.moves, move(m.at, &schemas.ADT{Type: "transfer", Stay: m.stay.name(), Unit: m.unit, Bed: m.bed}))
	}
	return nil
}

// admitAndEnd adds the movements that ICUSTAYS tells to the patient's, and orders them all. A
// patient who died in the stay is scored until then: what is charted between the death and the
// end of the stay, often zeros, goes out as it stands and is of no stay.
func (s *Source) admitAndEnd(p *patient) {
	for i := range p.stays {
		st := &p.stays[i]
		statics := schemas.Statics{Sex: p.sex, Unit: st.unit}
		if age, known := p.born.age(st.admit); known {
			statics.AgeYears = &age
		}
		end, at := "discharge", st.end
		if a := s.admissions[st.admission]; a != nil {
			statics.AdmissionType = a.kind
		}
		if death := s.deathIn(st); death != 0 {
			end, at = "death", death
		}
		p.moves = append(p.moves,
			move(st.admit, &schemas.ADT{Type: "admit", Stay: st.name(), Unit: st.unit, Bed: st.ward, Statics: statics}),
			move(at, &schemas.ADT{Type: end, Stay: st.name(), Unit: st.last, Bed: st.out}))
	}
	// A stay may begin when the one before it ends: by time, then by stay. Both
	// ends of one stay may fall together: admit comes first.
	slices.SortStableFunc(p.moves, func(a, b schemas.Event) int {
		return cmp.Or(cmp.Compare(a.EventTime, b.EventTime), cmp.Compare(p.place(a.ADT.Stay), p.place(b.ADT.Stay)))
	})
}

// place is the number of a stay among the patient's.
func (p *patient) place(stay string) int {
	for i := range p.stays {
		if p.stays[i].name() == stay {
			return i
		}
	}
	return -1
}

// move is the event of a movement, which is known at once.
func move(t schemas.Time, a *schemas.ADT) schemas.Event {
	a.HasADT = true
	return schemas.Event{Topic: schemas.TopicADT, AvailableTime: t, EventTime: t, ADT: a}
}
