package schemas

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of raw messages, in bytes of the body after decompression.
const (
	MaxBody     = 16 << 20
	MaxVitals   = 4 << 20
	MaxNote     = 1 << 20 // of the text
	MaxMovement = 64 << 10
	MaxImage    = 15 << 20 // of the bytes
	MaxID       = 128      // of a patient, source, stay, bed
)

// HeaderEncoding says that the body is compressed; gzip is the one known.
const HeaderEncoding = "content-encoding"

// kinds are the raw topics with their type and the limit of a body.
var kinds = map[string]struct {
	kind  string
	limit int
}{
	TopicVitals: {TypeVitals, MaxVitals}, TopicECG: {TypeECG, MaxBody}, TopicNotes: {TypeNote, MaxNote + 64<<10},
	TopicImaging: {TypeImage, MaxBody}, TopicADT: {TypeADT, MaxMovement}, TopicCommands: {TypeCommand, MaxMovement},
}

// DecodeEvent reads a message of a raw topic and checks everything that can be
// checked without the channel table: version, key, envelope, limits of its kind.
// The values of a vitals message are checked one by one by Vitals.Resolve. A
// problem concerns the whole message; there is never a panic.
func DecodeEvent(m *Message) (e *Event, problem *Problem) {
	known, ok := kinds[m.Topic]
	if !ok {
		return nil, NewProblem(UnknownType, "topic", m.Topic, "a raw topic")
	}
	if kind, there := m.Header(HeaderType); there && kind != known.kind {
		return nil, NewProblem(UnknownType, "header "+HeaderType, kind, known.kind)
	}
	e = &Event{Topic: m.Topic}
	if problem = e.readRun(m); problem != nil {
		return nil, problem
	}
	body, problem := plainBody(m, known.limit)
	if problem != nil {
		return nil, problem
	}
	content, _ := m.Header(HeaderContentType)
	if m.Topic == TopicECG || strings.HasPrefix(content, ContentArrow) {
		problem = e.decodeArrow(body)
	} else {
		problem = e.decodeJSON(body)
	}
	if problem != nil {
		return nil, problem
	}
	if problem = e.checkHead(m.Key); problem != nil {
		return nil, problem
	}
	if problem = e.checkBody(); problem != nil {
		return nil, problem
	}
	return e, nil
}

// readRun takes the run and its playing time from the headers: they alone make a
// message a recorded one.
func (e *Event) readRun(m *Message) *Problem {
	run, recorded := m.Header(HeaderRun)
	if !recorded {
		return nil
	}
	if run == "" || len(run) > MaxID {
		return NewProblem(BadField, "header "+HeaderRun, run, "the name of the run, 1 to 128 bytes")
	}
	text, _ := m.Header(HeaderPlay)
	play, err := strconv.ParseInt(text, 10, 64)
	if err != nil || play < 0 {
		return NewProblem(BadField, "header "+HeaderPlay, text, "playing time in ms, 0 or more")
	}
	e.Run, e.Play = run, play
	return nil
}

// plainBody undoes gzip, never beyond the limit.
func plainBody(m *Message, limit int) ([]byte, *Problem) {
	tooLarge := func(n int) *Problem {
		return NewProblem(TooLarge, "body", fmt.Sprintf("more than %d bytes", n), fmt.Sprintf("at most %d bytes, decompressed", limit))
	}
	encoding, _ := m.Header(HeaderEncoding)
	switch encoding {
	case "", "identity":
		if len(m.Value) > limit {
			return nil, tooLarge(limit)
		}
		return m.Value, nil
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(m.Value))
		if err != nil {
			return nil, NewProblem(Unreadable, "body", err.Error(), "a gzip stream")
		}
		body, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
		if err != nil {
			return nil, NewProblem(Unreadable, "body", err.Error(), "a whole gzip stream")
		}
		if len(body) > limit {
			return nil, tooLarge(limit)
		}
		return body, nil
	}
	return nil, NewProblem(BadField, "header "+HeaderEncoding, encoding, "gzip, or none")
}

func (e *Event) decodeJSON(body []byte) *Problem {
	if len(bytes.TrimSpace(body)) == 0 {
		return NewProblem(Unreadable, "body", string(body), "a JSON object")
	}
	if !utf8.Valid(body) {
		return NewProblem(Unreadable, "body", strconv.Quote(string(body[:min(len(body), 60)])), "valid UTF-8")
	}
	if first := bytes.TrimSpace(body)[0]; first != '{' {
		return NewProblem(Unreadable, "body", string(body[:min(len(body), 60)]), "a JSON object")
	}
	var into any
	switch e.Topic {
	case TopicVitals:
		e.Vitals = new(Vitals)
		into = e.Vitals
	case TopicNotes:
		e.Note = new(Note)
		into = e.Note
	case TopicImaging:
		e.Image = new(Image)
		into = e.Image
	case TopicADT:
		e.ADT = new(ADT)
		into = e.ADT
	case TopicCommands:
		e.Command = new(CommandEvent)
		into = e.Command
	}
	if err := json.Unmarshal(body, into); err != nil {
		return jsonProblem(body, err)
	}
	return nil
}

