package record

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/schemas"
)

const secretNote = "Mr Zyxwvut of Qwertyville, seen with Dr. Plonk.\nPMH: HTN. Denies fever and fever again. ?PNA"

func noteEvent(text string) *schemas.Event {
	at := schemas.Time(1_700_000_000_000)
	return &schemas.Event{Topic: schemas.TopicNotes, Patient: "d:1", Source: "s", Seq: 1, HasSeq: true, AvailableTime: at, EventTime: at, Note: &schemas.Note{Kind: "nursing", Text: text, Ref: "NOTES:7"}}
}

// A note's record names the encoder with its version, and has what it saw.
func TestANoteIsEncodedOnce(t *testing.T) {
	e := Encoder{Note: ReadNote}
	r, problems := e.Record(noteEvent(secretNote), &schemas.Message{Topic: schemas.TopicNotes}, 1_700_000_000_000)
	if len(problems) > 0 || r.Item.Encoder != "vigil-notes/1" || r.Item.Label != "nursing" {
		t.Fatalf("%v, %+v", problems, r.Item)
	}
	v := r.Item.Note
	want := []schemas.NoteFinding{{Concept: "hypertension", Polarity: schemas.NoteHistorical, Count: 1}, {Concept: "fever", Polarity: schemas.NoteAbsent, Count: 2}, {Concept: "pneumonia", Polarity: schemas.NotePossible, Count: 1}}
	if diff := cmp.Diff(want, v.Findings); diff != "" {
		t.Error(diff)
	}
	if len(v.Features) < 10 || len(v.Sentences) != 4 || v.Document != "NOTES:7" || v.Addendum {
		t.Errorf("%+v", v)
	}
	got, err := schemas.DecodeRecord(r.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
	// Without an encoder the note is there, and says that it was not encoded.
	r, _ = (&Encoder{}).Record(noteEvent(secretNote), &schemas.Message{Topic: schemas.TopicNotes}, 1_700_000_000_000)
	if r.Item.Encoder != "" || r.Item.Note != nil || r.Item.State != schemas.Present {
		t.Errorf("%+v", r.Item)
	}
}

// No word of a note's text is in its record, but for names of concepts.
func TestTheTextOfANoteIsNotInItsRecord(t *testing.T) {
	e := Encoder{Note: ReadNote}
	r, _ := e.Record(noteEvent(secretNote), &schemas.Message{Topic: schemas.TopicNotes}, 1_700_000_000_000)
	b := bytes.ToLower(r.AppendBinary(nil))
	for _, word := range strings.FieldsFunc(strings.ToLower(secretNote), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if len(word) > 2 && word != "fever" && bytes.Contains(b, []byte(word)) {
			t.Errorf("%q is in the record", word)
		}
	}
}

// The largest note that comes in makes a record that can be read.
func TestALongNoteStaysWithinTheLimitsOfARecord(t *testing.T) {
	e := Encoder{Note: ReadNote}
	var text strings.Builder
	for i := 0; text.Len() < schemas.MaxNote-100; i++ {
		text.WriteString("fever. ")
		for n := i; n > 0; n /= 26 {
			text.WriteByte('a' + byte(n%26))
		}
		text.WriteString(". ")
	}
	r, _ := e.Record(noteEvent(text.String()), &schemas.Message{Topic: schemas.TopicNotes}, 1_700_000_000_000)
	if len(r.Item.Note.Sentences) != schemas.MaxNoteSentences || r.Item.Note.Findings[0].Count != 65535 && r.Item.Note.Findings[0].Count < 10000 {
		t.Errorf("%d sentences, fever %d times", len(r.Item.Note.Sentences), r.Item.Note.Findings[0].Count)
	}
	b := r.AppendBinary(nil)
	if _, err := schemas.DecodeRecord(b); err != nil || len(b) > 128<<10 {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}
