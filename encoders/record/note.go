package record

import (
	"math"
	"sync"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/notes"
	"github.com/vigil-icu/vigil/schemas"
)

// noteEncoder is made at the first note: its tables take some milliseconds to read.
var noteEncoder = sync.OnceValue(notes.New)

// notePolarities are those of the encoder in the numbers of the log.
var notePolarities = map[notes.Polarity]schemas.NotePolarity{
	notes.Present: schemas.NotePresent, notes.Absent: schemas.NoteAbsent, notes.Possible: schemas.NotePossible,
	notes.Historical: schemas.NoteHistorical, notes.FamilyMember: schemas.NoteFamily,
}

// ReadNote is the encoder of notes in the words of a log record. Of a note with more
// sentences or findings than a record may have, the first ones are logged.
func ReadNote(n *schemas.Note) (encoder string, view *schemas.NoteView) {
	read := noteEncoder().Read(n.Text)
	v := &schemas.NoteView{Document: n.Ref, Addendum: notes.IsAddendum(n.Kind, n.Text)}
	type said struct {
		concept  string
		polarity notes.Polarity
	}
	place := map[said]int{}
	for i := range read.Findings {
		f := &read.Findings[i]
		key := said{f.Concept, f.Polarity}
		at, known := place[key]
		switch {
		case known:
			if c := &v.Findings[at].Count; *c < math.MaxUint16 {
				*c++
			}
		case len(v.Findings) < schemas.MaxNoteFindings:
			place[key] = len(v.Findings)
			v.Findings = append(v.Findings, schemas.NoteFinding{Concept: f.Concept, Polarity: notePolarities[f.Polarity], Count: 1})
		}
	}
	for _, f := range read.Features {
		v.Features = append(v.Features, schemas.NoteFeature{Bucket: f.Bucket, Count: f.Count})
	}
	hashes := read.Hashes()
	v.Sentences = hashes[:min(len(hashes), schemas.MaxNoteSentences)]
	if len(v.Sentences) == 0 {
		v.Sentences = nil
	}
	return Builtin(encoders.Notes), v
}
