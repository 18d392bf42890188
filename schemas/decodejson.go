package schemas

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeJSON reads a JSON body. Bytes that are no UTF-8 are refused first: the JSON package
// would replace them in silence.
func (e *Event) decodeJSON(body []byte) *Problem {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return NewProblem(Unreadable, "body", beginning(body), "a JSON object")
	}
	if !utf8.Valid(body) {
		at := invalidUTF8(body)
		return NewProblem(Unreadable, fmt.Sprintf("body, byte %d", at), beginning(body[at:]), "valid UTF-8")
	}
	var into any
	switch e.Topic {
	case TopicVitals:
		e.Vitals = new(Vitals)
		if err := json.Unmarshal(body, e.Vitals); err != nil {
			return e.Vitals.decodeOneByOne(body, err)
		}
		return nil
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

// decodeOneByOne reads a vitals message that cannot be read at one stroke, so that one bad
// value does not take the good ones with it. What is wrong with a value stays with it until
// Resolve comes to it.
func (v *Vitals) decodeOneByOne(body []byte, first error) *Problem {
	var syntax *json.SyntaxError
	if errors.As(first, &syntax) {
		return jsonProblem(body, first)
	}
	var parts struct {
		Head
		Values       map[string]json.RawMessage `json:"values"`
		Observations []json.RawMessage          `json:"observations"`
	}
	if err := json.Unmarshal(body, &parts); err != nil {
		return jsonProblem(body, err)
	}
	*v = Vitals{Head: parts.Head}
	if len(parts.Values) > 0 {
		v.Values = make(map[string]json.Number, len(parts.Values))
	}
	for name, raw := range parts.Values {
		var number json.Number
		if json.Unmarshal(raw, &number) != nil {
			number = json.Number(raw) // no number: Resolve says so
		}
		v.Values[name] = number
	}
	for _, raw := range parts.Observations {
		var o VitalsObservation
		if err := json.Unmarshal(raw, &o); err != nil {
			o = VitalsObservation{Problem: jsonProblem(raw, err)}
		}
		v.Observations = append(v.Observations, o)
	}
	return nil
}

// jsonProblem turns an error of the JSON package into a problem that names the field as the
// sender knows it, and what should have stood there.
func jsonProblem(body []byte, err error) *Problem {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at := int(min(syntax.Offset, int64(len(body))))
		return NewProblem(Unreadable, fmt.Sprintf("body, byte %d", at), string(body[max(0, at-20):at]), "whole, valid JSON ("+syntax.Error()+")")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field := strings.TrimPrefix(strings.ReplaceAll("."+wrong.Field, ".Head.", "."), ".")
		if field == "" {
			field = "body"
		}
		return NewProblem(BadField, field, wrong.Value, typeWords(wrong.Type))
	}
	var corrupt base64.CorruptInputError
	if errors.As(err, &corrupt) {
		return NewProblem(BadField, "bytes", corrupt.Error(), "base64")
	}
	// What is left are times and numbers, whose types read themselves: find it.
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields)
	for _, name := range [...]string{"event_time", "available_time", "until"} {
		var t Time
		if raw, there := fields[name]; there && json.Unmarshal(raw, &t) != nil {
			return NewProblem(BadTime, name, beginning(raw), "RFC 3339 in the years 1800 to 2400, for example 2026-01-31T08:15:00.000Z")
		}
	}
	var number json.Number
	if raw, there := fields["value"]; there && json.Unmarshal(raw, &number) != nil {
		return NewProblem(BadField, "value", beginning(raw), "a number; a text goes into \"text\"")
	}
	return NewProblem(BadField, "body", err.Error(), "the fields of the JSON Schema")
}

// typeWords names a Go type as a sender knows it.
func typeWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint64:
		return "a whole number, 1 or more"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string of base64"
		}
		return "a list"
	}
	return "a JSON object"
}

// beginning is the first 60 bytes of a body or a value, as text that can be shown.
func beginning(b []byte) string {
	return strings.ToValidUTF8(string(b[:min(len(b), 60)]), "\ufffd")
}

// invalidUTF8 is the place of the first byte that is no UTF-8.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// parseNumber reads the number of a value. A text that is none gives a problem whose field
// the caller sets.
func parseNumber(s string) (float64, *Problem) {
	if s == "" || s == "null" {
		return 0, NewProblem(NoValue, "", s, "a number")
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err == nil:
		return v, nil
	case errors.Is(err, strconv.ErrRange):
		return 0, NewProblem(Implausible, "", s, "a finite number")
	}
	return 0, NewProblem(BadField, "", s, "a number; a text goes into the \"text\" of an observation")
}

// formatNumber writes the shortest decimal that reads back as v, for messages and metadata.
func formatNumber(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
