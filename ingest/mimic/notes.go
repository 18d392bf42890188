package mimic

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// readNotes reads NOTEEVENTS. A note with a date only (a discharge summary) is
// written and known at the end of that day.
func (s *Source) readNotes() error {
	columns := []string{"row_id", "subject_id", "chartdate", "charttime", "storetime", "category", "iserror", "text"}
	type content struct {
		subject    int64
		at         schemas.Time
		kind, text string
	}
	seen := make(map[content]bool)
	return s.eachRow("NOTEEVENTS", false, true, columns, func(f [][]byte, at []int) error {
		id, ok := table.Int(f[at[0]])
		if !ok {
			return unreadable("row_id", f[at[0]])
		}
		subject, ok := table.Int(f[at[1]])
		if !ok {
			return unreadable("subject_id", f[at[1]])
		}
		var t, stored schemas.Time
		dateOnly := len(f[at[3]]) == 0
		if dateOnly {
			t, ok = table.Time(f[at[2]])
			t += 24*schemas.Hour - schemas.Second
		} else {
			t, ok = table.Time(f[at[3]])
		}
		if !ok {
			return unreadable("charttime", f[at[3]])
		}
		hasStored := len(f[at[4]]) > 0
		if hasStored {
			if stored, ok = table.Time(f[at[4]]); !ok {
				return unreadable("storetime", f[at[4]])
			}
		}
		p := s.patients[subject]
		text := bytes.TrimSpace(f[at[7]])
		switch {
		case isOne(f[at[6]]):
			s.count.Reject(schemas.MarkedWrong)
			return nil
		case p == nil || !p.inStay(t):
			s.count.Reject(schemas.OutsideStay)
			return nil
		case len(text) == 0:
			s.count.Reject(schemas.NoValue)
			return nil
		}
		c := content{subject, t, strings.ToLower(string(bytes.TrimSpace(f[at[5]]))), string(text)}
		if seen[c] {
			s.count.Duplicate++
			return nil
		}
		seen[c] = true
		s.count.Used++
		available := t
		switch {
		case hasStored:
			available = max(t, stored)
			s.count.Recorded++
		case dateOnly:
			s.count.Modelled++
		default:
			available += Delay["NOTEEVENTS"]
			s.count.Modelled++
		}
		note := &schemas.Note{Kind: c.kind, Text: c.text, Ref: "NOTEEVENTS:" + strconv.FormatInt(id, 10)}
		note.HasADT = true
		p.notes = append(p.notes, schemas.Event{Topic: schemas.TopicNotes, AvailableTime: available, EventTime: t, Note: note})
		return nil
	})
}
