package evaluate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
)

// canonical writes JSON with sorted keys and without spaces, as encoding/json writes a map. It keeps
// its memory from one body to the next.
type canonical struct {
	out     []byte
	turned  []byte
	members []member
}

// member is one member of an object that is being written: its key, and where `"key":value` stands
// in out.
type member struct {
	key      []byte
	from, to int
}

// deepest is how deep objects and arrays stand in each other at most for the short way.
const deepest = 64

// sorted is the body in that form. It holds until the next call. Bodies as Vigil publishes them go a
// short way, which only moves bytes; one with an escape, with a letter that is not ASCII or with anything else
// unusual goes through encoding/json, which also finds the words for one that is not JSON.
func (c *canonical) sorted(body []byte) ([]byte, error) {
	c.out, c.members = c.out[:0], c.members[:0]
	if end, ok := c.value(body, skipSpace(body, 0), 0); ok && skipSpace(body, end) == len(body) {
		return c.out, nil
	}
	return resorted(body)
}

// resorted is sorted by way of encoding/json, for any body.
func resorted(body []byte) ([]byte, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // numbers as they stand, not through float64
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v) // maps are written with sorted keys
}

// value writes the value that begins at i, and returns where it ends. It is not ok if the value is
// none, or unusual.
func (c *canonical) value(b []byte, i, depth int) (end int, ok bool) {
	if i == len(b) || depth > deepest {
		return 0, false
	}
	switch b[i] {
	case '{':
		return c.object(b, i, depth)
	case '[':
		return c.array(b, i, depth)
	case '"':
		end, ok = plainString(b, i)
	case 't':
		end, ok = i+4, bytes.HasPrefix(b[i:], []byte("true"))
	case 'f':
		end, ok = i+5, bytes.HasPrefix(b[i:], []byte("false"))
	case 'n':
		end, ok = i+4, bytes.HasPrefix(b[i:], []byte("null"))
	default:
		end, ok = number(b, i)
	}
	if ok {
		c.out = append(c.out, b[i:end]...)
	}
	return end, ok
}

// object writes the object that begins at i, its members in the order of their keys. Of two members
// with one key the last would count, which is left to encoding/json.
func (c *canonical) object(b []byte, i, depth int) (end int, ok bool) {
	first, from := len(c.members), len(c.out)+1
	c.out = append(c.out, '{')
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		c.out = append(c.out, '}')
		return i + 1, true
	}
	for inOrder := true; ; i = skipSpace(b, i+1) {
		end, ok := plainString(b, i)
		if !ok {
			return 0, false
		}
		one := member{key: b[i+1 : end-1], from: len(c.out)}
		c.out = append(append(c.out, b[i:end]...), ':')
		if i = skipSpace(b, end); i == len(b) || b[i] != ':' {
			return 0, false
		}
		if i, ok = c.value(b, skipSpace(b, i+1), depth+1); !ok {
			return 0, false
		}
		c.out = append(c.out, ',')
		one.to = len(c.out)
		inOrder = inOrder && (len(c.members) == first || bytes.Compare(c.members[len(c.members)-1].key, one.key) < 0)
		c.members = append(c.members, one)
		switch i = skipSpace(b, i); {
		case i < len(b) && b[i] == ',':
		case i < len(b) && b[i] == '}':
			if !inOrder && !c.turn(c.members[first:], from) {
				return 0, false
			}
			c.members = c.members[:first]
			c.out[len(c.out)-1] = '}'
			return i + 1, true
		default:
			return 0, false
		}
	}
}

// turn brings the members, which stand side by side in out from a place on, into the order of their
// keys; false where two have the same.
func (c *canonical) turn(list []member, from int) bool {
	slices.SortFunc(list, func(a, b member) int { return cmp.Or(bytes.Compare(a.key, b.key), cmp.Compare(a.from, b.from)) })
	c.turned = c.turned[:0]
	for k, m := range list {
		if k > 0 && bytes.Equal(list[k-1].key, m.key) {
			return false
		}
		c.turned = append(c.turned, c.out[m.from:m.to]...)
	}
	copy(c.out[from:], c.turned)
	return true
}

// array writes the array that begins at i.
func (c *canonical) array(b []byte, i, depth int) (end int, ok bool) {
	c.out = append(c.out, '[')
	if i = skipSpace(b, i+1); i < len(b) && b[i] == ']' {
		c.out = append(c.out, ']')
		return i + 1, true
	}
	for ; ; i = skipSpace(b, i+1) {
		if i, ok = c.value(b, i, depth+1); !ok {
			return 0, false
		}
		if i = skipSpace(b, i); i == len(b) || b[i] != ',' && b[i] != ']' {
			return 0, false
		}
		c.out = append(c.out, b[i])
		if b[i] == ']' {
			return i + 1, true
		}
	}
}

// skipSpace is the place of the first byte from i on that is no white space of JSON.
func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// plainString is where a string ends that begins at i and that encoding/json would write as it stands.
func plainString(b []byte, i int) (end int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return 0, false
	}
	for i++; i < len(b); i++ {
		switch ch := b[i]; {
		case ch == '"':
			return i + 1, true
		case ch < ' ' || ch >= 0x80 || ch == '\\' || ch == '<' || ch == '>' || ch == '&':
			return 0, false
		}
	}
	return 0, false
}

// number is where a number ends that begins at i, by the grammar of JSON.
func number(b []byte, i int) (end int, ok bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	whole := digits(b, i)
	if whole == i || b[i] == '0' && whole > i+1 {
		return 0, false
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		if end = digits(b, i+1); end == i+1 {
			return 0, false
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if end = digits(b, i); end == i {
			return 0, false
		}
		i = end
	}
	return i, true
}

// digits is the place behind the digits from i on.
func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}
