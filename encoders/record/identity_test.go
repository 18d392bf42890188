package record_test

import (
	"testing"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// What identifies a message: number and content; without a number the content; without a
// number and an event time the content and the arrival.
func TestHashIdentifies(t *testing.T) {
	const eight = schemas.Time(1893484800000)
	hash := func(topic, fields string, now schemas.Time) uint64 {
		t.Helper()
		m := schemas.Message{Topic: topic, Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"gateway",` + fields + `}`)}
		event, problem := schemas.DecodeEvent(&m)
		if problem != nil {
			t.Fatal(problem)
		}
		made, problems := new(record.Encoder).Record(event, &m, now)
		if made == nil || len(problems) > 0 || made.Hash == 0 {
			t.Fatalf("%+v, %v", made, problems)
		}
		return made.Hash
	}
	const (
		vitals   = `"values":{"heart_rate":93,"spo2":97}`
		others   = `"values":{"heart_rate":93,"spo2":96}`
		measured = `"event_time":"2030-01-01T08:00:00Z",`
		later    = `"event_time":"2030-01-01T08:00:01Z",`
		own      = `"observations":[{"channel":"spo2","value":97,"event_time":"2030-01-01T08:00:00Z"}]`
		ref      = `"observations":[{"channel":"spo2","value":97,"event_time":"2030-01-01T08:00:00Z","ref":"a"}]`
		back     = `"observations":[{"channel":"spo2","value":97,"event_time":"2030-01-01T08:00:00Z","status":"retracted"}]`
		admit    = `"type":"admit","stay":"S1"`
	)
	for _, c := range []struct {
		name, topic, a, b string
		bLater            schemas.Time
		same              bool
	}{
		{"numbered, sent again", schemas.TopicVitals, `"seq":1,` + measured + vitals, `"seq":1,` + measured + vitals, 60_000, true},
		{"numbered, other values", schemas.TopicVitals, `"seq":1,` + measured + vitals, `"seq":1,` + measured + others, 0, false},
		{"numbered, measured later", schemas.TopicVitals, `"seq":1,` + measured + vitals, `"seq":1,` + later + vitals, 0, false},
		{"numbered without event time, sent again", schemas.TopicVitals, `"seq":1,` + vitals, `"seq":1,` + vitals, 60_000, true},
		{"numbered without event time, other values", schemas.TopicVitals, `"seq":1,` + vitals, `"seq":1,` + others, 60_000, false},
		{"numbered, own times", schemas.TopicVitals, `"seq":1,` + own, `"seq":1,` + own, 60_000, true},
		{"numbered, another row", schemas.TopicVitals, `"seq":1,` + own, `"seq":1,` + ref, 0, false},
		{"numbered, taken back", schemas.TopicVitals, `"seq":1,` + own, `"seq":1,` + back, 0, false},
		{"sent again", schemas.TopicVitals, measured + vitals, measured + vitals, 60_000, true},
		{"own times, sent again", schemas.TopicVitals, own, own, 60_000, true},
		{"a monitor that reads the same again", schemas.TopicVitals, vitals, vitals, 60_000, false},
		{"an admission without a time", schemas.TopicADT, admit, admit, 60_000, false},
		{"an admission, sent again", schemas.TopicADT, measured + admit, measured + admit, 60_000, true},
	} {
		if a, b := hash(c.topic, c.a, eight), hash(c.topic, c.b, eight+c.bLater); (a == b) != c.same {
			t.Errorf("%s: hashes %x and %x", c.name, a, b)
		}
	}
}

// What a movement is in the log, and when the patient moved.
func TestMovements(t *testing.T) {
	for _, c := range []struct {
		fields string
		kind   schemas.RecordKind
		cause  string
	}{
		{`"type":"admit","stay":"S1"`, schemas.KindAdmit, ""},
		{`"type":"transfer","bed":"4"`, schemas.KindTransfer, ""},
		{`"type":"cancel-transfer","bed":"4"`, schemas.KindTransfer, ""},
		{`"type":"discharge"`, schemas.KindEnd, "discharge"},
		{`"type":"death"`, schemas.KindEnd, "death"},
		{`"type":"cancel","stay":"S1"`, schemas.KindEnd, "cancel"},
		{`"type":"cancel-discharge","stay":"S1"`, schemas.KindReopen, ""},
		{`"type":"merge","into":"site:43"`, schemas.KindMergeOut, ""},
	} {
		m := schemas.Message{Topic: schemas.TopicADT, Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"adt","event_time":"2030-01-01T08:00:00Z",` + c.fields + `}`)}
		event, problem := schemas.DecodeEvent(&m)
		if problem != nil {
			t.Fatalf("%s: %v", c.fields, problem)
		}
		made, _ := new(record.Encoder).Record(event, &m, event.EventTime+60_000)
		if made.Kind != c.kind || made.Move.Cause != c.cause || made.Move.At != event.EventTime {
			t.Errorf("%s: kind %d, %+v", c.fields, made.Kind, made.Move)
		}
	}
}
