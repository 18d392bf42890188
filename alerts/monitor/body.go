package monitor

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// jsonWriter writes the bodies of outputs. They are the bytes that encoding/json gives for
// schemas.Score and schemas.Alert, at a tenth of the cost; a test holds the two together.
type jsonWriter struct {
	b     []byte // the body so far: the rest of block, or memory of its own if that was too short
	comma bool   // a comma goes before the next value
	block []byte // finished bodies, and room for more
}

// Bodies are cut from blocks of blockSize bytes, so that an output costs no allocation of
// its own. A body begins only where at least bodyRoom bytes are left.
const (
	blockSize = 32 << 10
	bodyRoom  = 1 << 10
)

// reset begins a new body. Its memory is never reused, since the output keeps it.
func (w *jsonWriter) reset() {
	if cap(w.block)-len(w.block) < bodyRoom {
		w.block = make([]byte, 0, blockSize)
	}
	w.b, w.comma = w.block[len(w.block):], false
}

// done returns the body, with no room behind it: whoever appends to it gets a copy.
func (w *jsonWriter) done() []byte {
	if end := len(w.block) + len(w.b); end <= cap(w.block) { // the body lies in the block
		w.block = w.block[:end]
	}
	return w.b[:len(w.b):len(w.b)]
}

// open and close write a bracket or a brace.

func (w *jsonWriter) open(c byte)  { w.b = append(w.b, c); w.comma = false }
func (w *jsonWriter) close(c byte) { w.b = append(w.b, c); w.comma = true }

// next separates a value from the one before it.
func (w *jsonWriter) next() {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
}

// name begins a field of a struct, whose name needs no escapes.
func (w *jsonWriter) name(s string) {
	w.next()
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"', ':')
}

// key begins a field of a map, whose name may hold any character.
func (w *jsonWriter) key(s string) {
	w.next()
	w.text(s)
	w.b = append(w.b, ':')
}

// text writes a string. One with a character that needs an escape is left to encoding/json.
func (w *jsonWriter) text(s string) {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // a string cannot fail
			w.b = append(w.b, quoted...)
			return
		}
	}
	w.b = append(w.b, '"')
	w.b = append(w.b, s...)
	w.b = append(w.b, '"')
}

// plain says which bytes encoding/json writes as they are.
var plain = func() (table [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		table[c] = !strings.ContainsRune("\"\\<>&", rune(c))
	}
	return table
}()

// The methods string to strings write a field and its value.

func (w *jsonWriter) string(name, s string) { w.name(name); w.text(s) }

func (w *jsonWriter) uint(name string, v uint64) { w.name(name); w.b = strconv.AppendUint(w.b, v, 10) }

func (w *jsonWriter) int(name string, v int64) { w.name(name); w.b = strconv.AppendInt(w.b, v, 10) }

func (w *jsonWriter) bool(name string, v bool) { w.name(name); w.b = strconv.AppendBool(w.b, v) }

func (w *jsonWriter) time(name string, t schemas.Time) {
	w.name(name)
	w.b = append(w.b, '"')
	w.b = t.Std().AppendFormat(w.b, schemas.TimeLayout)
	w.b = append(w.b, '"')
}

func (w *jsonWriter) strings(name string, list []string) {
	w.name(name)
	w.open('[')
	for _, s := range list {
		w.next()
		w.text(s)
	}
	w.close(']')
}

// float writes a number as encoding/json does: with an exponent only when very small or
// large, and that without a leading zero. Infinities and NaN cannot come here, because
// Monitor.predict leaves them out.
func (w *jsonWriter) float(v float32) {
	f, form := float64(v), byte('f')
	if abs := math.Abs(f); abs != 0 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
		form = 'e'
	}
	w.b = strconv.AppendFloat(w.b, f, form, -1, 32)
	if n := len(w.b); form == 'e' && n >= 4 && w.b[n-4] == 'e' && w.b[n-3] == '-' && w.b[n-2] == '0' {
		w.b[n-2] = w.b[n-1]
		w.b = w.b[:n-1]
	}
}

// alert returns the body of an alert, its fields in the order of schemas.Alert.
func (w *jsonWriter) alert(a *schemas.Alert) []byte {
	w.reset()
	w.open('{')
	w.string("id", a.ID)
	w.int("revision", int64(a.Revision))
	w.uint("n", a.N)
	w.string("phase", string(a.Phase))
	w.string("kind", a.Kind)
	w.string("task", a.Task)
	w.string("severity", a.Severity)
	w.string("patient", a.Patient)
	w.string("stay", a.Stay)
	w.time("as_of", a.AsOf)
	w.name("value")
	w.float(a.Value)
	w.name("threshold")
	w.float(a.Threshold)
	w.string("reason", a.Reason)
	w.string("score", a.Score)
	w.string("model", a.Model)
	w.string("policy", a.Policy)
	w.strings("flags", a.Flags)
	w.drivers(a.Drivers)
	if a.Change != nil {
		w.name("change")
		w.float(*a.Change)
	}
	if a.Notice != "" {
		w.string("notice", a.Notice)
	}
	w.close('}')
	return w.done()
}

