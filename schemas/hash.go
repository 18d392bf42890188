package schemas

import "encoding/json"

// fnv is FNV-1a, 64 bits: stable over versions and machines.
type fnv uint64

const fnvStart fnv = 14695981039346656037

func (h *fnv) string(s string) {
	for i := range len(s) {
		*h = (*h ^ fnv(s[i])) * 1099511628211
	}
	*h = (*h ^ 0xff) * 1099511628211 // "ab","c" differs from "a","bc"
}

func (h *fnv) int(v int64) {
	for i := range 8 {
		*h = (*h ^ fnv(byte(v>>(8*i)))) * 1099511628211
	}
}

// ContentHash is what tells an event from another where no sequence does: a hash
// of patient, topic and decoded body, without sender, sequence and the time at
// which it became available.
func ContentHash(e *Event) uint64 {
	h := fnvStart
	h.string(e.Topic)
	h.string(e.Patient)
	if v := e.Vitals; v != nil {
		h.time(v.EventTime)
		for _, name := range sortedKeys(v.Values) {
			h.string(name)
			h.string(string(v.Values[name]))
		}
		for i := range v.Observations {
			o := &v.Observations[i]
			for _, s := range [...]string{o.Channel, o.Code, o.System, o.Text, o.Unit, o.Ref, o.Status} {
				h.string(s)
			}
			if o.Value != nil {
				h.string(string(*o.Value))
			}
			h.time(o.EventTime)
		}
		return uint64(h)
	}
	if s := e.Strip; s != nil {
		h.time(s.EventTime)
		for i, lead := range s.Leads {
			h.string(lead)
			for _, v := range s.Samples[i] {
				h = (h ^ fnv(uint16(v))) * 1099511628211
			}
		}
		return uint64(h)
	}
	head := e.head()
	kept := *head
	*head = Head{Patient: kept.Patient, EventTime: kept.EventTime}
	var body any
	switch {
	case e.Note != nil:
		body = e.Note
	case e.Image != nil:
		body = e.Image
	case e.ADT != nil:
		body = e.ADT
	default:
		body = e.Command
	}
	b, _ := json.Marshal(body) // these structs always marshal
	*head = kept
	h.string(string(b))
	return uint64(h)
}

func (h *fnv) time(t *Time) {
	if t != nil {
		h.int(int64(*t))
	}
}
