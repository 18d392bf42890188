package mimic

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// linkedFolders are made-up folders in the layouts of MIMIC-IV-Note, MIMIC-IV-ECG and
// MIMIC-CXR-JPG.
func linkedFolders(t *testing.T, notes, ecg, cxr string) Linked {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"notes/note/radiology.csv":         "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\n" + notes,
		"ecg/record_list.csv":              "subject_id,study_id,file_name,ecg_time,path\n" + ecg,
		"cxr/mimic-cxr-2.0.0-metadata.csv": "dicom_id,subject_id,study_id,StudyDate,StudyTime\n" + cxr,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Linked{filepath.Join(dir, "notes"), filepath.Join(dir, "ecg"), filepath.Join(dir, "cxr")}
}

// What came is listed by patient in the order in which it became known: a report when it
// was stored, or an hour after it was charted.
func TestLinkedItems(t *testing.T) {
	at := func(text string) schemas.Time { return schemas.FromStd(dateTime(text)) }
	l := linkedFolders(t,
		"a,1,9,RR,1,2150-01-01 10:00:00,2150-01-01 12:00:00,\"two\nlines\"\nb,1,9,RR,2,2150-01-01 08:00:00,,text\n",
		"1,7,f,2150-01-01 11:00:00,p\n2,8,f,2150-01-02 00:00:00,p\n", "x,1,5,21500101,83045.25\n")
	items, err := l.Items()
	if err != nil {
		t.Fatal(err)
	}
	want := []LinkedItem{
		{schemas.KindImage, at("2150-01-01 08:30:45"), at("2150-01-01 08:30:45")},
		{schemas.KindNote, at("2150-01-01 08:00:00"), at("2150-01-01 09:00:00")},
		{schemas.KindStrip, at("2150-01-01 11:00:00"), at("2150-01-01 11:00:00")},
		{schemas.KindNote, at("2150-01-01 10:00:00"), at("2150-01-01 12:00:00")},
	}
	got := items["mimic-iv:1"]
	if len(items) != 2 || len(got) != len(want) {
		t.Fatalf("items %v", items)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("item %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	if none, err := (Linked{}).Items(); err != nil || len(none) != 0 {
		t.Errorf("without folders: %v %v", none, err)
	}
}

func TestLinkedItemsAreNotGuessed(t *testing.T) {
	for want, l := range map[string]Linked{
		"radiology.csv line 2":        linkedFolders(t, "a,one,9,RR,1,2150-01-01 10:00:00,,t\n", "", ""),
		"record_list.csv line 2":      linkedFolders(t, "", "1,7,f,noon,p\n", ""),
		"studydate and studytime":     linkedFolders(t, "", "", "x,1,5,2150-01-01,83045\n"),
		"no record_list.csv.gz":       {ECG: t.TempDir()},
		"no note/radiology.csv.gz":    {Notes: t.TempDir()},
		"no mimic-cxr-2.0.0-metadata": {CXR: t.TempDir()},
	} {
		if _, err := l.Items(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}
