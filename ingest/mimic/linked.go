package mimic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Linked names folders of data sets whose patients are those of MIMIC-IV, "" for one that is
// not there. Only when something came is read of them, not what it says.
type Linked struct {
	Notes string // MIMIC-IV-Note: holds note/radiology
	ECG   string // MIMIC-IV-ECG: holds record_list
	CXR   string // MIMIC-CXR-JPG: holds mimic-cxr-2.0.0-metadata
}

// LinkedItem is a note, a strip or an image of a patient.
type LinkedItem struct {
	Kind          schemas.RecordKind // KindNote, KindStrip or KindImage
	At, Available schemas.Time       // written or taken, and known; strips and images are known at once
}

// linkedForms are the tables that say when something came. Their columns are the patient, the
// time, and what the time needs beside it.
var linkedForms = map[schemas.RecordKind]form{
	schemas.KindNote:  {"note/radiology", []string{"subject_id", "charttime", "storetime"}},
	schemas.KindStrip: {"record_list", []string{"subject_id", "ecg_time", ""}},
	schemas.KindImage: {"mimic-cxr-2.0.0-metadata", []string{"subject_id", "studydate", "studytime"}},
}

// Items reads the folders' items by patient ("mimic-iv:SUBJECT_ID"), in the order in which
// they became known. A table that is missing and a line that cannot be read are errors.
func (l Linked) Items() (map[string][]LinkedItem, error) {
	items := map[string][]LinkedItem{}
	for _, of := range []struct {
		kind schemas.RecordKind
		dir  string
	}{{schemas.KindNote, l.Notes}, {schemas.KindStrip, l.ECG}, {schemas.KindImage, l.CXR}} {
		if of.dir == "" {
			continue
		}
		err := eachLine(of.dir, linkedForms[of.kind], nil, func(f [][]byte) error {
			subject, ok := table.Int(f[0])
			if !ok {
				return fmt.Errorf("subject_id %q: want a number", f[0])
			}
			item := LinkedItem{Kind: of.kind}
			var err error
			if of.kind == schemas.KindImage {
				item.At, err = studyTime(string(f[1]), string(f[2]))
			} else {
				item.At, _, err = optionalTime("the time", f[1])
			}
			if err != nil {
				return err
			}
			item.Available = item.At
			if of.kind == schemas.KindNote {
				stored, known, err := optionalTime("storetime", f[2])
				if err != nil {
					return err
				}
				if item.Available = max(item.At, stored); !known {
					item.Available = item.At + noteDelay
				}
			}
			id := fmt.Sprintf("%s:%d", NameIV, subject)
			items[id] = append(items[id], item)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, list := range items {
		slices.SortStableFunc(list, func(a, b LinkedItem) int { return cmp.Compare(a.Available, b.Available) })
	}
	return items, nil
}

// studyTime is a date as 20150102 with a time as 83045.5 (08:30:45.5).
func studyTime(date, clock string) (schemas.Time, error) {
	whole, _, _ := strings.Cut(clock, ".")
	whole = strings.Repeat("0", max(0, 6-len(whole))) + whole
	at, err := time.Parse("20060102 150405", date+" "+whole)
	if err != nil {
		return 0, unreadable("studydate and studytime", []byte(date+" "+clock))
	}
	return schemas.FromStd(at), nil
}
