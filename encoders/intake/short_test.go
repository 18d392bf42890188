package intake

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// The short way and the long one make the same item, or the short one declines.
func TestDecodeShortIsDecode(t *testing.T) {
	const now = schemas.Time(1767225600000)
	e, s := &record.Encoder{}, schemas.NewShortReader()
	r := schemas.Record{Observations: make([]schemas.Observation, 3)} // of a message before
	for _, c := range []struct {
		body string
		read bool
	}{
		{`{"patient":"d:1","source":"s","seq":4,"event_time":"2026-01-01T00:00:00.000Z","values":{"spo2":97,"heart_rate":71.5}}`, true},
		{`{"patient":"d:1","source":"s","available_time":"2026-01-01T00:00:30.000Z","event_time":"2026-01-01T00:05:00.000Z","values":{"spo2":97}}`, true},
		{`{"patient":"d:1","source":"s","seq":5,"event_time":"2026-01-01T00:05:00.001Z","values":{"spo2":97}}`, false}, // measured in the future
		{`{"patient":"d:1","source":"s","seq":6,"event_time":"2026-01-01T00:00:00.000Z","values":{"spo2":970}}`, false},
	} {
		m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("d:1"), Value: []byte(c.body), Offset: 7}
		m.Partition = kafka.PartitionOf(m.Key, 8)
		var got Item
		if read := decodeShort(e, s, &m, 8, now, &got, &r); read != c.read {
			t.Errorf("read %v: %s", read, c.body)
		} else if !read {
			continue
		}
		want := Decode(e, &m, 8, now)
		if !bytes.Equal(got.Record.AppendBinary(nil), want.Record.AppendBinary(nil)) {
			t.Errorf("records differ: %+v, %+v", got.Record, want.Record)
		}
		got.Record, want.Record = nil, nil
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Item{})); diff != "" {
			t.Error(diff)
		}
		m.Partition++
		if decodeShort(e, s, &m, 8, now, &got, &r) {
			t.Error("read in the wrong partition")
		}
	}
}
