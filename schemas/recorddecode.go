package schemas

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"github.com/vigil-icu/vigil/schemas/packed"
)

// DecodeRecord reads what AppendBinary wrote, and all of it. A torn record, one of a later
// version, and one with bytes behind its end are errors.
func DecodeRecord(b []byte) (*Record, error) {
	r := new(Record)
	if err := r.Decode(bytes.Clone(b)); err != nil {
		return nil, err
	}
	return r, nil
}

// Decode reads as DecodeRecord does, into r, of which it reuses only Observations. b must not
// change any more, because the strings of a small record are parts of it: a worker that
// reads a hundred thousand records a second need not copy them.
func (r *Record) Decode(b []byte) error {
	var d recordReader
	d.Reset(b)
	if 0 < len(b) && len(b) <= shareLimit {
		d.all = unsafe.String(&b[0], len(b))
	}
	version := d.Byte(math.MaxUint8)
	if version < 1 || version > findingsVersion {
		return fmt.Errorf("log record of version %d: this build reads versions 1 to %d", version, findingsVersion)
	}
	*r = Record{Kind: RecordKind(d.Byte(math.MaxUint8)), Provenance: Provenance(d.Byte(math.MaxUint8)), Observations: r.Observations[:0]}
	presence := d.Byte(math.MaxUint8)
	if r.Kind < KindObservations || r.Kind > KindUnmerge {
		return fmt.Errorf("log record of kind %d: this build knows %d to %d", r.Kind, KindObservations, KindUnmerge)
	}
	if presence&^allPresence != 0 {
		return errors.New("log record: unknown presence bits; it is torn or of a later version")
	}
	r.Patient = d.text()
	r.At = Time(d.Int())
	r.Play = d.Int()
	r.Available = r.At + Time(d.Int())
	r.Source = d.text()
	r.TopicIndex = d.Byte(math.MaxUint8)
	if r.HasSeq = presence&hasSeq != 0; r.HasSeq {
		r.Seq = d.Uint(math.MaxUint64)
	}
	r.Hash = d.Fixed()
	if presence&hasStay != 0 {
		if r.Stay = d.text(); r.Stay == "" {
			d.Fail("a stay without a name")
		}
	}
	if n := d.count(maxRecordObservations, 8); n > 0 {
		r.Observations = slices.Grow(r.Observations, n)[:n]
		for i := range r.Observations {
			o := &r.Observations[i]
			o.Channel, o.Flags = Channel(d.Uint(MaxChannels-1)), Flag(d.Byte(math.MaxUint8))
			o.EventTime = r.At + Time(d.Int())
			o.Value = d.Float()
			o.Ref = d.text()
		}
	}
	if presence&hasItem != 0 {
		r.Item = d.item(r.At)
	}
	if version >= noteVersion {
		d.seen(r.Item, version)
	}
	if presence&hasMove != 0 {
		r.Move = d.move(version)
	}
	if presence&hasCommand != 0 {
		r.Command = &Command{Verb: d.text(), Alert: d.text(), Actor: d.text(), Reason: d.text()}
		r.Command.Until = Time(d.Int())
	}
	if presence&hasUse != 0 {
		r.Use = &Use{Model: d.text(), Policy: d.text(), Encoder: d.text()}
		if presence&hasSettings != 0 {
			if r.Use.Settings = d.text(); r.Use.Settings == "" {
				d.Fail("settings without a text")
			}
		}
	}
	if presence&hasPassedOn != 0 {
		if n := d.count(maxRecordPassedOn, 1); n > 0 {
			r.PassedOn = bytes.Clone(d.Take(n))
		} else {
			d.Fail("nothing is passed on")
		}
	}
	if err := d.End(); err != nil {
		return fmt.Errorf("log record is torn: %w", err)
	}
	return nil
}

// recordReader reads the fields of a record.
type recordReader struct {
	packed.Reader
	all string // of a small record: its strings are parts of one
}

// shareLimit is the largest record, in bytes, whose strings are parts of it. It bounds the
// memory that one string holds on to where it is kept.
const shareLimit = 2048

// count reads how many things follow that take at least size bytes each, at most most.
func (d *recordReader) count(most, size int) int {
	n := d.Count(size)
	if n > most {
		d.Fail("%d is over %d", n, most)
		return 0
	}
	return n
}

func (d *recordReader) text() string {
	part := d.Take(d.count(maxRecordString, 1))
	if len(part) == 0 || d.all == "" {
		return string(part)
	}
	end := len(d.all) - len(d.Rest())
	return d.all[end-len(part) : end]
}

func (d *recordReader) item(at Time) *Item {
	it := &Item{EventTime: at + Time(d.Int()), State: ItemState(d.text()), Encoder: d.text()}
	if n := d.count(maxRecordVector, 4); n > 0 {
		it.Vector = make([]float32, n)
		for i := range it.Vector {
			it.Vector[i] = d.Float()
		}
	}
	it.Ref, it.Label = d.text(), d.text()
	return it
}

// seen reads what an encoder saw in an item, which stands behind it.
func (d *recordReader) seen(it *Item, version byte) {
	if it == nil {
		d.Fail("what was seen in an item, without the item")
		return
	}
	note := true
	if version == findingsVersion {
		n := d.count(MaxFindings, 5)
		if n == 0 {
			d.Fail("findings of which there are none")
			return
		}
		it.Findings = make([]Finding, n)
		for i := range it.Findings {
			if it.Findings[i] = (Finding{d.text(), d.Float()}); it.Findings[i].Name == "" {
				d.Fail("a finding without a name")
			}
		}
		note = d.Bool()
	}
	if note {
		it.Note = d.noteView()
	}
}

func (d *recordReader) move(version byte) *Move {
	m := new(Move)
	if version >= 2 {
		m.At = Time(d.Int())
	}
	for _, s := range [...]*string{&m.Stay, &m.Unit, &m.Bed, &m.Cause, &m.Other} {
		*s = d.text()
	}
	m.Statics = d.statics()
	return m
}

func (d *recordReader) statics() (s Statics) {
	presence := d.Byte(1<<4 - 1)
	for i, v := range [...]**float32{&s.AgeYears, &s.HeightCM, &s.WeightKG} {
		if presence&(1<<i) != 0 {
			f := d.Float()
			*v = &f
		}
	}
	s.Scale2 = presence&(1<<3) != 0
	s.Sex, s.Unit, s.AdmissionType = d.text(), d.text(), d.text()
	return s
}