// score returns the body of a score, its fields in the order of schemas.Score.
func (w *jsonWriter) score(s *score) []byte {
	w.reset()
	w.open('{')
	w.string("id", s.id)
	w.uint("n", s.n)
	w.uint("log_n", s.logN)
	w.string("due", string(s.due))
	w.string("patient", s.patient)
	w.string("stay", s.stay)
	w.time("as_of", s.asOf)
	w.string("model", s.model)
	w.string("policy", s.policy)
	w.string("kernel", s.kernel)
	w.bool("trained", s.trained)
	w.name("risks")
	w.open('{')
	for i := range s.risks {
		r := &s.risks[i]
		w.key(r.name)
		w.open('{')
		w.name("value")
		w.float(r.value)
		if r.interval {
			w.name("low")
			w.float(r.low)
			w.name("high")
			w.float(r.high)
		}
		w.close('}')
	}
	w.close('}')
	if len(s.phenotypes) > 0 {
		w.name("phenotypes")
		w.open('{')
		for i := range s.phenotypes {
			w.key(s.phenotypes[i].name)
			w.float(s.phenotypes[i].value)
		}
		w.close('}')
	}
	w.drivers(s.drivers)
	w.name("modalities")
	w.open('{')
	for i := range s.modalities {
		m := &s.modalities[i]
		w.key(encoders.Names[m.which])
		w.open('{')
		w.string("state", string(m.state))
		if m.state == schemas.Absent {
			w.name("age_s")
			w.b = append(w.b, "null"...)
		} else {
			w.int("age_s", int64(m.age/schemas.Second))
		}
		w.close('}')
	}
	w.close('}')
	w.name("news2")
	w.news2(s.news2, s.inputs)
	w.strings("flags", s.flags)
	w.close('}')
	return w.done()
}

// drivers writes what drove the risks, where that is told.
func (w *jsonWriter) drivers(list []schemas.Driver) {
	if len(list) == 0 {
		return
	}
	w.name("drivers")
	w.open('[')
	for i := range list {
		d := &list[i]
		w.next()
		w.open('{')
		w.string("task", d.Task)
		w.string("kind", d.Kind)
		w.string("name", d.Name)
		w.name("effect")
		w.float(d.Effect)
		if d.New {
			w.bool("new", true)
		}
		w.close('}')
	}
	w.close(']')
}

// news2 writes a NEWS2, with the observations behind it if inputs says so.
func (w *jsonWriter) news2(n *schemas.NEWS2, inputs bool) {
	w.open('{')
	w.int("value", int64(n.Value))
	w.bool("partial", n.Partial)
	w.strings("missing", n.Missing)
	if len(n.Stale) > 0 {
		w.strings("stale", n.Stale)
	}
	if inputs && len(n.Inputs) > 0 {
		w.name("inputs")
		w.open('[')
		for i := range n.Inputs {
			in := &n.Inputs[i]
			w.next()
			w.open('{')
			w.string("component", in.Component)
			w.string("channel", in.Channel)
			w.name("value")
			w.float(in.Value)
			w.string("unit", in.Unit)
			w.time("event_time", in.EventTime)
			w.string("ref", in.Ref)
			w.int("points", int64(in.Points))
			if in.Stale {
				w.bool("stale", true)
			}
			if len(in.Flags) > 0 {
				w.strings("flags", in.Flags)
			}
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
}

// score is a schemas.Score in the making. In place of maps it has lists in the order of
// the names, in which encoding/json writes a map.
type score struct {
	id      string
	n, logN uint64
	due     schemas.Due
	patient string
	stay    string
	asOf    schemas.Time
	model   string
	policy  string
	kernel  string
	trained bool

	risks      []risk
	phenotypes []risk // their intervals are not written
	drivers    []schemas.Driver
	modalities [encoders.NumModalities]modalityState // in the order of byName
	news2      *schemas.NEWS2
	inputs     bool // the body lists the observations behind NEWS2
	flags      []string

	indeterminate bool // an answer of the model was left out
}

// risk is the model's answer to one task, a probability, with the ends of its interval if
// it has one.
type risk struct {
	name      string
	value     float32
	interval  bool
	low, high float32
}

// modalityState is what a score says of a modality: its state, and the age of the newest
// of it in milliseconds.
type modalityState struct {
	which encoders.Modality
	state schemas.ItemState
	age   schemas.Time
}
