package train

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decodeStrict reads one YAML document into a struct, after setting keys ("a.b=value"). A
// key that the struct does not have is refused, with its line and the nearest key that
// there is.
func decodeStrict(text []byte, set []string, into any) error {
	var root, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&root); errors.Is(err, io.EOF) {
		return errors.New("the file is empty")
	} else if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return errors.New("a second document stands behind the first; keep one in a file")
	}
	if root.Content[0].Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: want keys with values, as `name: mine`", root.Content[0].Line)
	}
	for _, s := range set {
		if err := setKey(root.Content[0], s); err != nil {
			return err
		}
	}
	if err := knownKeys(root.Content[0], reflect.TypeOf(into), ""); err != nil {
		return err
	}
	if err := root.Decode(into); err != nil {
		return errors.New(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
	}
	return nil
}

// setKey sets "a.b=value" in a document, making keys that are not there.
func setKey(n *yaml.Node, setting string) error {
	key, text, ok := strings.Cut(setting, "=")
	var value yaml.Node
	if !ok || key == "" || yaml.Unmarshal([]byte(text), &value) != nil || len(value.Content) != 1 {
		return fmt.Errorf("%q sets nothing: want KEY=VALUE, as teacher.weight=0", setting)
	}
	for names := strings.Split(key, "."); ; names = names[1:] {
		if n.Kind != yaml.MappingNode {
			return fmt.Errorf("%q: there are no keys below that of %q", setting, names[0])
		}
		at := -1
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Value == names[0] {
				at = i + 1
			}
		}
		if at < 0 {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: names[0]}, &yaml.Node{Kind: yaml.MappingNode})
			at = len(n.Content) - 1
		}
		if len(names) == 1 {
			n.Content[at] = value.Content[0]
			return nil
		}
		n = n.Content[at]
	}
}

// knownKeys looks for a key below n that type t does not have; path is that of n, for the
// error.
func knownKeys(n *yaml.Node, t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.Kind == yaml.AliasNode:
		return knownKeys(n.Alias, t, path)
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, item := range n.Content {
			if err := knownKeys(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		fields := map[string]reflect.Type{}
		var names []string
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				fields[name] = t.Field(i).Type
				names = append(names, name)
			}
		}
		for i := 0; i < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			field, ok := fields[key.Value]
			if !ok {
				where := "here"
				if path != "" {
					where = "in " + path
				}
				place := fmt.Sprintf("line %d: ", key.Line)
				if key.Line == 0 {
					place = "" // it was set, not read
				}
				return fmt.Errorf("%sthere is no key %q %s; the nearest is %q", place, key.Value, where, nearest(key.Value, names))
			}
			if err := knownKeys(value, field, strings.TrimPrefix(path+"."+key.Value, ".")); err != nil {
				return err
			}
		}
	}
	return nil
}

// nearest of the names by the fewest letters to change (Levenshtein).
func nearest(name string, names []string) (best string) {
	least := 1 << 30
	for _, n := range slices.Sorted(slices.Values(names)) {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out or changed (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
