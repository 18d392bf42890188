package record

import (
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// What the monitor hands on is taken with the time of its arrival; what it does not write is
// refused with the reason.
func TestHanded(t *testing.T) {
	good := schemas.Record{Kind: schemas.KindMergeIn, Patient: "h:1", At: 5, Source: "merge:h:2", Move: &schemas.Move{Other: "h:2"}}
	changed := func(change func(*schemas.Record)) []byte {
		r := good
		change(&r)
		return r.AppendBinary(nil)
	}
	for _, c := range []struct {
		name, topic, key string
		value            []byte
		want             schemas.Reason
	}{
		{"good", schemas.TopicADT, "h:1", changed(func(*schemas.Record) {}), ""},
		{"on another topic", schemas.TopicVitals, "h:1", changed(func(*schemas.Record) {}), schemas.UnknownType},
		{"torn", schemas.TopicADT, "h:1", changed(func(*schemas.Record) {})[:9], schemas.Unreadable},
		{"under another key", schemas.TopicADT, "h:2", changed(func(*schemas.Record) {}), schemas.BadKey},
		{"of a run", schemas.TopicADT, "h:1", changed(func(r *schemas.Record) { r.Provenance = schemas.Recorded }), schemas.WrongRun},
		{"an admission", schemas.TopicADT, "h:1", changed(func(r *schemas.Record) { r.Kind = schemas.KindAdmit }), schemas.UnknownType},
		{"a tick", schemas.TopicADT, "h:1", changed(func(r *schemas.Record) { r.Kind = schemas.KindTick }), schemas.UnknownType},
	} {
		r, problem := Handed(&schemas.Message{Topic: c.topic, Key: []byte(c.key), Value: c.value}, 70)
		switch {
		case c.want == "":
			if problem != nil || r.At != 70 || r.Move.Other != "h:2" {
				t.Errorf("%s: %+v, %v", c.name, r, problem)
			}
		case problem == nil || problem.Reason != c.want || problem.Expected == "" || r != nil:
			t.Errorf("%s: %+v, %v", c.name, r, problem)
		}
	}
}
