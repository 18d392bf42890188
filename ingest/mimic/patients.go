package mimic

import (
	"math"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// patient gathers what the tables say of one SUBJECT_ID.
type patient struct {
	subject int64
	born    birth
	sex     string
	stays   []stay // by admit, after readStays
	moves   []schemas.Event
	values  []value
	notes   []note

	infusions []infusion
}

// birth is a date in MIMIC-III, a year in MIMIC-IV; zero: not known.
type birth struct {
	date schemas.Time
	year int
}

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

// age in years: to a tenth by date, whole by year. Over 89 it is 91.4, the median
// of those whose age both editions hide.
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

// replayStays are the stays as a plan wants them.
func (p *patient) replayStays() []source.Stay {
	out := make([]source.Stay, len(p.stays))
	for i := range p.stays {
		out[i] = source.Stay{ID: p.stays[i].name(), Admit: p.stays[i].admit, End: p.stays[i].end}
	}
	return out
}
