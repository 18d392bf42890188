package schemas

import (
	"encoding/binary"
	"math"
)

// recordVersion is the first byte of a log record on disk. A later version reads
// every earlier one.
const recordVersion = 1

// Bits of the presence byte.
const (
	hasSeq = 1 << iota
	hasItem
	hasMove
	hasCommand
	hasUse
	allPresence = hasSeq | hasItem | hasMove | hasCommand | hasUse
)

// Limits of a decoded record: what a torn or hostile one may make us allocate.
const (
	maxRecordObservations = 1 << 20
	maxRecordString       = 1 << 16
	maxRecordVector       = 1 << 16
)

// AppendBinary appends the record in the log's form: version, kind, provenance,
// presence, then fields in the order of the struct; integers as varints, times
// relative to At, numbers as the bits of a float32, little-endian.
func (r *Record) AppendBinary(b []byte) []byte {
	var presence byte
	for i, there := range [...]bool{r.HasSeq, r.Item != nil, r.Move != nil, r.Command != nil, r.Use != nil} {
		if there {
			presence |= 1 << i
		}
	}
	b = append(b, recordVersion, byte(r.Kind), byte(r.Provenance), presence)
	b = putString(b, r.Patient)
	b = binary.AppendVarint(b, int64(r.At))
	b = binary.AppendVarint(b, r.Play)
	b = binary.AppendVarint(b, int64(r.Available-r.At))
	b = putString(b, r.Source)
	b = append(b, r.TopicIndex)
	if r.HasSeq {
		b = binary.AppendUvarint(b, r.Seq)
	}
	b = binary.LittleEndian.AppendUint64(b, r.Hash)
	b = binary.AppendUvarint(b, uint64(len(r.Observations)))
	for i := range r.Observations {
		o := &r.Observations[i]
		b = binary.AppendUvarint(b, uint64(o.Channel))
		b = append(b, byte(o.Flags))
		b = binary.AppendVarint(b, int64(o.EventTime-r.At))
		b = putFloat(b, o.Value)
		b = putString(b, o.Ref)
	}
	if it := r.Item; it != nil {
		b = binary.AppendVarint(b, int64(it.EventTime-r.At))
		b = putString(b, string(it.State))
		b = putString(b, it.Encoder)
		b = binary.AppendUvarint(b, uint64(len(it.Vector)))
		for _, v := range it.Vector {
			b = putFloat(b, v)
		}
		b = putString(b, it.Ref)
		b = putString(b, it.Label)
	}
	if m := r.Move; m != nil {
		for _, s := range [...]string{m.Stay, m.Unit, m.Bed, m.Cause, m.Other} {
			b = putString(b, s)
		}
		b = m.Statics.appendBinary(b)
	}
	if c := r.Command; c != nil {
		for _, s := range [...]string{c.Verb, c.Alert, c.Actor, c.Reason} {
			b = putString(b, s)
		}
		b = binary.AppendVarint(b, int64(c.Until))
	}
	if u := r.Use; u != nil {
		for _, s := range [...]string{u.Model, u.Policy, u.Encoder} {
			b = putString(b, s)
		}
	}
	return b
}

func (s *Statics) appendBinary(b []byte) []byte {
	var presence byte
	for i, v := range [...]*float32{s.AgeYears, s.HeightCM, s.WeightKG} {
		if v != nil {
			presence |= 1 << i
		}
	}
	if s.Scale2 {
		presence |= 1 << 3
	}
	b = append(b, presence)
	for _, v := range [...]*float32{s.AgeYears, s.HeightCM, s.WeightKG} {
		if v != nil {
			b = putFloat(b, *v)
		}
	}
	for _, v := range [...]string{s.Sex, s.Unit, s.AdmissionType} {
		b = putString(b, v)
	}
	return b
}

func putString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func putFloat(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}
