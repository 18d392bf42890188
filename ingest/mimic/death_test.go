package mimic

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// A stay ends with the death, whatever is charted after it, and a second admission of the body
// is a stay of its own. A death after the stay is none of it.
func TestDeathEndsTheStay(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"PATIENTS": "ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG\n" +
			"1,7001,M,2090-01-01 00:00:00,,,,1\n2,7002,F,2090-01-01 00:00:00,,,,1\n3,7003,F,2090-01-01 00:00:00,,,,1\n",
		"ADMISSIONS": "ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,DISCHARGE_LOCATION\n" +
			"1,7001,8001,2150-03-04 06:00:00,2150-03-04 12:20:00,2150-03-04 12:20:00,EMERGENCY,HOME\n" +
			"2,7002,8002,2150-03-04 06:00:00,2150-03-04 12:20:00,2150-03-04 12:20:00,EMERGENCY,HOME\n" +
			"3,7003,8003,2150-03-04 06:00:00,2150-03-04 10:00:00,2150-03-04 10:00:00,EMERGENCY,HOME\n" +
			"4,7003,8004,2150-03-04 10:01:00,2150-03-04 18:00:00,,EMERGENCY,HOME\n",
		"ICUSTAYS": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,DBSOURCE,FIRST_CAREUNIT,LAST_CAREUNIT,FIRST_WARDID,LAST_WARDID,INTIME,OUTTIME,LOS\n" +
			"1,7001,8001,9001,metavision,MICU,MICU,1,1,2150-03-04 07:00:00,2150-03-04 13:00:00,1\n" +
			"2,7002,8002,9002,metavision,MICU,MICU,1,1,2150-03-04 07:00:00,2150-03-04 12:00:00,1\n" +
			"3,7003,8003,9003,metavision,MICU,MICU,1,1,2150-03-04 07:00:00,2150-03-04 14:00:00,1\n" +
			"4,7003,8004,9004,metavision,MICU,MICU,1,1,2150-03-04 10:01:00,2150-03-04 18:00:00,1\n",
		"CHARTEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,ITEMID,CHARTTIME,STORETIME,CGID,VALUE,VALUENUM,VALUEUOM,WARNING,ERROR,RESULTSTATUS,STOPPED\n" +
			"1,7001,8001,9001,220045,2150-03-04 12:00:00,2150-03-04 12:00:00,1,80,80,bpm,0,0,,\n" +
			"2,7001,8001,9001,220045,2150-03-04 12:55:00,2150-03-04 12:55:00,1,0,0,bpm,0,0,,\n" +
			"3,7003,8004,9004,220045,2150-03-04 16:00:00,2150-03-04 16:00:00,1,70,70,bpm,0,0,,\n",
		"LABEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,ITEMID,CHARTTIME,VALUE,VALUENUM,VALUEUOM,FLAG\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, s)
	told := func(subject string) (list []string) {
		for _, e := range all[subject].Events {
			if e.ADT != nil {
				list = append(list, e.EventTime.Std().Format("15:04 ")+e.ADT.Type+" "+e.ADT.Stay)
			}
		}
		return list
	}
	for subject, want := range map[string][]string{
		"7001": {"07:00 admit 9001", "12:20 death 9001"},
		"7002": {"07:00 admit 9002", "12:00 discharge 9002"},
		"7003": {"07:00 admit 9003", "10:00 death 9003", "10:01 admit 9004", "18:00 discharge 9004"},
	} {
		if got := told(subject); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", subject, got, want)
		}
	}
	late := dateTime("2150-03-04 16:00:00")
	if !slices.ContainsFunc(all["7003"].Events, func(e schemas.Event) bool { return e.Vitals != nil && e.EventTime.Std().Equal(late) }) {
		t.Error("7003: what was charted in the second admission is lost")
	}
}
