package policylab

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"go.yaml.in/yaml/v3"
)

// template is a policy's file with the places in it that a grid sets. The file is changed as text, so that its
// comments and its form stay.
type template struct {
	text  []byte
	slots []slot // in the order of the text
}

// slot is a place of the text.
type slot struct {
	offset, length int    // of what stands there; length 0 where something is put in
	before         string // what is put in front of the value
	axis           int
	value          func(string) (string, error) // of the axis' value
}

// newTemplate finds the places of axes.
func newTemplate(text []byte, axes []Axis) (*template, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 {
		return nil, fmt.Errorf("the policy's file is empty")
	}
	t := &template{text: text}
	set := map[place]bool{}
	places := make([]place, len(axes))
	for i := range axes {
		p, err := parseKey(axes[i].Key)
		if err != nil {
			return nil, err
		}
		if set[p] {
			return nil, fmt.Errorf("key %s is set twice", axes[i].Key)
		}
		set[p], places[i] = true, p
	}
	rules := entry(doc.Content[0], "rules")
	for i, p := range places {
		if err := t.find(rules, i, p, set); err != nil {
			return nil, fmt.Errorf("key %s: %w", axes[i].Key, err)
		}
	}
	slices.SortStableFunc(t.slots, func(a, b slot) int { return a.offset - b.offset })
	return t, nil
}

// same is a value as it was given.
func same(v string) (string, error) { return v, nil }

// find finds where a key is set: the value in its place, or the place behind its neighbour if there is none.
func (t *template) find(rules *yaml.Node, axis int, p place, set map[place]bool) error {
	var rule *yaml.Node
	var tasks []string
	if rules != nil {
		for _, one := range rules.Content {
			if task := entry(one, "task"); task != nil {
				tasks = append(tasks, task.Value)
				if task.Value == p.task {
					rule = one
				}
			}
		}
	}
	if rule == nil {
		return fmt.Errorf("the policy has no rule for %s, but for %s%s", p.task, strings.Join(tasks, ", "), near(p.task, tasks))
	}
	if p.severity == "" {
		return t.put(rule, "task", p.field, axis, same)
	}
	var level *yaml.Node
	if levels := entry(rule, "levels"); levels != nil {
		for _, one := range levels.Content {
			if s := entry(one, "severity"); s != nil && s.Value == p.severity {
				level = one
			}
		}
	}
	if level == nil {
		return fmt.Errorf("the rule has no level of severity %s", p.severity)
	}
	if err := t.put(level, "at", p.field, axis, same); err != nil {
		return err
	}
	clear := entry(level, "clear")
	if p.field != "at" || clear == nil || set[place{p.task, p.severity, "clear"}] {
		return nil
	}
	at, err := strconv.ParseFloat(entry(level, "at").Value, 64)
	if err != nil {
		return err
	}
	low, err := strconv.ParseFloat(clear.Value, 64)
	if err != nil {
		return err
	}
	return t.put(level, "at", "clear", axis, func(v string) (string, error) {
		now, err := number(v)
		if err != nil {
			return "", err
		}
		if p.task == alerts.TaskNEWS2 {
			if d := now - (at - low); d > 0 {
				return decimal(d), nil
			}
			return v, nil
		}
		return decimal(math.Round(now*(low/at)*1e4) / 1e4), nil
	})
}

// put makes a slot of the value of a key in a mapping, or of the place behind another key's value.
func (t *template) put(m *yaml.Node, beside, key string, axis int, value func(string) (string, error)) error {
	if v := entry(m, key); v != nil {
		offset, length, err := t.span(v)
		if err != nil {
			return err
		}
		t.slots = append(t.slots, slot{offset, length, "", axis, value})
		return nil
	}
	v := entry(m, beside)
	if v == nil {
		return fmt.Errorf("%s is missing in line %d", beside, m.Line)
	}
	offset, length, err := t.span(v)
	if err != nil {
		return err
	}
	offset += length
	if m.Style&yaml.FlowStyle != 0 {
		t.slots = append(t.slots, slot{offset, 0, ", " + key + ": ", axis, value})
		return nil
	}
	if end := bytes.IndexByte(t.text[offset:], '\n'); end >= 0 {
		offset += end
	} else {
		offset = len(t.text)
	}
	indent := strings.Repeat(" ", m.Content[0].Column-1)
	t.slots = append(t.slots, slot{offset, 0, "\n" + indent + key + ": ", axis, value})
	return nil
}

// span is where a scalar stands in the text.
func (t *template) span(n *yaml.Node) (offset, length int, err error) {
	if n.Kind != yaml.ScalarNode {
		return 0, 0, fmt.Errorf("line %d: want a plain word or number there", n.Line)
	}
	for range n.Line - 1 {
		offset += bytes.IndexByte(t.text[offset:], '\n') + 1
	}
	for range n.Column - 1 { // columns count letters
		_, size := utf8.DecodeRune(t.text[offset:])
		offset += size
	}
	length = len(n.Value)
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		length += 2
		offset++
		defer func() { offset-- }()
	}
	if !bytes.HasPrefix(t.text[offset:], []byte(n.Value)) {
		return 0, 0, fmt.Errorf("line %d: want a plain word or number there, not another way of writing one", n.Line)
	}
	return offset, length, nil
}

// with is the file with values, one for each axis.
func (t *template) with(values []string) ([]byte, error) {
	var b []byte
	from := 0
	for i := range t.slots {
		s := &t.slots[i]
		v, err := s.value(values[s.axis])
		if err != nil {
			return nil, err
		}
		b = append(b, t.text[from:s.offset]...)
		b = append(append(b, s.before...), v...)
		from = s.offset + s.length
	}
	return append(b, t.text[from:]...), nil
}

// entry is the value of a key of a mapping, nil where there is none.
func entry(m *yaml.Node, key string) *yaml.Node {
	if m == nil || m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

// near is a question after the word that was probably meant.
func near(word string, list []string) string {
	if n := schemas.Nearest(word, list); n != "" {
		return fmt.Sprintf("; did you mean %s?", n)
	}
	return ""
}
