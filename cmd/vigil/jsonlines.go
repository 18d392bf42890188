package main

import (
	"encoding/json"
	"io"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// line is a message as `replay --to stdout` prints it.
type line struct {
	Topic   string            `json:"topic"`
	Key     string            `json:"key"`
	Headers map[string]string `json:"headers"`
	Value   json.RawMessage   `json:"value,omitempty"`  // of a JSON body
	Base64  []byte            `json:"base64,omitempty"` // of any other
}

// jsonLines is a sink that prints messages, one JSON object a line. It leaves marks out, which say
// something only to workers.
func jsonLines(w io.Writer) replay.Sink {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return replay.FuncSink{OnMessage: func(m *schemas.Message) error {
		l := line{Topic: m.Topic, Key: string(m.Key), Headers: make(map[string]string, len(m.Headers))}
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
