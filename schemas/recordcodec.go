package schemas

import "github.com/vigil-icu/vigil/schemas/packed"

// recordVersion is the first byte of a log record on disk. A later version of the program
// must read every earlier one, since the log is the truth and is never rewritten. Version 1
// has no time of a movement and no stay of data. Version 3 is version 2 with what an encoder
// saw in a note behind its item; a record without that is written as version 2. Version 4 has
// findings behind the item, and then a byte that says whether the view of a note follows.
const (
	recordVersion   = 2
	noteVersion     = 3
	findingsVersion = 4
)

// The presence byte says which of the optional fields follow. A bit that is not known is an
// error, so that an older program does not misread a newer record.
const (
	hasSeq = 1 << iota
	hasItem
	hasMove
	hasCommand
	hasUse
	hasStay
	hasPassedOn
	hasSettings
	allPresence = hasSeq | hasItem | hasMove | hasCommand | hasUse | hasStay | hasPassedOn | hasSettings
)

// Limits of a decoded record bound what a torn or hostile one can make the reader allocate.
const (
	maxRecordObservations = 1 << 20
	maxRecordString       = 1 << 16
	maxRecordVector       = 1 << 16
	maxRecordPassedOn     = 1 << 19
)

// AppendBinary appends the record in the log's form: version, kind, provenance and presence,
// then fields in the order of the struct. Integers are varints, times are relative to At,
// which keeps them to a few bytes, and numbers are the bits of a float32, little-endian. The
// same record always gives the same bytes.
func (r *Record) AppendBinary(b []byte) []byte {
	var presence byte
	for i, there := range [...]bool{r.HasSeq, r.Item != nil, r.Move != nil, r.Command != nil, r.Use != nil, r.Stay != "", len(r.PassedOn) > 0, r.Use != nil && r.Use.Settings != ""} {
		if there {
			presence |= 1 << i
		}
	}
	version := byte(recordVersion)
	switch {
	case r.Item == nil:
	case len(r.Item.Findings) > 0:
		version = findingsVersion
	case r.Item.Note != nil:
		version = noteVersion
	}
	b = append(b, version, byte(r.Kind), byte(r.Provenance), presence)
	b = packed.AppendString(b, r.Patient)
	b = packed.AppendInt(b, int64(r.At))
	b = packed.AppendInt(b, r.Play)
	b = packed.AppendInt(b, int64(r.Available-r.At))
	b = packed.AppendString(b, r.Source)
	b = append(b, r.TopicIndex)
	if r.HasSeq {
		b = packed.AppendUint(b, r.Seq)
	}
	b = packed.AppendFixed(b, r.Hash)
	if r.Stay != "" {
		b = packed.AppendString(b, r.Stay)
	}
	b = packed.AppendUint(b, uint64(len(r.Observations)))
	for i := range r.Observations {
		o := &r.Observations[i]
		b = packed.AppendUint(b, uint64(o.Channel))
		b = append(b, byte(o.Flags))
		b = packed.AppendInt(b, int64(o.EventTime-r.At))
		b = packed.AppendFloat(b, o.Value)
		b = packed.AppendString(b, o.Ref)
	}
	if it := r.Item; it != nil {
		b = packed.AppendInt(b, int64(it.EventTime-r.At))
		b = packed.AppendString(b, string(it.State))
		b = packed.AppendString(b, it.Encoder)
		b = packed.AppendUint(b, uint64(len(it.Vector)))
		for _, v := range it.Vector {
			b = packed.AppendFloat(b, v)
		}
		b = packed.AppendString(b, it.Ref)
		b = packed.AppendString(b, it.Label)
		if version == findingsVersion {
			b = packed.AppendUint(b, uint64(len(it.Findings)))
			for _, f := range it.Findings {
				b = packed.AppendString(b, f.Name)
				b = packed.AppendFloat(b, f.Value)
			}
			b = packed.AppendBool(b, it.Note != nil)
		}
		if it.Note != nil {
			b = it.Note.appendBinary(b)
		}
	}
	if m := r.Move; m != nil {
		b = packed.AppendInt(b, int64(m.At))
		for _, s := range [...]string{m.Stay, m.Unit, m.Bed, m.Cause, m.Other} {
			b = packed.AppendString(b, s)
		}
		b = m.Statics.appendBinary(b)
	}
	if c := r.Command; c != nil {
		for _, s := range [...]string{c.Verb, c.Alert, c.Actor, c.Reason} {
			b = packed.AppendString(b, s)
		}
		b = packed.AppendInt(b, int64(c.Until))
	}
	if u := r.Use; u != nil {
		for _, s := range [...]string{u.Model, u.Policy, u.Encoder} {
			b = packed.AppendString(b, s)
		}
		if u.Settings != "" {
			b = packed.AppendString(b, u.Settings)
		}
	}
	if len(r.PassedOn) > 0 {
		b = packed.AppendUint(b, uint64(len(r.PassedOn)))
		b = append(b, r.PassedOn...)
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
			b = packed.AppendFloat(b, *v)
		}
	}
	for _, v := range [...]string{s.Sex, s.Unit, s.AdmissionType} {
		b = packed.AppendString(b, v)
	}
	return b
}
