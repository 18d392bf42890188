package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The header is read as the form's own reader reads it, which is stricter than
// encoding/json: names are those of the form and no others that differ in case, each is there
// once, and a number of bytes or elements is written as digits. What two readers would take
// for different tensors is refused.

// headerEntry is where a tensor lies.
type headerEntry struct {
	DType    DType
	Shape    []int
	From, To uint64
}

// entryOf reads the entry of a tensor. Names that the form does not know are passed over.
func entryOf(raw []byte) (e headerEntry, err error) {
	fields, err := object(raw)
	if err != nil {
		return e, err
	}
	for _, name := range []string{"dtype", "shape", "data_offsets"} {
		if fields[name] == nil {
			return e, fmt.Errorf("there is no %q", name)
		}
	}
	dtype, err := text(fields["dtype"])
	if err != nil {
		return e, fmt.Errorf("dtype: %w", err)
	}
	shape, err := wholes(fields["shape"])
	if err != nil {
		return e, fmt.Errorf("shape: %w", err)
	}
	offsets, err := wholes(fields["data_offsets"])
	if err != nil {
		return e, fmt.Errorf("data_offsets: %w", err)
	}
	if len(offsets) != 2 {
		return e, fmt.Errorf("data_offsets has %d numbers, want 2: begin and end", len(offsets))
	}
	e = headerEntry{DType: DType(dtype), Shape: make([]int, len(shape)), From: offsets[0], To: offsets[1]}
	for i, dim := range shape {
		e.Shape[i] = int(dim)
		if e.Shape[i] < 0 || uint64(e.Shape[i]) != dim {
			return e, fmt.Errorf("shape %v is not possible", shape)
		}
	}
	return e, nil
}

// object is the values of a JSON object by name, each of which must be there once.
func object(b []byte) (map[string]json.RawMessage, error) {
	if err := sound(b); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%.20q is no JSON object", b)
	}
	all := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := t.(string) // or sound would have refused it
		if _, ok := all[name]; ok {
			return nil, fmt.Errorf("%.60q is there twice", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	return all, nil
}

// sound says what is wrong with a whole JSON text: that it is none, or that it has texts that
// are not Unicode, for which encoding/json would put in a replacement.
func sound(b []byte) error {
	if !json.Valid(b) {
		var any json.RawMessage
		if err := json.Unmarshal(b, &any); err != nil {
			return err
		}
	}
	if !utf8.Valid(b) {
		return errors.New("not UTF-8")
	}
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++ // the letter after the backslash, which in valid JSON is in a text
		if b[i] != 'u' {
			continue
		}
		r := escaped(b[i-1:])
		i += 4
		if !utf16.IsSurrogate(r) {
			continue
		}
		if i+6 >= len(b) || b[i+1] != '\\' || b[i+2] != 'u' || utf16.DecodeRune(r, escaped(b[i+1:])) == utf8.RuneError {
			return fmt.Errorf("a text has half of a character, \\u%04x", r)
		}
		i += 6
	}
	return nil
}

// escaped is the number of an escape at the beginning of b: \u and four hexadecimal digits.
func escaped(b []byte) rune {
	v, _ := strconv.ParseUint(string(b[2:6]), 16, 16) // hex digits, or the JSON was not valid
	return rune(v)
}

// texts is an object of texts; null is none.
func texts(raw []byte) (map[string]string, error) {
	all := map[string]string{}
	if string(raw) == "null" {
		return all, nil
	}
	fields, err := object(raw)
	if err != nil {
		return nil, err
	}
	for name, value := range fields {
		if all[name], err = text(value); err != nil {
			return nil, fmt.Errorf("%.60q: %w", name, err)
		}
	}
	return all, nil
}

func text(raw []byte) (s string, err error) {
	if raw[0] != '"' {
		return "", fmt.Errorf("%.20q is no text", raw)
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}

// wholes is a list of whole numbers, written as digits.
func wholes(raw []byte) ([]uint64, error) {
	if raw[0] != '[' {
		return nil, fmt.Errorf("%.20q is no list", raw)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	all := make([]uint64, len(items))
	for i, item := range items {
		v, err := strconv.ParseUint(string(item), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%.30s is no whole number of 0 or more", item)
		}
		all[i] = v
	}
	return all, nil
}
