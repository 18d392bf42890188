package schemas

import (
	"encoding/json"
	"math"
	"slices"
)

// ContentHash tells an event from another where no sequence number does. It is FNV-1a of 64
// bits over topic, patient and the decoded body: everything that was measured, said or
// done, with its times. It leaves out who sent it and when it became available (source,
// seq, available_time), provenance, has_adt and, of data, stay, so that the same thing sent again by
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

// RecordHash is what identifies the content of an event in its log record. The sequence
// number of live observations is not enough, because a sender that was started again counts
// from 1: their hash is that of the observations, which takes a small part of the time that a
// hash of the text would. Everything else has its ContentHash. An event with neither number
// nor event time is told from another of the same content by its arrival, at: a monitor that
// sends the same reading twice has read it twice.
func RecordHash(e *Event, observations []Observation, at Time) uint64 {
	if e.Vitals != nil && e.HasSeq && e.Run == "" {
		untimed := func(o VitalsObservation) bool { return o.EventTime == nil }
		if e.Vitals.EventTime != nil || len(e.Vitals.Values) == 0 && !slices.ContainsFunc(e.Vitals.Observations, untimed) {
			at = 0
		}
		return observationsHash(observations, at)
	}
	h := ContentHash(e)
	if !e.HasSeq && e.EventTime == 0 {
		f := fnv(h)
		f.int(int64(at))
		h = uint64(f)
	}
	return h
}

// observationsHash hashes observations by what they say. Those with the event time arrival,
// if it is not 0, have no time of their own, and are the same when they come again later. It
// is in logs on disk, and never 0.
func observationsHash(observations []Observation, arrival Time) uint64 {
	h := fnvStart
	for i := range observations {
		o := &observations[i]
		h.word(uint64(o.Channel) | uint64(o.Flags)<<16 | uint64(math.Float32bits(o.Value))<<32)
		if at := o.EventTime; at != arrival || arrival == 0 {
			h.word(uint64(at))
		}
		if o.Ref != "" {
			h.string(o.Ref)
		}
	}
	return max(uint64(h), 1)
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

// word takes 64 bits at once. The shift lets high bits count for low ones, which a product
// alone does not.
func (h *fnv) word(v uint64) {
	x := (*h ^ fnv(v)) * fnvPrime
	*h = x ^ x>>32
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
