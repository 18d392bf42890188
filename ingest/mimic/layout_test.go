package mimic

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// refusal opens a folder as an edition and reads it; the error of either.
func refusal(t *testing.T, e *edition, dir string) string {
	t.Helper()
	s, err := e.open(dir)
	if err == nil {
		for _, err = range s.Patients(t.Context()) {
			if err != nil {
				break
			}
		}
	}
	if err == nil {
		t.Fatalf("%s read %s", e.name, dir)
	}
	return err.Error()
}

// A folder of another layout, or none, is one clear error.
func TestFoldersThatAreNot(t *testing.T) {
	data := opendata.Dir(t)
	for _, c := range []struct {
		edition *edition
		dir     string
		words   []string
	}{
		{editionIII, filepath.Join(t.TempDir(), "nowhere"), []string{"no folder", "ICUSTAYS.csv.gz"}},
		{editionIV, filepath.Join(t.TempDir(), "nowhere"), []string{"no folder", "hosp/ and icu/"}},
		{editionIII, t.TempDir(), []string{"MIMIC-III", "looked for", "CHARTEVENTS", "it holds nothing"}},
		{editionIV, t.TempDir(), []string{"MIMIC-IV", "looked for", "icu/chartevents", "it holds nothing"}},
		{editionIII, filepath.Join(data, "mimic-iv-demo"), []string{"hosp/", "tables of MIMIC-IV", "name the source mimic-iv"}},
		{editionIV, filepath.Join(data, "mimic-iii-demo"), []string{"ADMISSIONS.csv.gz", "tables of MIMIC-III", "name the source mimic-iii"}},
		{editionIV, filepath.Join(data, "mimic-iv-demo", "icu"), []string{"it holds", "chartevents.csv.gz", "name the folder that holds hosp/ and icu/"}},
		{editionIV, filepath.Join(data, "README.md"), []string{"README.md"}},
	} {
		got := refusal(t, c.edition, c.dir)
		for _, word := range append(c.words, c.dir) {
			if !strings.Contains(got, word) {
				t.Errorf("%s as %s: %q lacks %q", c.dir, c.edition.name, got, word)
			}
		}
	}
}

// A table that is cut off or of other columns ends the reading and says which; a
// torn row costs that row.
func TestTornTablesOfMIMICIV(t *testing.T) {
	tables := part(t, editionIV, "10000032")
	for name, c := range map[string]struct {
		spoil func(dir string) error
		words []string
	}{
		"cut off": {func(dir string) error {
			path := filepath.Join(dir, "icu/chartevents.csv.gz")
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			return os.Truncate(path, info.Size()/2)
		}, []string{"chartevents.csv.gz is damaged or cut off", "get it again"}},
		"not gzip": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "hosp/labevents.csv.gz"), []byte("labevent_id\n"), 0o644)
		}, []string{"labevents.csv.gz is not a gzip file"}},
		"another column": {func(dir string) error {
			return replaceTable(dir, "icu/outputevents", "subject_id,stay_id,charttime,storetime,item,value,valueuom\n")
		}, []string{"outputevents.csv has no column itemid", "its columns: subject_id", "is this MIMIC-IV 2.2 or 3.1?"}},
		"stays of MIMIC-III": {func(dir string) error {
			return replaceTable(dir, "icu/icustays", "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,INTIME,OUTTIME\n")
		}, []string{"not a MIMIC-IV folder", "no column stay_id"}},
		"empty": {func(dir string) error { return replaceTable(dir, "hosp/labevents", "") }, []string{"labevents.csv is empty", "header"}},
	} {
		dir := tables.write(t, true)
		if err := c.spoil(dir); err != nil {
			t.Fatal(err)
		}
		got := refusal(t, editionIV, dir)
		for _, word := range append(c.words, dir) {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %q lacks %q", name, got, word)
			}
		}
	}

	dir := tables.write(t, false)
	f, err := os.OpenFile(filepath.Join(dir, "icu/outputevents.csv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("10000032,29079034\n10000032,29079034,39553978,1,2180-13-23 15:00:00,,226560,175,ml\n10000032,29079034,39553978,1,2180-07-23 18:00:00,,226560,lots,ml\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	s, err := OpenIV(dir)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, s)
	rows := s.Rows()
	if rows.RejectedBy[schemas.Unreadable] != 3 || len(rows.Problems) != 3 {
		t.Fatalf("three torn rows: %+v", rows)
	}
	for i, words := range []string{"outputevents.csv line 3: 2 fields, the header has 9", `charttime: cannot read "2180-13-23 15:00:00"`, `value: cannot read "lots"`} {
		if !strings.Contains(rows.Problems[i], words) {
			t.Errorf("problem %q lacks %q", rows.Problems[i], words)
		}
	}
}

// replaceTable puts a plain table in the place of a gzip one.
func replaceTable(dir, name, text string) error {
	if err := os.Remove(filepath.Join(dir, name+".csv.gz")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text), 0o644)
}
