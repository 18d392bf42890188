package record_test

import (
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// own is an encoder of a site that may be away.
type own struct{ away bool }

func (*own) Name() string { return "own/1" }

func (o *own) Encode(ev *schemas.Event, _ *schemas.Record) ([]float32, bool) {
	return []float32{float32(len(ev.Note.Text))}, !o.away
}

// The vector of a site's own encoder stands in the log beside what the program sees; without it the
// item is as it was.
func TestSiteEncoder(t *testing.T) {
	m := schemas.Message{Topic: schemas.TopicNotes, Key: []byte("site:42"), Value: []byte(
		`{"patient":"site:42","source":"ehr","seq":1,"event_time":"2026-01-01T08:00:00Z","kind":"nursing","text":"septic shock"}`)}
	event, problem := schemas.DecodeEvent(&m)
	if problem != nil {
		t.Fatal(problem)
	}
	site := &own{}
	plain := record.Encoder{Note: record.ReadNote}
	e := plain
	e.Site[encoders.Notes] = site
	want, _ := plain.Record(event, &m, event.EventTime)
	got, _ := e.Record(event, &m, event.EventTime)
	if got.Item.Encoder != "own/1" || !slices.Equal(got.Item.Vector, []float32{12}) || got.Item.Note == nil || got.Hash != want.Hash {
		t.Errorf("found %+v", got.Item)
	}
	site.away = true
	got, _ = e.Record(event, &m, event.EventTime)
	if got.Item.Encoder != want.Item.Encoder || got.Item.Vector != nil || got.Item.State != schemas.Present {
		t.Errorf("away: found %+v, want %+v", got.Item, want.Item)
	}
}
