package monitor

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
	"github.com/vigil-icu/vigil/window"
)

// patientVersion is the first byte of a patient's stored state. Whoever changes the form, or
// what a window holds, gives it a new one; a store that was written in another form is rebuilt
// from the log.
const patientVersion = 9

// LoadPartition makes a partition of what a store holds of it. Of the windows it needs only
// the lengths: before a record is stepped, Wants says which of their chunks must be read.
// An error says what is wrong with the stored bytes, and names no patient, since it goes into
// logs; the store's partition is then to be reset and rebuilt from the log.
func (m *Monitor) LoadPartition(stored *window.StoredPartition) (*Partition, error) {
	s := NewPartition()
	s.keepWhole = m.readsObservations()
	for i := range stored.Patients {
		v := &stored.Patients[i]
		p := newPatient(v.Patient, 0)
		u, err := p.decode(v.State)
		if err != nil {
			return nil, fmt.Errorf("patient %d of %d: %w", i+1, len(stored.Patients), err)
		}
		// Each patient carries what the log had said when it was written: the newest counts.
		lost := s.use.gap
		if u.gap.at > lost.at || u.gap.at == lost.at && u.gap.until > lost.until {
			lost = u.gap
		}
		if u.at > s.use.at {
			s.use = u
		}
		s.use.gap = lost
		if p.window, err = window.Open(v.Lens); err != nil {
			return nil, fmt.Errorf("patient %d of %d: %w", i+1, len(stored.Patients), err)
		}
		if p.clock != never {
			p.window.Advance(p.clock)
		}
		p.refresh(m.Policy)
		s.patients[p.id] = p
		s.unread = append(s.unread, p)
		s.listOpen(p, p.stay.open)
		if !p.bound {
			s.liveClock = max(s.liveClock, p.clock)
		}
	}
	return s, nil
}

// append appends the patient's stored state: all but the window, whose chunks the store
// keeps by themselves, and with it what the log says of the whole partition, which has no
// other place in the store. Numbers are variable-length integers, times milliseconds.
func (p *patient) append(b []byte, u *use) []byte {
	b = append(b, patientVersion)
	b = packed.AppendInt(b, int64(p.clock))
	b = packed.AppendInt(b, int64(p.heardAt))
	b = packed.AppendUint(b, p.logN)
	b = packed.AppendUint(b, p.outputN)
	b = append(b, packFlags(p.governed, p.gap, p.bound, p.corrected, p.stay.open, p.stay.implicit, p.numberingGap, p.previousGap))
	b = packed.AppendInt(b, int64(p.lastEnd))
	b = packed.AppendInt(b, p.numberingFrom)
	b = packed.AppendInt(b, p.previousFrom)
	b = packed.AppendInt(b, p.beforeFrom)
	b = packed.AppendInt(b, p.lastFrom)
	b = packed.AppendInt(b, p.latestOffset)
	b = packed.AppendInt(b, p.playOffset)
	b = packed.AppendInt(b, int64(p.scoredAt))
	b = packed.AppendInt(b, int64(p.held))
	b = packed.AppendInt(b, int64(p.nextHour))
	b = packed.AppendString(b, p.lastStay)
	b = packed.AppendString(b, p.ended)
	b = packed.AppendString(b, p.into)
	b = packed.AppendInt(b, p.intoFrom)
	b = packed.AppendUint(b, p.reopened)
	if p.stay.open {
		b = p.stay.append(b)
		b = p.alerts.Append(b)
	}
	b = append(b, packFlags(p.closed != nil, p.beforeGap))
	if p.closed != nil {
		b = p.closed.append(b)
	}
	for i := range p.modalities {
		b = p.modalities[i].append(b)
	}
	b = p.readings.append(b)
	b = p.since.append(b)
	b = packed.AppendUint(b, uint64(len(p.origins)))
	for i := range p.origins {
		b = p.origins[i].append(b)
	}
	b = packed.AppendInt(b, u.at)
	b = packed.AppendString(b, u.model)
	b = packed.AppendString(b, u.policy)
	b = packed.AppendInt(b, u.gap.at)
	return packed.AppendInt(b, int64(u.gap.until))
}

