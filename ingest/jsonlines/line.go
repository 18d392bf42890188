package jsonlines

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// Line is a message of a raw topic as text. One of Value and Base64 is there.
type Line struct {
	Topic   string            `json:"topic"`             // of schemas.RawTopics
	Key     string            `json:"key,omitempty"`     // the patient; empty: as Value says
	Headers map[string]string `json:"headers,omitempty"` // of the Kafka record
	Value   json.RawMessage   `json:"value,omitempty"`   // a JSON body
	Base64  []byte            `json:"base64,omitempty"`  // any other body
}

// parse reads a line strictly, so that a field that is misspelt is not left out in silence.
func parse(text []byte) (*Line, error) {
	var l Line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return &l, nil
}

// message is the Kafka record of a line. Whether it can be one is schemas.DecodeEvent's to say.
func (l *Line) message() schemas.Message {
	m := schemas.Message{Topic: l.Topic, Key: []byte(l.Key), Value: l.Value}
	if l.Base64 != nil {
		m.Value = l.Base64
	}
	for _, name := range slices.Sorted(maps.Keys(l.Headers)) {
		m.Headers = append(m.Headers, schemas.Header{Key: name, Value: l.Headers[name]})
	}
	if l.Key == "" {
		var body struct{ Patient string }
		if json.Unmarshal(l.Value, &body) == nil {
			m.Key = []byte(body.Patient)
		}
	}
	return m
}

// NewSink returns a sink that prints the messages of a plan, one line each. Marks are left
// out: they are between a player and intake.
func NewSink(w io.Writer) replay.Sink {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return replay.FuncSink{OnMessage: func(m *schemas.Message) error {
		l := Line{Topic: m.Topic, Key: string(m.Key), Headers: make(map[string]string, len(m.Headers))}
		for _, h := range m.Headers {
			l.Headers[h.Key] = h.Value
		}
		if l.Headers[schemas.HeaderContentType] == schemas.ContentJSON {
			l.Value = m.Value
		} else {
			l.Base64 = m.Value
		}
		return enc.Encode(l)
	}}
}
