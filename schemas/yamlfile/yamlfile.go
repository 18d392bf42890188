package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
	"go.yaml.in/yaml/v3"
)

// ErrEmpty is the error of a file in which nothing stands.
var ErrEmpty = errors.New("the file is empty")

// Text is a word of a file that remembers its line, so that whoever refuses it can say where it stands.
type Text struct {
	Word string
	Line int
}

// UnmarshalYAML reads a scalar.
func (t *Text) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a single word or number here", n.Line)
	}
	t.Word, t.Line = n.Value, n.Line
	return nil
}

// Decode reads a file of one document into a struct. A key that the struct does not have is an error that
// names its line and the nearest key that may stand there.
func Decode(file []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(file))
	d.KnownFields(true)
	if err := d.Decode(into); errors.Is(err, io.EOF) {
		return ErrEmpty
	} else if err != nil {
		return inWords(err, into)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("a second document after the first; keep one in a file")
	}
	return nil
}

// unknownKey is what package yaml says of a key that a struct has no field for.
var unknownKey = regexp.MustCompile(`^line (\d+): field (\S+) not found in type (.+)$`)

// inWords puts an error of package yaml into words of the file, on one line.
func inWords(err error, into any) error {
	var several *yaml.TypeError
	if !errors.As(err, &several) {
		return err
	}
	keys := map[string][]string{}
	collect(reflect.TypeOf(into), keys)
	var lines []string
	for _, line := range several.Errors {
		if m := unknownKey.FindStringSubmatch(line); m != nil {
			line = fmt.Sprintf("line %s: there is no key %q here", m[1], m[2])
			if near := schemas.Nearest(m[2], keys[m[3]]); near != "" {
				line += fmt.Sprintf("; did you mean %q?", near)
			} else {
				line += "; want " + strings.Join(keys[m[3]], ", ")
			}
		}
		lines = append(lines, line)
	}
	return errors.New(strings.Join(lines, "; "))
}

// collect notes for a type and all types within it which keys they have, under the names by which package
// yaml calls them.
func collect(t reflect.Type, keys map[string][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		collect(t.Elem(), keys)
	case reflect.Struct:
		if _, known := keys[t.String()]; known {
			return
		}
		keys[t.String()] = nil
		for i := range t.NumField() {
			name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				keys[t.String()] = append(keys[t.String()], name)
			}
			collect(t.Field(i).Type, keys)
			if options == "inline" {
				keys[t.String()] = append(keys[t.String()], keys[t.Field(i).Type.String()]...)
			}
		}
	}
}
