package policylab

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Candidate is a policy that is tried.
type Candidate struct {
	Policy *alerts.Policy
	// Text is its file.
	Text []byte
	// Name is that of the file, or what the grid has set, as "mortality.medium.at=0.3".
	Name string
	// InForce says that it is the policy with which the others are compared.
	InForce bool
}

// ID is what people call a policy by: the first letters of its hash.
func (c *Candidate) ID() string { return c.Policy.Hash()[:12] }

// Axis is one key of a grid with its values.
type Axis struct {
	Key    string // as in a file's place: mortality.medium.at, mortality.dwell
	Values []string
}

// MostPolicies bounds how many policies a grid may make.
const MostPolicies = 20_000

// ParseAxis reads an axis: "mortality.medium.at=0.2..0.6:0.05" from 0.2 to 0.6 in steps of 0.05,
// "mortality.dwell=0s..30m:10m", or a list, "news2.high.at=6,7,8".
func ParseAxis(text string) (Axis, error) {
	key, values, ok := strings.Cut(text, "=")
	if !ok || key == "" || values == "" {
		return Axis{}, fmt.Errorf("%q: want KEY=FROM..TO:STEP or KEY=VALUE,VALUE, as mortality.medium.at=0.2..0.6:0.05", text)
	}
	a := Axis{Key: strings.TrimPrefix(key, "tasks.")}
	if _, err := parseKey(a.Key); err != nil {
		return a, err
	}
	span, step, ranged := strings.Cut(values, ":")
	from, to, spans := strings.Cut(span, "..")
	switch {
	case ranged && spans:
		list, err := between(from, to, step)
		if err != nil {
			return a, fmt.Errorf("%s: %w", text, err)
		}
		a.Values = list
	case ranged || spans:
		return a, fmt.Errorf("%q: a range wants both ends and a step, as 0.2..0.6:0.05", text)
	default:
		for v := range strings.SplitSeq(values, ",") {
			if v = strings.TrimSpace(v); v == "" {
				return a, fmt.Errorf("%q: an empty value in the list", text)
			}
			if _, err := time.ParseDuration(v); err != nil {
				if _, err := number(v); err != nil {
					return a, err
				}
			}
			a.Values = append(a.Values, v)
		}
	}
	return a, nil
}

// between are the values of a range: numbers, or durations.
func between(from, to, step string) (list []string, err error) {
	read, write := number, decimal
	if strings.ContainsAny(from+to+step, "hms") {
		read, write = duration, words
	}
	a, err := read(from)
	if err != nil {
		return nil, err
	}
	b, err := read(to)
	if err != nil {
		return nil, err
	}
	by, err := read(step)
	if err != nil {
		return nil, err
	}
	if !(by > 0) || b < a {
		return nil, errors.New("want a step above 0 and the greater end last")
	}
	n := math.Floor((b-a)/by + 1e-9)
	if n >= MostPolicies {
		return nil, fmt.Errorf("more than %d values", MostPolicies)
	}
	for i := range int(n) + 1 {
		list = append(list, write(a+float64(float64(i)*by)))
	}
	return list, nil
}

func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q: want a number, or a time with its unit", text)
	}
	return v, nil
}

// decimal is a number as people write it.
func decimal(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) }

// duration is a time in milliseconds.
func duration(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q: want a time with its unit, as 10m", text)
	}
	return float64(d.Milliseconds()), nil
}

// words is a time in milliseconds as people write it, without units of which there are none.
func words(ms float64) string {
	s := (time.Duration(ms) * time.Millisecond).String()
	if rest, ok := strings.CutSuffix(s, "m0s"); ok {
		s = rest + "m"
	}
	if rest, ok := strings.CutSuffix(s, "h0m"); ok {
		s = rest + "h"
	}
	return s
}

// Grid makes a policy of each combination of values. base is the file that they are set in. What is no policy,
// as one whose higher level is below its lower one, is left out; the first reason is said where all are.
// Where `at` is set and `clear` is not, clear keeps its distance: of a risk its share of at, of a
// score its difference to it.
func Grid(base []byte, axes []Axis) (list []Candidate, leftOut int, err error) {
	if len(axes) == 0 {
		return nil, 0, nil
	}
	combinations := 1
	for i := range axes {
		if combinations *= len(axes[i].Values); combinations > MostPolicies {
			return nil, 0, fmt.Errorf("the grid has more than %d policies: take greater steps or fewer keys", MostPolicies)
		}
	}
	t, err := newTemplate(base, axes)
	if err != nil {
		return nil, 0, err
	}
	var first error
	at := make([]int, len(axes))
	values, names := make([]string, len(axes)), make([]string, len(axes))
	for range combinations {
		for i := range axes {
			values[i] = axes[i].Values[at[i]]
			names[i] = axes[i].Key + "=" + values[i]
		}
		text, err := t.with(values)
		if err != nil {
			return nil, 0, err
		}
		p, err := alerts.ParsePolicy(text)
		if err == nil {
			list = append(list, Candidate{Policy: p, Text: text, Name: strings.Join(names, " ")})
		} else if leftOut++; first == nil {
			first = err
		}
		for i := len(axes) - 1; i >= 0; i-- {
			if at[i]++; at[i] < len(axes[i].Values) {
				break
			}
			at[i] = 0
		}
	}
	if len(list) == 0 {
		return nil, leftOut, fmt.Errorf("no combination of the grid is a policy: %w", first)
	}
	return list, leftOut, nil
}

// place is what a key names in a policy's file.
type place struct {
	task, severity, field string
}

// fields are those of a rule that a grid may set.
var fields = []string{"dwell", "clear_dwell", "refractory", "reset", "continue", "update"}

// parseKey reads TASK.SEVERITY, TASK.SEVERITY.at, TASK.SEVERITY.clear or TASK.FIELD.
func parseKey(key string) (place, error) {
	parts := strings.Split(key, ".")
	want := func() (place, error) {
		near := ""
		if len(parts) == 2 {
			if n := schemas.Nearest(parts[1], append([]string{"low", "medium", "high"}, fields...)); n != "" {
				near = fmt.Sprintf("; did you mean %s.%s?", parts[0], n)
			}
		}
		return place{}, fmt.Errorf("key %q: want TASK.SEVERITY.at, TASK.SEVERITY.clear or TASK.FIELD, a field being one of %s%s", key, strings.Join(fields, ", "), near)
	}
	p := place{task: parts[0]}
	if len(parts) < 2 || len(parts) > 3 || p.task == "" {
		return want()
	}
	switch parts[1] {
	case "low", "medium", "high":
		p.severity, p.field = parts[1], "at"
		if len(parts) == 3 {
			p.field = parts[2]
		}
		if p.field != "at" && p.field != "clear" {
			return want()
		}
		return p, nil
	}
	p.field = parts[1]
	for _, f := range fields {
		if p.field == f && len(parts) == 2 {
			return p, nil
		}
	}
	return want()
}
