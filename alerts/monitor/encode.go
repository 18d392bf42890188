package monitor

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// encoder appends JSON: the bytes that encoding/json gives for schemas.Score and
// schemas.Alert, at a tenth of the cost. A test holds the two together.
type encoder struct {
	b     []byte // the body: the rest of block, or if that was too short its own memory
	comma bool
	block []byte // bodies, and room for those to come
}

// Bodies are cut from blocks; one begins where bodyRoom is left at least.
const (
	blockSize = 32 << 10
	bodyRoom  = 1 << 10
)

// reset begins a new body, in memory that is not used again.
func (e *encoder) reset() {
	if cap(e.block)-len(e.block) < bodyRoom {
		e.block = make([]byte, 0, blockSize)
	}
	e.b, e.comma = e.block[len(e.block):], false
}

// done returns the body.
func (e *encoder) done() []byte {
	if end := len(e.block) + len(e.b); end <= cap(e.block) { // append had no need of other memory
		e.block = e.block[:end]
	}
	return e.b[:len(e.b):len(e.b)]
}

func (e *encoder) open(c byte)  { e.b = append(e.b, c); e.comma = false }
func (e *encoder) close(c byte) { e.b = append(e.b, c); e.comma = true }

func (e *encoder) next() {
	if e.comma {
		e.b = append(e.b, ',')
	}
	e.comma = true
}

// name begins a field; names need no escape.
func (e *encoder) name(s string) {
	e.next()
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"', ':')
}

// key begins a field of a map.
func (e *encoder) key(s string) {
	e.next()
	e.text(s)
	e.b = append(e.b, ':')
}

func (e *encoder) text(s string) {
	for i := range len(s) {
		if !plain[s[i]] {
			quoted, _ := json.Marshal(s) // a string cannot fail
			e.b = append(e.b, quoted...)
			return
		}
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"')
}

// plain are the bytes that JSON, as encoding/json writes it, has as they are.
var plain = func() (table [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		table[c] = !strings.ContainsRune("\"\\<>&", rune(c))
	}
	return table
}()

func (e *encoder) string(name, s string) { e.name(name); e.text(s) }

func (e *encoder) uint(name string, v uint64) { e.name(name); e.b = strconv.AppendUint(e.b, v, 10) }

func (e *encoder) int(name string, v int64) { e.name(name); e.b = strconv.AppendInt(e.b, v, 10) }

func (e *encoder) bool(name string, v bool) { e.name(name); e.b = strconv.AppendBool(e.b, v) }

func (e *encoder) time(name string, t schemas.Time) {
	e.name(name)
	e.b = append(e.b, '"')
	e.b = t.Std().AppendFormat(e.b, schemas.TimeLayout)
	e.b = append(e.b, '"')
}

func (e *encoder) strings(name string, list []string) {
	e.name(name)
	e.open('[')
	for _, s := range list {
		e.next()
		e.text(s)
	}
	e.close(']')
}

// float writes a number as encoding/json does. A number that JSON has no form
// for cannot come here: the model's outputs are checked where they are made.
func (e *encoder) float(v float32) {
	f, form := float64(v), byte('f')
	if abs := math.Abs(f); abs != 0 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
		form = 'e'
	}
	e.b = strconv.AppendFloat(e.b, f, form, -1, 32)
	if n := len(e.b); form == 'e' && n >= 4 && e.b[n-4] == 'e' && e.b[n-3] == '-' && e.b[n-2] == '0' {
		e.b[n-2] = e.b[n-1]
		e.b = e.b[:n-1]
	}
}

// alert writes a schemas.Alert.
func (e *encoder) alert(a *schemas.Alert) []byte {
	e.reset()
	e.open('{')
	e.string("id", a.ID)
	e.int("revision", int64(a.Revision))
	e.uint("n", a.N)
	e.string("phase", string(a.Phase))
	e.string("kind", a.Kind)
	e.string("task", a.Task)
	e.string("severity", a.Severity)
	e.string("patient", a.Patient)
	e.string("stay", a.Stay)
	e.time("as_of", a.AsOf)
	e.name("value")
	e.float(a.Value)
	e.name("threshold")
	e.float(a.Threshold)
	e.string("reason", a.Reason)
	e.string("score", a.Score)
	e.string("model", a.Model)
	e.string("policy", a.Policy)
	e.strings("flags", a.Flags)
	if a.Notice != "" {
		e.string("notice", a.Notice)
	}
	e.close('}')
	return e.done()
}

// score writes a schemas.Score.
func (e *encoder) score(s *score) []byte {
	e.reset()
	e.open('{')
	e.string("id", s.id)
	e.uint("n", s.n)
	e.uint("log_n", s.logN)
	e.string("due", string(s.due))
	e.string("patient", s.patient)
	e.string("stay", s.stay)
	e.time("as_of", s.asOf)
	e.string("model", s.model)
	e.string("policy", s.policy)
	e.string("kernel", s.kernel)
	e.bool("trained", s.trained)
	e.name("risks")
	e.open('{')
	for i := range s.risks {
		r := &s.risks[i]
		e.key(r.name)
		e.open('{')
		e.name("value")
		e.float(r.value)
		if r.interval {
			e.name("low")
			e.float(r.low)
			e.name("high")
			e.float(r.high)
		}
		e.close('}')
	}
	e.close('}')
	if len(s.phenotypes) > 0 {
		e.name("phenotypes")
		e.open('{')
		for i := range s.phenotypes {
			e.key(s.phenotypes[i].name)
			e.float(s.phenotypes[i].value)
		}
		e.close('}')
	}
	e.name("modalities")
	e.open('{')
	for i := range s.modalities {
		m := &s.modalities[i]
		e.key(encoders.Names[m.which])
		e.open('{')
		e.string("state", string(m.state))
		if m.state == schemas.Absent {
			e.name("age_s")
			e.b = append(e.b, "null"...)
		} else {
			e.int("age_s", int64(m.age/schemas.Second))
		}
		e.close('}')
	}
	e.close('}')
	e.name("news2")
	e.news2(s.news2, s.inputs)
	e.strings("flags", s.flags)
	e.close('}')
	return e.done()
}

func (e *encoder) news2(n *schemas.NEWS2, inputs bool) {
	e.open('{')
	e.int("value", int64(n.Value))
	e.bool("partial", n.Partial)
	e.strings("missing", n.Missing)
	if inputs && len(n.Inputs) > 0 {
		e.name("inputs")
		e.open('[')
		for i := range n.Inputs {
			in := &n.Inputs[i]
			e.next()
			e.open('{')
			e.string("component", in.Component)
			e.string("channel", in.Channel)
			e.name("value")
			e.float(in.Value)
			e.string("unit", in.Unit)
			e.time("event_time", in.EventTime)
			e.string("ref", in.Ref)
			e.int("points", int64(in.Points))
			e.close('}')
		}
		e.close(']')
	}
	e.close('}')
}