// decode reads what append wrote into a new patient, and returns what the log said of the
// partition when the patient was last written.
func (p *patient) decode(b []byte) (use, error) {
	r := packed.NewReader(b)
	if v := r.Byte(math.MaxUint8); v != patientVersion && r.Err() == nil {
		r.Fail("patient state of version %d, this program reads %d", v, patientVersion)
	}
	p.clock = schemas.Time(r.Int())
	p.heardAt = schemas.Time(r.Int())
	p.logN = r.Uint(math.MaxUint32)
	p.outputN = r.Uint(math.MaxUint64)
	flags := r.Byte(math.MaxUint8)
	p.governed, p.gap, p.bound, p.corrected = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	p.stay.open, p.stay.implicit = flags&16 != 0, flags&32 != 0
	p.numberingGap, p.previousGap = flags&64 != 0, flags&128 != 0
	p.lastEnd = schemas.Time(r.Int())
	p.numberingFrom = r.Int()
	p.previousFrom = r.Int()
	p.beforeFrom = r.Int()
	p.lastFrom = r.Int()
	p.latestOffset = r.Int()
	p.playOffset = r.Int()
	p.scoredAt = schemas.Time(r.Int())
	p.held = schemas.Time(r.Int())
	p.nextHour = schemas.Time(r.Int())
	p.lastStay = r.String()
	p.ended = r.String()
	p.into = r.String()
	p.intoFrom = r.Int()
	p.reopened = r.Uint(math.MaxUint64)
	if p.stay.open {
		p.stay.decode(r)
		p.alerts.Decode(r)
	}
	more := r.Byte(1<<2 - 1)
	p.beforeGap = more&2 != 0
	if more&1 != 0 {
		p.closed = new(closed)
		p.closed.decode(r)
	}
	for i := range p.modalities {
		p.modalities[i].decode(r)
	}
	p.readings.decode(r)
	p.since.decode(r)
	for range r.Count(1) {
		s := new(origin)
		s.decode(r)
		if r.Err() != nil {
			break
		}
		p.origins = append(p.origins, s)
	}
	u := use{at: r.Int(), model: r.String(), policy: r.String(), gap: gap{at: r.Int(), until: schemas.Time(r.Int())}}
	if err := r.End(); err != nil {
		return u, fmt.Errorf("broken state: %w", err)
	}
	return u, nil
}

// packFlags packs up to eight flags into a byte, the first into the lowest bit.
func packFlags(flags ...bool) (b byte) {
	for i, f := range flags {
		if f {
			b |= 1 << i
		}
	}
	return b
}

// append appends an open stay. Whether it is open and implicit stands in the patient's
// flags.
func (s *stay) append(b []byte) []byte {
	b = packed.AppendString(b, s.id)
	b = packed.AppendString(b, s.announced)
	b = packed.AppendString(b, s.origin)
	b = packed.AppendInt(b, int64(s.start))
	b = packed.AppendInt(b, int64(s.viewFrom))
	b = packed.AppendInt(b, int64(s.heardAt))
	b = packed.AppendString(b, s.unit)
	b = packed.AppendString(b, s.bed)
	b = append(b, byte(s.provenance))
	st := &s.statics
	b = append(b, packFlags(st.AgeYears != nil, st.HeightCM != nil, st.WeightKG != nil, st.Scale2, s.late))
	for _, v := range []*float32{st.AgeYears, st.HeightCM, st.WeightKG} {
		if v != nil {
			b = packed.AppendFloat(b, *v)
		}
	}
	b = packed.AppendString(b, st.Sex)
	b = packed.AppendString(b, st.Unit)
	return packed.AppendString(b, st.AdmissionType)
}

