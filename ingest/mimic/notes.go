package mimic

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// note is a row that is fit to be sent, unless another repeats it.
type note struct {
	at, available schemas.Time
	kind, text    string
	ref           string
	recorded      bool // the available time is the row's, not modelled
}

// longestNoteID leaves room for the table's name in a reference.
const longestNoteID = 40

// readNotes reads the tables of notes.
func (s *Source) readNotes() error {
	for _, t := range s.edition.notes {
		if err := s.eachRow(t.form, true, func(f [][]byte, at []int) error { return s.readNote(&t, f, at) }); err != nil {
			return err
		}
	}
	return nil
}

// readNote puts a row into its class or keeps the note. A note with a date only, such as a
// discharge summary, is written and known at the end of that day: earlier it would tell of
// what had not happened yet.
func (s *Source) readNote(t *noteForm, f [][]byte, at []int) error {
	id := bytes.TrimSuffix(bytes.TrimSpace(f[at[0]]), []byte(".0"))
	if len(id) == 0 || len(id) > longestNoteID || bytes.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return unreadable(t.columns[0], f[at[0]])
	}
	subject, ok := table.Int(f[at[1]])
	if !ok {
		return unreadable("subject_id", f[at[1]])
	}
	n := note{ref: t.ref + ":" + string(id), kind: t.kind}
	written, hasTime, err := optionalTime("charttime", f[at[3]])
	if err != nil {
		return err
	}
	dateOnly := !hasTime || t.daily && written%(24*schemas.Hour) == 0
	if !hasTime {
		if written, ok = table.Time(field(f, at[2])); !ok {
			return fmt.Errorf("neither charttime nor chartdate can be read: %.40q", field(f, at[2]))
		}
	}
	n.at = written
	if dateOnly {
		n.at += 24*schemas.Hour - schemas.Second
	}
	stored, hasStored, err := optionalTime("storetime", f[at[4]])
	if err != nil {
		return err
	}
	p := s.patients[subject]
	switch n.text = string(bytes.TrimSpace(f[at[7]])); {
	case isOne(field(f, at[6])):
		s.count.Reject(schemas.MarkedWrong)
		return nil
	case p == nil || !p.inStay(n.at):
		s.count.Reject(schemas.OutsideStay)
		return nil
	case n.text == "":
		s.count.Reject(schemas.NoValue)
		return nil
	}
	if at[5] >= 0 {
		n.kind = strings.ToLower(string(bytes.TrimSpace(f[at[5]])))
	}
	switch {
	case hasStored:
		n.available, n.recorded = max(n.at, stored), true
	case dateOnly:
		n.available = n.at
	default:
		n.available = n.at + noteDelay
	}
	p.notes = append(p.notes, n)
	return nil
}

// noteDelay is added to the charted time of a note without a stored one. It was chosen, not
// measured.
const noteDelay = 60 * schemas.Minute

// appendNotes makes an event of each note and counts it. Of notes of one kind with the same
// words at the same time it keeps the one that was available first.
func (s *Source) appendNotes(events []schemas.Event, notes []note) []schemas.Event {
	slices.SortFunc(notes, func(a, b note) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text),
			cmp.Compare(a.available, b.available), cmp.Compare(a.ref, b.ref))
	})
	kept := notes[:0]
	for _, n := range notes {
		if k := len(kept); k > 0 && kept[k-1].at == n.at && kept[k-1].kind == n.kind && kept[k-1].text == n.text {
			s.count.Duplicate++
			continue
		}
		kept = append(kept, n)
		s.count.Used++
		if n.recorded {
			s.count.Recorded++
		} else {
			s.count.Modelled++
		}
	}
	slices.SortFunc(kept, func(a, b note) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ref, b.ref)) })
	for _, n := range kept {
		body := &schemas.Note{Kind: n.kind, Text: n.text, Ref: n.ref}
		body.HasADT = true
		events = append(events, schemas.Event{Topic: schemas.TopicNotes, AvailableTime: n.available, EventTime: n.at, Note: body})
	}
	return events
}
