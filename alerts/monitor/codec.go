package monitor

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
	"github.com/vigil-icu/vigil/window"
)

// patientVersion is the first byte of a patient's state. A change of the form
// gets a new one; a store written by another is rebuilt from the log.
const patientVersion = 3

// LoadPartition makes a partition of what a store holds of it, of the windows only
// the lengths: before a record is stepped, Wants says what of them is to be read.
// An error says which patient and what is wrong; the mend is to reset the store's
// partition and to rebuild it from the log.
func (m *Monitor) LoadPartition(stored *window.StoredPartition) (*Partition, error) {
	s := NewPartition()
	s.whole = m.whole()
	for i := range stored.Patients {
		v := &stored.Patients[i]
		p := newPatient(v.Patient, 0)
		u, err := p.decode(v.State)
		if err != nil {
			return nil, fmt.Errorf("patient %q: %w", v.Patient, err)
		}
		lost := s.use.gap
		if u.gap.at > lost.at || u.gap.at == lost.at && u.gap.until > lost.until {
			lost = u.gap
		}
		if u.at > s.use.at {
			s.use = u
		}
		s.use.gap = lost
		if p.window, err = window.Open(v.Lens); err != nil {
			return nil, fmt.Errorf("patient %q: %w", v.Patient, err)
		}
		if p.clock != never {
			p.window.Advance(p.clock)
		}
		p.refresh(m.Policy)
		s.patients[p.id] = p
		s.unread = append(s.unread, p)
		s.setOpen(p, p.stay.open)
		if !p.bound {
			s.live = max(s.live, p.clock)
		}
	}
	return s, nil
}

// append appends the patient's state, all but the window, and what the log asks for
// at the time: it has no other place in the store.
func (p *patient) append(b []byte, u *use) []byte {
	b = append(b, patientVersion)
	b = packed.AppendInt(b, int64(p.clock))
	b = packed.AppendUint(b, p.logN)
	b = packed.AppendUint(b, p.n)
	b = append(b, bits(p.governed, p.gap, p.bound, p.corrected, p.stay.open, p.stay.implicit, p.touched[0], p.touched[1]))
	b = packed.AppendInt(b, int64(p.last))
	b = packed.AppendInt(b, p.need)
	b = packed.AppendInt(b, p.before)
	b = packed.AppendInt(b, p.latest)
	b = packed.AppendInt(b, p.offset)
	b = packed.AppendInt(b, int64(p.scored))
	b = packed.AppendInt(b, int64(p.held))
	b = packed.AppendInt(b, int64(p.hour))
	b = packed.AppendString(b, p.ended)
	b = packed.AppendUint(b, p.again)
	if p.stay.open {
		b = p.stay.append(b)
		b = p.alerts.Append(b)
	}
	for i := range p.modalities {
		b = p.modalities[i].append(b)
	}
	b = p.readings.append(b)
	b = packed.AppendUint(b, uint64(len(p.senders)))
	for i := range p.senders {
		b = p.senders[i].append(b)
	}
	b = packed.AppendInt(b, u.at)
	b = packed.AppendString(b, u.model)
	b = packed.AppendString(b, u.policy)
	b = packed.AppendInt(b, u.gap.at)
	return packed.AppendInt(b, int64(u.gap.until))
}

func (p *patient) decode(b []byte) (use, error) {
	r := packed.NewReader(b)
	if v := r.Byte(math.MaxUint8); v != patientVersion && r.Err() == nil {
		r.Fail("patient state of version %d, this program reads %d", v, patientVersion)
	}
	p.clock = schemas.Time(r.Int())
	p.logN = r.Uint(math.MaxUint32)
	p.n = r.Uint(math.MaxUint64)
	flags := r.Byte(math.MaxUint8)
	p.governed, p.gap, p.bound, p.corrected = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	p.stay.open, p.stay.implicit = flags&16 != 0, flags&32 != 0
	p.touched = [2]bool{flags&64 != 0, flags&128 != 0}
	p.last = schemas.Time(r.Int())
	p.need = r.Int()
	p.before = r.Int()
	p.latest = r.Int()
	p.offset = r.Int()
	p.scored = schemas.Time(r.Int())
	p.held = schemas.Time(r.Int())
	p.hour = schemas.Time(r.Int())
	p.ended = r.String()
	p.again = r.Uint(math.MaxUint64)
	if p.stay.open {
		p.stay.decode(r)
		p.alerts.Decode(r)
	}
	for i := range p.modalities {
		p.modalities[i].decode(r)
	}
	p.readings.decode(r)
	for range r.Count(1) {
		var s sender
		s.decode(r)
		if r.Err() != nil {
			break
		}
		p.senders = append(p.senders, s)
	}
	u := use{at: r.Int(), model: r.String(), policy: r.String(), gap: gap{at: r.Int(), until: schemas.Time(r.Int())}}
	if err := r.End(); err != nil {
		return u, fmt.Errorf("broken state: %w", err)
	}
	return u, nil
}

// bits packs flags, the first lowest.
func bits(flags ...bool) (b byte) {
	for i, f := range flags {
		if f {
			b |= 1 << i
		}
	}
	return b
}

