package mimic

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// before an admission belongs to its stay.
const before = 48 * schemas.Hour

// patient gathers what the tables say of one SUBJECT_ID.
type patient struct {
	subject int64
	dob     schemas.Time
	sex     string
	stays   []stay // by admit, after readStays
	moves   []schemas.Event
	values  []value
	notes   []schemas.Event

	infusions []infusion
}

type stay struct {
	id         int64
	admission  int64
	admit, end schemas.Time
	unit, last string // kind of care unit at first and at the end
	ward, out  string // ward number at first and at the end
}

type admission struct {
	kind  string
	death schemas.Time // 0: none
	rows  int          // of the table with this HADM_ID
	used  bool
}

// inStay says whether t lies in a stay, both ends included, or in the 48 h
// before one.
func (p *patient) inStay(t schemas.Time) bool {
	for i := range p.stays {
		if t >= p.stays[i].admit-before && t <= p.stays[i].end {
			return true
		}
	}
	return false
}

// eachRow calls row for every row of a table. A table that is missing is an
// error only where required; a row that cannot be read is counted if counted.
func (s *Source) eachRow(name string, required, counted bool, columns []string, row func(fields [][]byte, at []int) error) error {
	r, err := table.Open(s.dir, name)
	if errors.Is(err, os.ErrNotExist) && !required {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	at, err := r.Columns(columns...)
	if err != nil {
		return fmt.Errorf("%w; is this MIMIC-III 1.4?", err)
	}
	for n := 0; ; n++ {
		if n&0xfff == 0 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		fields, err := r.Next()
		if err == io.EOF {
			return nil
		}
		var torn *table.RowError
		if err == nil {
			err = row(fields, at)
			if err != nil {
				torn = &table.RowError{File: r.File(), Line: r.Line(), What: err.Error()}
			}
		} else if !errors.As(err, &torn) {
			return err
		}
		if torn != nil {
			s.count.Problem(torn.Error())
			if counted {
				s.count.Reject(schemas.Unreadable)
			}
		}
	}
}

// unreadable says which field of a row cannot be read; eachRow adds file and line.
func unreadable(field string, found []byte) error {
	return fmt.Errorf("%s: cannot read %.40q", field, found)
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
	columns := []string{"hadm_id", "admission_type", "deathtime"}
	return s.eachRow("ADMISSIONS", true, true, columns, func(f [][]byte, at []int) error {
		id, ok := table.Int(f[at[0]])
		if !ok {
			return unreadable("hadm_id", f[at[0]])
		}
		var death schemas.Time
		if d := f[at[2]]; len(d) > 0 {
			if death, ok = table.Time(d); !ok {
				return unreadable("deathtime", d)
			}
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
	columns := []string{"subject_id", "hadm_id", "icustay_id", "intime", "outtime", "first_careunit", "last_careunit", "first_wardid", "last_wardid"}
	seen := make(map[int64]bool)
	err := s.eachRow("ICUSTAYS", true, true, columns, func(f [][]byte, at []int) error {
		var ids [3]int64
		for i := range ids {
			var ok bool
			if ids[i], ok = table.Int(f[at[i]]); !ok {
				return unreadable(columns[i], f[at[i]])
			}
		}
		var times [2]schemas.Time
		for i := range times {
			if text := f[at[3+i]]; len(text) > 0 {
				var ok bool
				if times[i], ok = table.Time(text); !ok {
					return unreadable(columns[3+i], text)
				}
			}
		}
		switch {
		case len(f[at[3]]) == 0 || len(f[at[4]]) == 0:
			s.count.Reject(schemas.NoValue)
			return nil
		case times[1] < times[0]:
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
		p.stays = append(p.stays, stay{id: ids[2], admission: ids[1], admit: times[0], end: times[1],
			unit: string(f[at[5]]), last: string(f[at[6]]), ward: ward(f[at[7]]), out: ward(f[at[8]])})
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

func ward(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return "ward " + string(b)
}

func (s *Source) readPatients() error {
	return s.eachRow("PATIENTS", true, false, []string{"subject_id", "gender", "dob"}, func(f [][]byte, at []int) error {
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
		p.dob, _ = table.Time(f[at[2]])
		return nil
	})
}

func (s *Source) readTransfers() error {
	columns := []string{"row_id", "subject_id", "intime", "curr_careunit", "curr_wardid"}
	type moment struct {
		subject int64
		at      schemas.Time
	}
	seen := make(map[moment]bool)
	return s.eachRow("TRANSFERS", false, true, columns, func(f [][]byte, at []int) error {
		subject, ok := table.Int(f[at[1]])
		if !ok {
			return unreadable("subject_id", f[at[1]])
		}
		if len(f[at[2]]) == 0 {
			s.count.Reject(schemas.NoValue)
			return nil
		}
		t, ok := table.Time(f[at[2]])
		if !ok {
			return unreadable("intime", f[at[2]])
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
		case t == in.admit || t == in.end || seen[moment{subject, t}]:
			s.count.Duplicate++
		default:
			seen[moment{subject, t}] = true
			s.count.Used++
			p.moves = append(p.moves, move(t, &schemas.ADT{Type: "transfer", Stay: strconv.FormatInt(in.id, 10),
				Unit: string(f[at[3]]), Bed: ward(f[at[4]])}))
		}
		return nil
	})
}

// admitAndEnd adds the movements that ICUSTAYS tells, and orders all.
func (s *Source) admitAndEnd(p *patient) {
	for i := range p.stays {
		st := &p.stays[i]
		statics := schemas.Statics{Sex: p.sex, Unit: st.unit}
		if p.dob != 0 && p.dob <= st.admit {
			age := age(p.dob, st.admit)
			statics.AgeYears = &age
		}
		end := "discharge"
		if a := s.admissions[st.admission]; a != nil {
			statics.AdmissionType = a.kind
			if a.death != 0 && a.death >= st.admit && a.death <= st.end {
				end = "death"
			}
		}
		id := strconv.FormatInt(st.id, 10)
		p.moves = append(p.moves,
			move(st.admit, &schemas.ADT{Type: "admit", Stay: id, Unit: st.unit, Bed: st.ward, Statics: statics}),
			move(st.end, &schemas.ADT{Type: end, Stay: id, Unit: st.last, Bed: st.out}))
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
		if strconv.FormatInt(p.stays[i].id, 10) == stay {
			return i
		}
	}
	return -1
}

func move(t schemas.Time, a *schemas.ADT) schemas.Event {
	a.HasADT = true
	return schemas.Event{Topic: schemas.TopicADT, AvailableTime: t, EventTime: t, ADT: a}
}

// age in years, to a tenth; patients over 89 have a date of birth 300 years back.
func age(dob, at schemas.Time) float32 {
	years := float64(at-dob) / float64(schemas.Hour) / 24 / 365.2425
	if years > 89 {
		return 91.4
	}
	return float32(math.Round(years*10) / 10)
}

// replayStays are the stays as a plan wants them.
func (p *patient) replayStays() []replay.Stay {
	out := make([]replay.Stay, len(p.stays))
	for i, st := range p.stays {
		out[i] = replay.Stay{ID: strconv.FormatInt(st.id, 10), Admit: st.admit, End: st.end}
	}
	return out
}
