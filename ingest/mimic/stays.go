package mimic

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// stay is a row of ICUSTAYS that is used.
type stay struct {
	id         int64
	admission  int64 // HADM_ID
	admit, end schemas.Time
	unit, last string // kind of care unit at first and at the end
	ward, out  string // ward number at first and at the end
}

// name is the stay's id as messages have it.
func (st *stay) name() string { return strconv.FormatInt(st.id, 10) }

// admission is a hospital admission, of which a patient's ICU stays are parts.
type admission struct {
	kind  string       // how urgent, lower case
	death schemas.Time // 0 where the patient did not die in it
	rows  int          // how many rows of the table have this HADM_ID
	used  bool         // an ICU stay of it is used
}

// readStays reads the movements: who was where and when.
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

// readAdmissions reads ADMISSIONS. Whether a row is used is known after the stays.
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

// readICUStays reads ICUSTAYS and orders each patient's stays. One that overlaps an earlier
// one is left out: a patient is in one place at a time, and a plan could not play both.
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
			if n := len(kept) - 1; n >= 0 && st.admit < kept[n].end {
				// After a death a second admission may stand for the body, as of a donor of organs.
				death := s.deathIn(&kept[n])
				if death == 0 || st.admit < death {
					s.count.Reject(schemas.Implausible)
					continue
				}
				kept[n].end = death
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

// deathIn is when the patient of a stay died in it; 0 if not.
func (s *Source) deathIn(st *stay) schemas.Time {
	if a := s.admissions[st.admission]; a != nil && a.death >= st.admit && a.death <= st.end {
		return a.death
	}
	return 0
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

// ward makes a bed of a ward's number, empty where there is none.
func ward(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return "ward " + string(b)
}

// patient gathers what the tables say of one SUBJECT_ID.
type patient struct {
	subject int64
	born    birth
	sex     string // male or female; empty where it is not known
	stays   []stay // by admit, after readStays
	moves   []schemas.Event
	values  []value
	notes   []note

	infusions []infusion // of MetaVision, whose ends are yet to be looked at
}

// birth is a date in MIMIC-III and a year in MIMIC-IV. What is zero is not known.
type birth struct {
	date schemas.Time
	year int
}

// readPatients looks up sex and birth of the patients with a stay. It counts nothing, as the
// table has no event in it.
func (s *Source) readPatients() error {
	return s.eachRow(s.edition.patients, false, func(f [][]byte, at []int) error {
		id, _ := table.Int(f[at[0]])
		p := s.patients[id]
		if p == nil {
			return nil
		}
		switch string(f[at[1]]) {
		case "F", "f":
			p.sex = "female"
		case "M", "m":
			p.sex = "male"
		}
		p.born.date, _ = table.Time(field(f, at[2]))
		age, ok1 := table.Int(field(f, at[3]))
		year, ok2 := table.Int(field(f, at[4]))
		if ok1 && ok2 {
			p.born.year = int(year - age)
		}
		return nil
	})
}

// age is in years, to a tenth by a date of birth and whole by a year. Over 89 it is 91.4, the
// median of those whose age both editions hide. It is not known before the birth.
func (b birth) age(at schemas.Time) (years float32, known bool) {
	exact := 0.0
	switch {
	case b.year != 0:
		exact = float64(at.Std().Year() - b.year)
	case b.date != 0:
		exact = float64(at-b.date) / float64(schemas.Hour) / 24 / 365.2425
	default:
		return 0, false
	}
	if exact > 89 {
		return 91.4, true
	}
	return float32(math.Round(exact*10) / 10), exact >= 0
}

// inStay says whether t lies in a stay, both ends included, or in the 48 h
// before one.
func (p *patient) inStay(t schemas.Time) bool {
	for i := range p.stays {
		if t >= p.stays[i].admit-schemas.Reach && t <= p.stays[i].end {
			return true
		}
	}
	return false
}

// replayStays are the stays as a source yields them.
func (p *patient) replayStays() []source.Stay {
	out := make([]source.Stay, len(p.stays))
	for i := range p.stays {
		out[i] = source.Stay{ID: p.stays[i].name(), Admit: p.stays[i].admit, End: p.stays[i].end}
	}
	return out
}
