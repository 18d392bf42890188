package schemas

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"
)

// DecodeRecord reads what AppendBinary wrote, and all of it: a torn record, one
// of a later version, or one with bytes behind its end is an error.
func DecodeRecord(b []byte) (*Record, error) {
	r := new(Record)
	if err := r.Decode(bytes.Clone(b)); err != nil {
		return nil, err
	}
	return r, nil
}

// Decode reads as DecodeRecord does, into r, of which it reuses only Observations. b
// must not change any more: strings of a small record are parts of it.
func (r *Record) Decode(b []byte) error {
	d := recordDecoder{b: b}
	if 0 < len(b) && len(b) <= shareLimit {
		d.all = unsafe.String(&b[0], len(b))
	}
	if version := d.byte(); version != recordVersion || d.bad {
		return fmt.Errorf("log record of version %d: this build reads version %d", version, recordVersion)
	}
	*r = Record{Kind: RecordKind(d.byte()), Provenance: Provenance(d.byte()), Observations: r.Observations[:0]}
	presence := d.byte()
	if r.Kind < KindObservations || r.Kind > KindGap {
		return fmt.Errorf("log record of kind %d: this build knows %d to %d", r.Kind, KindObservations, KindGap)
	}
	if presence&^allPresence != 0 {
		return errors.New("log record: unknown presence bits; it is torn or of a later version")
	}
	r.Patient = d.string()
	r.At = Time(d.varint())
	r.Play = d.varint()
	r.Available = r.At + Time(d.varint())
	r.Source = d.string()
	r.TopicIndex = d.byte()
	if r.HasSeq = presence&hasSeq != 0; r.HasSeq {
		r.Seq = d.uvarint()
	}
	r.Hash = d.uint64()
	if n := d.count(maxRecordObservations, 8); n > 0 {
		r.Observations = slices.Grow(r.Observations, n)[:n]
		for i := range r.Observations {
			o := &r.Observations[i]
			c := d.uvarint()
			d.bad = d.bad || c >= MaxChannels
			o.Channel, o.Flags = Channel(c), Flag(d.byte())
			o.EventTime = r.At + Time(d.varint())
			o.Value = d.float()
			o.Ref = d.string()
		}
	}
	if presence&hasItem != 0 {
		r.Item = d.item(r.At)
	}
	if presence&hasMove != 0 {
		r.Move = &Move{Stay: d.string(), Unit: d.string(), Bed: d.string(), Cause: d.string(), Other: d.string()}
		r.Move.Statics = d.statics()
	}
	if presence&hasCommand != 0 {
		r.Command = &Command{Verb: d.string(), Alert: d.string(), Actor: d.string(), Reason: d.string()}
		r.Command.Until = Time(d.varint())
	}
	if presence&hasUse != 0 {
		r.Use = &Use{Model: d.string(), Policy: d.string(), Encoder: d.string()}
	}
	if d.bad || len(d.b) > 0 {
		return errors.New("log record is torn: its length does not fit its fields")
	}
	return nil
}

// recordDecoder takes fields from the front of b; once something is missing, bad
// stays set and all further fields are zero.
type recordDecoder struct {
	b   []byte
	bad bool
	all string // of a small record: its strings are parts of one
}

// shareLimit bounds what one string that is kept can hold on to.
const shareLimit = 2048

func (d *recordDecoder) take(n int) []byte {
	if d.bad || n > len(d.b) {
		d.bad = true
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *recordDecoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *recordDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *recordDecoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count reads a length whose elements take at least size bytes each.
func (d *recordDecoder) count(most, size int) int {
	n := d.uvarint()
	if n > uint64(most) || n*uint64(size) > uint64(len(d.b)) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *recordDecoder) string() string {
	part := d.take(d.count(maxRecordString, 1))
	if len(part) == 0 || d.all == "" {
		return string(part)
	}
	end := len(d.all) - len(d.b)
	return d.all[end-len(part) : end]
}

func (d *recordDecoder) float() float32 {
	if b := d.take(4); b != nil {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (d *recordDecoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (d *recordDecoder) item(at Time) *Item {
	it := &Item{EventTime: at + Time(d.varint()), State: ItemState(d.string()), Encoder: d.string()}
	if n := d.count(maxRecordVector, 4); n > 0 {
		it.Vector = make([]float32, n)
		for i := range it.Vector {
			it.Vector[i] = d.float()
		}
	}
	it.Ref, it.Label = d.string(), d.string()
	return it
}

func (d *recordDecoder) statics() (s Statics) {
	presence := d.byte()
	for i, v := range [...]**float32{&s.AgeYears, &s.HeightCM, &s.WeightKG} {
		if presence&(1<<i) != 0 {
			f := d.float()
			*v = &f
		}
	}
	s.Scale2 = presence&(1<<3) != 0
	d.bad = d.bad || presence>>4 != 0
	s.Sex, s.Unit, s.AdmissionType = d.string(), d.string(), d.string()
	return s
}