// decode reads what append wrote.
func (s *stay) decode(r *packed.Reader) {
	s.id = r.String()
	s.announced = r.String()
	s.origin = r.String()
	s.start = schemas.Time(r.Int())
	s.viewFrom = schemas.Time(r.Int())
	s.heardAt = schemas.Time(r.Int())
	s.unit = r.String()
	s.bed = r.String()
	s.provenance = schemas.Provenance(r.Byte(math.MaxUint8))
	st := &s.statics
	flags := r.Byte(1<<5 - 1)
	st.Scale2, s.late = flags&8 != 0, flags&16 != 0
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

// itemStates are the states of an item by the byte that is stored for each.
var itemStates = [...]schemas.ItemState{schemas.Absent, schemas.Unusable, schemas.Present}

// append appends a modality with its history. The first layers of the items are left out:
// they can be computed again.
func (m *modality) append(b []byte) []byte {
	b = appendState(b, m.state)
	b = packed.AppendInt(b, int64(m.newestAt))
	b = packed.AppendUint(b, uint64(len(m.items)))
	for i := range m.items {
		item := &m.items[i]
		b = packed.AppendInt(b, int64(item.At))
		b = appendState(b, item.State)
		b = packed.AppendString(b, item.Encoder)
		b = packed.AppendUint(b, uint64(len(item.Vector)))
		for _, v := range item.Vector {
			b = packed.AppendFloat(b, v)
		}
		b = packed.AppendUint(b, uint64(len(item.Words)))
		last := -1
		for _, w := range item.Words {
			b = append(packed.AppendUint(b, uint64(int(w.Bucket)-last-1)), w.Count)
			last = int(w.Bucket)
		}
	}
	return b
}

// appendState appends the byte of a state; of an unknown one that of Absent.
func appendState(b []byte, state schemas.ItemState) []byte {
	return append(b, byte(max(0, slices.Index(itemStates[:], state))))
}

// decode reads what append wrote. It fails on more items than are kept, since memory for
// them would be at the mercy of a damaged store.
func (m *modality) decode(r *packed.Reader) {
	m.state = decodeState(r)
	m.newestAt = schemas.Time(r.Int())
	n := r.Count(1)
	if n > encoders.KeptItems {
		r.Fail("%d items, at most %d are kept", n, encoders.KeptItems)
	}
	for range n {
		item := encoders.KeptItem{At: schemas.Time(r.Int()), State: decodeState(r), Encoder: r.String()}
		if n := limited(r, 4, encoders.MaxVector); n > 0 {
			item.Vector = make([]float32, n)
			for i := range item.Vector {
				item.Vector[i] = r.Float()
			}
		}
		if n := limited(r, 2, encoders.MaxWords); n > 0 {
			item.Words = make([]schemas.NoteFeature, n)
			bucket := uint64(0)
			for i := range item.Words {
				bucket += r.Uint(1<<16 - 1)
				if bucket >= 1<<16 {
					r.Fail("bucket %d of a word is over %d", bucket, 1<<16-1)
					return
				}
				item.Words[i] = schemas.NoteFeature{Bucket: uint16(bucket), Count: r.Byte(math.MaxUint8)}
				bucket++
			}
		}
		if r.Err() != nil {
			return
		}
		m.items = append(m.items, item)
	}
}

// limited reads how many things of at least size bytes follow, at most most of them.
func limited(r *packed.Reader, size, most int) int {
	n := r.Count(size)
	if n > most {
		r.Fail("%d things, at most %d are kept", n, most)
		return 0
	}
	return n
}

// decodeState reads the byte of a state.
func decodeState(r *packed.Reader) schemas.ItemState {
	return itemStates[r.Byte(byte(len(itemStates)-1))]
}

// append appends the readings, input by input in the order of alerts.Inputs.
func (r *readings) append(b []byte) []byte {
	b = packed.AppendUint(b, r.arrivals)
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

// decode reads what append wrote.
func (r *readings) decode(in *packed.Reader) {
	r.arrivals = in.Uint(math.MaxUint64)
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

// append appends an origin: which of its numbers came with their hashes, then its hashes from
// the oldest on.
func (s *origin) append(b []byte) []byte {
	b = packed.AppendString(b, s.source)
	b = append(b, s.topic)
	b = packed.AppendUint(b, s.highest)
	b = packed.AppendUint(b, s.late)
	var came uint64
	for i, h := range s.seen {
		if h != 0 {
			came |= 1 << i
		}
	}
	b = packed.AppendFixed(b, came)
	for _, h := range s.seen {
		if h != 0 {
			b = binary.LittleEndian.AppendUint32(b, h)
		}
	}
	b = packed.AppendBool(b, s.hashesDropped)
	b = packed.AppendUint(b, uint64(s.pastHashes))
	b = packed.AppendUint(b, s.pastHighest)
	b = packed.AppendUint(b, uint64(len(s.hashes)))
	for _, h := range s.hashes {
		b = packed.AppendFixed(b, h)
	}
	return b
}

// decode reads what append wrote. It fails on more hashes than are kept, and on a number
// that came without a hash.
func (s *origin) decode(r *packed.Reader) {
	s.source = r.String()
	s.topic = r.Byte(math.MaxUint8)
	s.highest = r.Uint(math.MaxUint64)
	s.late = r.Uint(math.MaxUint64)
	came := r.Fixed()
	for i := range s.seen {
		if came&(1<<i) == 0 {
			continue
		}
		if s.seen[i] = decodeWord(r); s.seen[i] == 0 {
			r.Fail("a number that came without a hash")
			return
		}
	}
	s.hashesDropped = r.Bool()
	s.pastHashes = int(r.Uint(keptHashes))
	s.pastHighest = r.Uint(math.MaxUint64)
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

// decodeWord reads 32 bits.
func decodeWord(r *packed.Reader) uint32 {
	if b := r.Take(4); len(b) == 4 {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
