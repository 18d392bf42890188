package mimic

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

type stay struct {
	id         int64
	admission  int64
	admit, end schemas.Time
	unit, last string // kind of care unit at first and at the end
	ward, out  string // ward number at first and at the end
}

func (st *stay) name() string { return strconv.FormatInt(st.id, 10) }

type admission struct {
	kind  string
	death schemas.Time // 0: none
	rows  int          // of the table with this HADM_ID
	used  bool
}

// readStays reads the movements: who was where when.
func (s *Source) readStays() error {
	s.patients = make(map[int64]*patient)
	s.admissions = make(map[int64]*admission)
	for _, read := range []func() error{s.readAdmissions, s.readICUStays, s.readPatients, s.readTransfers} {
		if err := read(); err != nil {
			return err
		}
	}
	for _, a := range s.admissions { // sums only: the order does not matter
		s.count.Duplicate += a.rows - 1
		if a.used {
			s.count.Used++
		} else {
			s.count.Reject(schemas.OutsideStay)
		}
	}
	for _, p := range s.patients { // each on its own: the order does not matter
		s.admitAndEnd(p)
	}
	return nil
}

func (s *Source) readAdmissions() error {
	return s.eachRow(s.edition.admissions, true, func(f [][]byte, at []int) error {
		id, ok := table.Int(f[at[0]])
		if !ok {
			return unreadable("hadm_id", f[at[0]])
		}
		death, _, err := optionalTime("deathtime", f[at[2]])
		if err != nil {
			return err
		}
		if a := s.admissions[id]; a != nil {
			a.rows++
			return nil
		}
		s.admissions[id] = &admission{kind: strings.ToLower(string(f[at[1]])), death: death, rows: 1}
		return nil
	})
}

func (s *Source) readICUStays() error {
	names := s.edition.stays.columns
	seen := make(map[int64]bool)
	err := s.eachRow(s.edition.stays, true, func(f [][]byte, at []int) error {
		var ids [3]int64
		for i := range ids {
			var ok bool
			if ids[i], ok = table.Int(f[at[i]]); !ok {
				return unreadable(names[i], f[at[i]])
			}
		}
		admit, begins, err := optionalTime(names[3], f[at[3]])
		if err != nil {
			return err
		}
		end, ends, err := optionalTime(names[4], f[at[4]])
		if err != nil {
			return err
		}
		switch {
		case !begins || !ends:
			s.count.Reject(schemas.NoValue)
			return nil
		case end < admit:
			s.count.Reject(schemas.Implausible)
			return nil
		case seen[ids[2]]:
			s.count.Duplicate++
			return nil
		}
		seen[ids[2]] = true
		p := s.patients[ids[0]]
		if p == nil {
			p = &patient{subject: ids[0]}
			s.patients[ids[0]] = p
		}
		p.stays = append(p.stays, stay{id: ids[2], admission: ids[1], admit: admit, end: end,
			unit: unit(f[at[5]]), last: unit(f[at[6]]), ward: ward(field(f, at[7])), out: ward(field(f, at[8]))})
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range s.patients { // each on its own: the order does not matter
		slices.SortFunc(p.stays, func(a, b stay) int {
			return cmp.Or(cmp.Compare(a.admit, b.admit), cmp.Compare(a.end, b.end), cmp.Compare(a.id, b.id))
		})
		kept := p.stays[:0]
		for _, st := range p.stays {
			if len(kept) > 0 && st.admit < kept[len(kept)-1].end {
				s.count.Reject(schemas.Implausible)
				continue
			}
			s.count.Used++
			if a := s.admissions[st.admission]; a != nil {
				a.used = true
			}
			kept = append(kept, st)
		}
		p.stays = kept
	}
	return nil
}

// unit is the short name of a care unit: "Medical Intensive Care Unit (MICU)" of
// MIMIC-IV is the MICU of MIMIC-III.
func unit(b []byte) string {
	name := string(b)
	if open := strings.LastIndexByte(name, '('); open >= 0 && strings.HasSuffix(name, ")") && open+2 < len(name) {
		return name[open+1 : len(name)-1]
	}
	return name
}

func ward(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return "ward " + string(b)
}
