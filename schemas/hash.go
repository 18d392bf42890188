package schemas

import (
	"encoding/json"
	"math"
	"slices"
)

// ContentHash tells an event from another where no sequence number does. It is FNV-1a of 64
// bits over topic, patient and the decoded body: everything that was measured, said or
// done, with its times. It leaves out who sent it and when it became available (source,
// seq, available_time), provenance and has_adt, so that the same thing sent again by
// another way is the same. Numbers go in as they are written: 93 is not 93.0. The hash is in
// logs on disk, so it must stay the same over versions and machines.
func ContentHash(e *Event) uint64 {
	h := fnvStart
	h.string(e.Topic)
	h.string(e.Patient)
	h.time(e.head().EventTime)
	switch {
	case e.Vitals != nil:
		h.vitals(e.Vitals)
	case e.Strip != nil:
		h.strip(e.Strip)
	case e.Note != nil:
		body := *e.Note
		body.Head = Head{}
		h.json(&body)
	case e.Image != nil:
		body := *e.Image
		body.Head = Head{}
		h.json(&body)
	case e.ADT != nil:
		body := *e.ADT
		body.Head = Head{}
		h.json(&body)
	case e.Command != nil:
		body := *e.Command
		body.Head = Head{}
		h.json(&body)
	}
	return uint64(h)
}

// RecordHash is the ContentHash of an event for its log record. It is 0 for live
// observations with a sequence number: the number identifies them, and where it is too old
// to tell, the window of observations does. Hashing each message of every monitor would
// take longer than the rest of reading it.
func RecordHash(e *Event) uint64 {
	if e.Vitals != nil && e.HasSeq && e.Run == "" {
		return 0
	}
	return ContentHash(e)
}

// fnv is a running hash by FNV-1a (Fowler, Noll and Vo), with the offset basis and the prime
// of 64 bits.
type fnv uint64

const (
	fnvStart fnv = 14695981039346656037
	fnvPrime fnv = 1099511628211
)

// vitals takes values by name, since JSON keeps no order of them, and observations in the
// order in which they stand.
func (h *fnv) vitals(v *Vitals) {
	h.int(int64(len(v.Values)))
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
		if o.Problem != nil {
			h.string(o.Problem.Found)
		}
		h.time(o.EventTime)
	}
}

func (h *fnv) strip(s *Strip) {
	h.int(int64(math.Float64bits(s.RateHz)))
	h.int(int64(math.Float64bits(s.Gain)))
	for i, lead := range s.Leads {
		h.string(lead)
		for _, v := range s.Samples[i] {
			*h = (*h ^ fnv(uint16(v))) * fnvPrime
		}
	}
}

func (h *fnv) json(body any) {
	b, _ := json.Marshal(body) // what was decoded always marshals
	h.string(string(b))
}

func (h *fnv) string(s string) {
	for i := range len(s) {
		*h = (*h ^ fnv(s[i])) * fnvPrime
	}
	*h = (*h ^ 0xff) * fnvPrime // "ab","c" differs from "a","bc"
}

func (h *fnv) int(v int64) {
	for i := range 8 {
		*h = (*h ^ fnv(byte(v>>(8*i)))) * fnvPrime
	}
}

// time tells a missing time from the epoch.
func (h *fnv) time(t *Time) {
	if t == nil {
		*h = (*h ^ 0xfe) * fnvPrime
		return
	}
	h.int(int64(*t))
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