// jsonProblem says which field could not be read.
func jsonProblem(body []byte, err error) *Problem {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := int(min(syntax.Offset, int64(len(body))))
		return NewProblem(Unreadable, fmt.Sprintf("body, byte %d", at), string(body[max(0, at-20):at]), "whole, valid JSON ("+syntax.Error()+")")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return NewProblem(BadField, wrong.Field, wrong.Value, "a "+wrong.Type.String())
	}
	var values struct {
		Values       map[string]any   `json:"values"`
		Observations []map[string]any `json:"observations"`
	}
	_ = json.Unmarshal(body, &values) // only to name the field
	for _, name := range sortedKeys(values.Values) {
		if _, ok := values.Values[name].(float64); !ok {
			return NewProblem(BadField, "values."+name, fmt.Sprint(values.Values[name]), "a number")
		}
	}
	for i, o := range values.Observations {
		if v, there := o["value"]; there {
			if _, ok := v.(float64); !ok {
				return NewProblem(BadField, fmt.Sprintf("observations[%d].value", i), fmt.Sprint(v), "a number; a text goes into \"text\"")
			}
		}
		if s, ok := o["event_time"].(string); ok {
			if _, err := ParseTime(s, nil); err != nil {
				return NewProblem(BadTime, fmt.Sprintf("observations[%d].event_time", i), s, "RFC 3339, for example 2026-01-31T08:15:00.000Z")
			}
		}
	}
	var head map[string]any
	_ = json.Unmarshal(body, &head)
	for _, name := range [...]string{"event_time", "available_time", "until"} {
		if v, there := head[name]; there {
			s, ok := v.(string)
			if _, err := ParseTime(s, nil); !ok || err != nil {
				return NewProblem(BadTime, name, fmt.Sprint(v), "RFC 3339, for example 2026-01-31T08:15:00.000Z")
			}
		}
	}
	return NewProblem(BadField, "body", err.Error(), "the fields of the JSON Schema")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// head returns the envelope of whatever body the event has.
func (e *Event) head() *Head {
	switch {
	case e.Vitals != nil:
		return &e.Vitals.Head
	case e.Strip != nil:
		return &e.Strip.Head
	case e.Note != nil:
		return &e.Note.Head
	case e.Image != nil:
		return &e.Image.Head
	case e.ADT != nil:
		return &e.ADT.Head
	case e.Command != nil:
		return &e.Command.Head
	}
	return &Head{}
}

// HasADT says whether the event's source announces movements.
func (e *Event) HasADT() bool { return e.ADT != nil || e.head().HasADT }

// Provenance returns the bits that the event's words stand for.
func (e *Event) Provenance() (p Provenance) {
	for _, word := range e.head().Provenance {
		switch word {
		case "invented":
			p |= Invented
		case "simulated-pairing":
			p |= SimulatedPairing
		}
	}
	if e.Run != "" {
		p |= Recorded
	}
	if e.HasADT() {
		p |= SourceHasADT
	}
	return p
}

// checkHead checks the envelope and copies it into the event.
func (e *Event) checkHead(key []byte) *Problem {
	h := e.head()
	switch {
	case len(key) == 0:
		return NewProblem(BadKey, "key", "", "the patient")
	case h.Patient == "":
		return NewProblem(BadPatient, "patient", "", "domain:id")
	case !patientForm(h.Patient):
		return NewProblem(BadPatient, "patient", h.Patient, "domain:id, at most 128 printable bytes, with \"run/\" in front in a named run")
	case string(key) != h.Patient:
		return NewProblem(BadKey, "key", string(key), "the body's patient "+strconv.Quote(h.Patient))
	case h.Source == "" || len(h.Source) > MaxID || !printable(h.Source):
		return NewProblem(BadField, "source", h.Source, "the sender, 1 to 128 printable bytes")
	case h.Seq != nil && *h.Seq == 0:
		return NewProblem(BadField, "seq", "0", "1 or more")
	}
	for i, word := range h.Provenance {
		if word != "invented" && word != "simulated-pairing" {
			return NewProblem(BadField, fmt.Sprintf("provenance[%d]", i), word, "invented or simulated-pairing")
		}
	}
	e.Patient, e.Source = h.Patient, h.Source
	if h.Seq != nil {
		e.Seq, e.HasSeq = *h.Seq, true
	}
	if h.AvailableTime != nil {
		e.AvailableTime = *h.AvailableTime
	}
	if h.EventTime != nil {
		e.EventTime = *h.EventTime
	}
	if e.Vitals != nil {
		for i := range e.Vitals.Observations {
			if t := e.Vitals.Observations[i].EventTime; t != nil && (e.EventTime == 0 || *t < e.EventTime) {
				e.EventTime = *t
			}
		}
	}
	if e.Run != "" && e.AvailableTime == 0 {
		return NewProblem(BadField, "available_time", "", "when it became known: a recorded message needs it")
	}
	return nil
}

// patientForm: "domain:id", or "run/domain:id".
func patientForm(s string) bool {
	if len(s) > MaxID || !printable(s) {
		return false
	}
	colon := strings.IndexByte(s, ':')
	if colon <= 0 || colon == len(s)-1 {
		return false
	}
	domain := s[:colon]
	if slash := strings.IndexByte(domain, '/'); slash >= 0 {
		if slash == 0 {
			return false
		}
		domain = domain[slash+1:]
	}
	return domain != "" && !strings.Contains(domain, "/")
}

// printable: valid UTF-8 without control characters and outer space.
func printable(s string) bool {
	if !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == utf8.RuneError })
}
