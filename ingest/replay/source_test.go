package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// unit is a source of written-out patients.
type unit struct {
	patients []*source.Patient
	hash     source.Hasher
	failAt   int // yields an error after so many; 0: never
}

func (u *unit) Name() string { return "unit" }
func (u *unit) Hash() string { return u.hash.Sum("") }
func (u *unit) Rows() source.RowCount {
	return source.RowCount{Read: len(u.patients), Used: len(u.patients)}
}
func (u *unit) Patients(context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		for i, p := range u.patients {
			if u.failAt > 0 && i == u.failAt {
				yield(nil, fmt.Errorf("torn"))
				return
			}
			u.hash.Add(p)
			copied := *p
			copied.Events = make([]schemas.Event, len(p.Events))
			for i, e := range p.Events { // NewPlan fills the bodies' heads
				if e.Vitals != nil {
					v := *e.Vitals
					e.Vitals = &v
				} else {
					a := *e.ADT
					e.ADT = &a
				}
				copied.Events[i] = e
			}
			if !yield(&copied, nil) {
				return
			}
		}
	}
}

func vitals(available, measured schemas.Time, value string) schemas.Event {
	return schemas.Event{Topic: schemas.TopicVitals, AvailableTime: available, EventTime: measured,
		Vitals: &schemas.Vitals{Values: map[string]json.Number{"heart_rate": json.Number(value)}}}
}

func move(kind, stay string, at schemas.Time) schemas.Event {
	return schemas.Event{Topic: schemas.TopicADT, AvailableTime: at, EventTime: at, ADT: &schemas.ADT{Type: kind, Stay: stay}}
}

// invented makes n patients with one or two stays each, from the seed.
func invented(n int, seed uint64) *unit {
	r := rand.New(rand.NewPCG(seed, 1))
	u := &unit{}
	for i := range n {
		p := &source.Patient{ID: fmt.Sprintf("unit:%d", 100+i)}
		at := schemas.Time(4e12) + schemas.Time(r.IntN(1000))*schemas.Hour
		for k := range 1 + r.IntN(2) {
			stay := source.Stay{ID: fmt.Sprintf("%d-%d", i, k), Admit: at, End: at + schemas.Time(1+r.IntN(40))*schemas.Hour}
			p.Stays = append(p.Stays, stay)
			p.Events = append(p.Events, move("admit", stay.ID, stay.Admit), move("discharge", stay.ID, stay.End))
			for range 20 {
				available := stay.Admit + schemas.Time(r.Int64N(int64(80*schemas.Hour))) - 50*schemas.Hour
				p.Events = append(p.Events, vitals(available, available-schemas.Time(r.IntN(3600000)), fmt.Sprint(60+r.IntN(60))))
			}
			at = stay.End + schemas.Time(r.IntN(100))*schemas.Hour
		}
		slices.SortStableFunc(p.Events, func(a, b schemas.Event) int { return int(a.AvailableTime - b.AvailableTime) })
		u.patients = append(u.patients, p)
	}
	return u
}
