package mimic

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// Statics are what was known at admission; a death within the stay ends it.
func TestStaysOfMIMICIV(t *testing.T) {
	dir := demoIV(t)
	s, err := OpenIV(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, s)
	first := all["10000032"].Events
	admit := first[slices.IndexFunc(first, func(e schemas.Event) bool { return e.ADT != nil })].ADT
	if st := admit.Statics; admit.Type != "admit" || admit.Stay != "39553978" || st.AgeYears == nil || *st.AgeYears != 52 ||
		st.Sex != "female" || st.Unit != "MICU" || st.AdmissionType != "ew emer." {
		t.Errorf("10000032 is admitted as %+v", admit)
	}
	died := map[string]time.Time{}
	opendata.EachRow(t, filepath.Join(dir, "hosp/admissions.csv.gz"), func(row func(string) string) {
		if row("deathtime") != "" {
			died[row("hadm_id")] = dateTime(row("deathtime"))
		}
	})
	deaths := 0
	opendata.EachRow(t, filepath.Join(dir, "icu/icustays.csv.gz"), func(row func(string) string) {
		at, ok := died[row("hadm_id")]
		want := "discharge"
		if ok && !at.Before(dateTime(row("intime"))) && !at.After(dateTime(row("outtime"))) {
			want, deaths = "death", deaths+1
		}
		for _, e := range all[row("subject_id")].Events {
			if e.ADT != nil && e.ADT.Stay == row("stay_id") && e.EventTime.Std().Equal(dateTime(row("outtime"))) && e.ADT.Type != want && e.ADT.Type != "admit" {
				t.Errorf("stay %s ends with %s, want %s", row("stay_id"), e.ADT.Type, want)
			}
		}
	})
	if deaths < 10 {
		t.Errorf("only %d stays end with a death", deaths)
	}
}

func TestAge(t *testing.T) {
	at := schemas.FromStd(time.Date(2150, 7, 2, 12, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		born  birth
		age   float32
		known bool
	}{
		{birth{}, 0, false},
		{birth{year: 2098}, 52, true},
		{birth{year: 2061}, 89, true},
		{birth{year: 2060}, 91.4, true},
		{birth{year: 2151}, -1, false},
		{birth{date: schemas.FromStd(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))}, 50.5, true},
		{birth{date: schemas.FromStd(time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC))}, 91.4, true},
	} {
		if age, known := c.born.age(at); age != c.age || known != c.known {
			t.Errorf("%+v: %v %v, want %v %v", c.born, age, known, c.age, c.known)
		}
	}
}
