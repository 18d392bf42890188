package mimic

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// Deaths and lengths of all stays of the demo are those of a plain reading of the
// tables, and of one admission the phenotypes are those read by eye.
func TestOutcomesOfMIMICIV(t *testing.T) {
	dir := demoIV(t)
	s, err := OpenIV(dir)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := s.Outcomes()
	if err != nil {
		t.Fatal(err)
	}
	died, codes := map[string]bool{}, map[string][]string{}
	opendata.EachRow(t, filepath.Join(dir, "hosp/admissions.csv.gz"), func(row func(string) string) {
		died[row("hadm_id")] = row("hospital_expire_flag") == "1"
	})
	opendata.EachRow(t, filepath.Join(dir, "hosp/diagnoses_icd.csv.gz"), func(row func(string) string) {
		codes[row("hadm_id")] = append(codes[row("hadm_id")], row("icd_version")+" "+row("icd_code"))
	})
	stays, deaths, septic := 0, 0, 0
	opendata.EachRow(t, filepath.Join(dir, "icu/icustays.csv.gz"), func(row func(string) string) {
		stays++
		o, ok := outcomes[row("stay_id")]
		length := schemas.FromStd(dateTime(row("outtime"))) - schemas.FromStd(dateTime(row("intime")))
		if !ok || o.Died != died[row("hadm_id")] || o.Length != length || o.Coded != (codes[row("hadm_id")] != nil) {
			t.Errorf("stay %s: %v %+v", row("stay_id"), ok, o)
		}
		if o.Died {
			deaths++
		}
		sepsis := false
		for _, c := range codes[row("hadm_id")] {
			sepsis = sepsis || c == "9 0389" || c == "9 99591" || c == "10 A419" || strings.HasPrefix(c, "9 038") || strings.HasPrefix(c, "10 A41")
		}
		if sepsis && !o.Phenotypes[0] {
			t.Errorf("stay %s has codes %v and no septicemia", row("stay_id"), codes[row("hadm_id")])
		}
		if o.Phenotypes[0] {
			septic++
		}
	})
	if len(outcomes) != stays || stays != 140 || deaths == 0 || septic < 10 || septic > stays/2 {
		t.Errorf("%d outcomes of %d stays, %d died, %d septic", len(outcomes), stays, deaths, septic)
	}
}

// What cannot be read is an error that says where; it is no label.
func TestOutcomesAreNotGuessed(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const stays = "subject_id,hadm_id,stay_id,intime,outtime\n1,2,3,2150-01-01 00:00:00,2150-01-03 12:00:00\n1,9,4,2150-02-01 00:00:00,2150-02-02 00:00:00\n1,2,5,2150-01-05 00:00:00,\n"
	s := &Source{edition: editionIV, dir: dir}
	refused := func(want string) {
		t.Helper()
		if _, err := s.Outcomes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	write("hosp/admissions.csv", "hadm_id,hospital_expire_flag\n2,1\n")
	refused("no hosp/diagnoses_icd.csv.gz")
	write("hosp/diagnoses_icd.csv", "hadm_id,icd_code,icd_version\n2,A419,10\n2,A419,9\n7,78552,9\n")
	write("icu/icustays.csv", stays)
	outcomes, err := s.Outcomes()
	o := outcomes["3"]
	if err != nil || len(outcomes) != 1 || !o.Died || o.Length != 60*schemas.Hour || !o.Coded || !o.Phenotypes[0] || o.Phenotypes[24] {
		t.Errorf("%v, %+v", err, outcomes)
	}
	write("icu/icustays.csv", strings.Replace(stays, "2150-01-01", "yesterday", 1))
	refused("intime")
	write("hosp/diagnoses_icd.csv", "hadm_id,icd_code,icd_version\n2,A419,ten\n")
	refused("diagnoses_icd.csv line 2")
	write("hosp/admissions.csv", "hadm_id,hospital_expire_flag\n2,maybe\n")
	refused("admissions.csv line 2")
	write("hosp/admissions.csv", "hadm_id,died\n2,1\n")
	refused("hospital_expire_flag")
}

// When a patient was dead at the latest: the hour of the admission, or the end of the day.
func TestDeathOfAnOutcome(t *testing.T) {
	const hour = schemas.Hour
	admit, _ := table.Time([]byte("2150-03-04 07:00:00"))
	for _, c := range []struct {
		name, death, dod string
		hours            float64 // from the admission; -1: no death
	}{
		{"alive", "", "", -1},
		{"an hour", "2150-03-05 23:00:00", "2150-03-05", 40},
		{"the hour, whatever the day", "2150-03-06 07:00:00", "2150-03-04", 48},
		{"a day without hour", "2150-03-05", "", 41},
		{"the day of MIMIC-IV", "", "2150-03-05", 41},
		{"the day of MIMIC-III", "", "2150-03-05 00:00:00", 41},
		{"after the stay", "2150-03-09 07:00:00", "2150-03-09", 120},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"hosp/admissions.csv":    "hadm_id,hospital_expire_flag,deathtime\n2,1," + c.death + "\n",
			"hosp/diagnoses_icd.csv": "hadm_id,icd_code,icd_version\n",
			"hosp/patients.csv":      "subject_id,dod\n1," + c.dod + "\n",
			"icu/icustays.csv":       "subject_id,hadm_id,stay_id,intime,outtime\n1,2,3,2150-03-04 07:00:00,2150-03-07 12:00:00\n",
		} {
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		outcomes, err := (&Source{edition: editionIV, dir: dir}).Outcomes()
		if err != nil {
			t.Fatal(err)
		}
		o := outcomes["3"]
		at := admit + schemas.Time(c.hours*float64(hour))
		if c.hours < 0 && o.Death != 0 || c.hours >= 0 && (o.DeadBefore(at-1) || !o.DeadBefore(at+1)) {
			t.Errorf("%s: dead at %v", c.name, o.Death)
		}
	}
}