func (s *stay) append(b []byte) []byte {
	b = packed.AppendString(b, s.id)
	b = packed.AppendString(b, s.alias)
	b = packed.AppendInt(b, int64(s.start))
	b = packed.AppendInt(b, int64(s.from))
	b = packed.AppendInt(b, int64(s.heard))
	b = packed.AppendString(b, s.unit)
	b = packed.AppendString(b, s.bed)
	b = append(b, byte(s.provenance))
	st := &s.statics
	b = append(b, bits(st.AgeYears != nil, st.HeightCM != nil, st.WeightKG != nil, st.Scale2))
	for _, v := range []*float32{st.AgeYears, st.HeightCM, st.WeightKG} {
		if v != nil {
			b = packed.AppendFloat(b, *v)
		}
	}
	b = packed.AppendString(b, st.Sex)
	b = packed.AppendString(b, st.Unit)
	return packed.AppendString(b, st.AdmissionType)
}

func (s *stay) decode(r *packed.Reader) {
	s.id = r.String()
	s.alias = r.String()
	s.start = schemas.Time(r.Int())
	s.from = schemas.Time(r.Int())
	s.heard = schemas.Time(r.Int())
	s.unit = r.String()
	s.bed = r.String()
	s.provenance = schemas.Provenance(r.Byte(math.MaxUint8))
	st := &s.statics
	flags := r.Byte(1<<4 - 1)
	st.Scale2 = flags&8 != 0
	for i, v := range []**float32{&st.AgeYears, &st.HeightCM, &st.WeightKG} {
		if flags&(1<<i) != 0 {
			f := r.Float()
			*v = &f
		}
	}
	st.Sex = r.String()
	st.Unit = r.String()
	st.AdmissionType = r.String()
}

var itemStates = [...]schemas.ItemState{schemas.Absent, schemas.Unusable, schemas.Present}

func (m *modality) append(b []byte) []byte {
	b = appendState(b, m.state)
	b = packed.AppendInt(b, int64(m.newest))
	b = packed.AppendUint(b, uint64(len(m.items)))
	for i := range m.items {
		item := &m.items[i]
		b = packed.AppendInt(b, int64(item.At))
		b = appendState(b, item.State)
		b = packed.AppendUint(b, uint64(len(item.Vector)))
		for _, v := range item.Vector {
			b = packed.AppendFloat(b, v)
		}
	}
	return b
}

func appendState(b []byte, state schemas.ItemState) []byte {
	return append(b, byte(max(0, slices.Index(itemStates[:], state))))
}

func (m *modality) decode(r *packed.Reader) {
	m.state = decodeState(r)
	m.newest = schemas.Time(r.Int())
	n := r.Count(1)
	if n > encoders.KeptItems {
		r.Fail("%d items, at most %d are kept", n, encoders.KeptItems)
	}
	for range n {
		item := encoders.KeptItem{At: schemas.Time(r.Int()), State: decodeState(r)}
		for range r.Count(1) {
			if r.Err() != nil {
				return
			}
			item.Vector = append(item.Vector, r.Float())
		}
		if r.Err() != nil {
			return
		}
		m.items = append(m.items, item)
	}
}

func decodeState(r *packed.Reader) schemas.ItemState {
	return itemStates[r.Byte(byte(len(itemStates)-1))]
}

func (r *readings) append(b []byte) []byte {
	b = packed.AppendUint(b, r.next)
	for i := range r.inputs {
		l := &r.inputs[i]
		b = append(b, byte(len(l.kept)))
		b = packed.AppendInt(b, int64(l.floor))
		for j := range l.kept {
			k := &l.kept[j]
			b = packed.AppendInt(b, int64(k.at))
			b = packed.AppendUint(b, k.order)
			b = packed.AppendFloat(b, k.value)
			b = append(b, byte(k.flags))
			b = packed.AppendString(b, k.ref)
		}
	}
	return b
}

func (r *readings) decode(in *packed.Reader) {
	r.next = in.Uint(math.MaxUint64)
	for i := range r.inputs {
		l := &r.inputs[i]
		n := in.Byte(keptReadings)
		l.floor = schemas.Time(in.Int())
		for range n {
			l.kept = append(l.kept, reading{
				at: schemas.Time(in.Int()), order: in.Uint(math.MaxUint64), value: in.Float(),
				flags: schemas.Flag(in.Byte(math.MaxUint8)), ref: in.String(),
			})
		}
	}
}

func (s *sender) append(b []byte) []byte {
	b = packed.AppendString(b, s.source)
	b = append(b, s.topic)
	b = packed.AppendUint(b, s.high)
	b = packed.AppendFixed(b, s.seen)
	b = packed.AppendBool(b, s.full)
	b = packed.AppendUint(b, uint64(len(s.hashes)))
	for _, h := range s.hashes {
		b = packed.AppendFixed(b, h)
	}
	return b
}

func (s *sender) decode(r *packed.Reader) {
	s.source = r.String()
	s.topic = r.Byte(math.MaxUint8)
	s.high = r.Uint(math.MaxUint64)
	s.seen = r.Fixed()
	s.full = r.Bool()
	n := r.Count(1)
	if n > keptHashes {
		r.Fail("%d hashes, at most %d are kept", n, keptHashes)
	}
	for range n {
		if r.Err() != nil {
			return
		}
		s.hashes = append(s.hashes, r.Fixed())
	}
}
