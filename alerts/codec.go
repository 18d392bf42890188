package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

// stateVersion is the first byte of an encoded State. A change of the form
// gets a new one, and Decode keeps reading the old.
const stateVersion = 1

// Append appends the state's binary form.
func (s *State) Append(b []byte) []byte {
	b = append(b, stateVersion)
	b = packed.AppendBool(b, s.open)
	b = packed.AppendString(b, s.Patient)
	b = packed.AppendString(b, s.Stay)
	b = packed.AppendInt(b, int64(s.lastData))
	b = packed.AppendBool(b, s.scored)
	b = packed.AppendString(b, s.scoreID)
	for _, p := range s.points {
		b = append(b, byte(p+1))
	}
	b = packed.AppendBool(b, s.partial)
	b = packed.AppendUint(b, uint64(len(s.episodes)))
	for i := range s.episodes {
		b = s.episodes[i].append(b)
	}
	return b
}

func (e *episode) append(b []byte) []byte {
	b = packed.AppendString(b, e.task)
	b = packed.AppendUint(b, uint64(e.count))
	b = append(b, byte(e.level))
	b = packed.AppendString(b, e.id)
	b = packed.AppendUint(b, uint64(e.revision))
	b = packed.AppendFloat(b, e.value)
	b = packed.AppendInt(b, int64(e.quiet))
	b = packed.AppendInt(b, int64(e.told))
	b = packed.AppendBool(b, e.known)
	b = packed.AppendFloat(b, e.seen)
	b = packed.AppendBool(b, e.three)
	for _, since := range e.since {
		b = packed.AppendInt(b, int64(since))
	}
	b = packed.AppendInt(b, int64(e.low))
	b = packed.AppendBool(b, e.acknowledged)
	b = packed.AppendInt(b, int64(e.snoozed))
	b = packed.AppendString(b, e.verdict)
	return append(b, byte(severityRank(e.severity)))
}

// Decode reads what Append wrote from r; the error, if any, is r's.
func (s *State) Decode(r *packed.Reader) {
	if v := r.Byte(stateVersion); v != stateVersion && r.Err() == nil {
		r.Fail("alert state of version %d, this program reads %d", v, stateVersion)
	}
	s.open = r.Bool()
	s.Patient = r.String()
	s.Stay = r.String()
	s.lastData = schemas.Time(r.Int())
	s.scored = r.Bool()
	s.scoreID = r.String()
	for i := range s.points {
		s.points[i] = int8(r.Byte(4)) - 1
	}
	s.partial = r.Bool()
	n := r.Count(1)
	s.episodes = nil
	for range n {
		var e episode
		e.decode(r)
		if r.Err() != nil {
			return
		}
		s.episodes = append(s.episodes, e)
	}
}

func (e *episode) decode(r *packed.Reader) {
	e.task = r.String()
	e.count = uint32(r.Uint(1<<32 - 1))
	e.level = int(r.Byte(maxLevels))
	e.id = r.String()
	e.revision = int(r.Uint(1 << 40))
	e.value = r.Float()
	e.quiet = schemas.Time(r.Int())
	e.told = schemas.Time(r.Int())
	e.known = r.Bool()
	e.seen = r.Float()
	e.three = r.Bool()
	for i := range e.since {
		e.since[i] = schemas.Time(r.Int())
	}
	e.low = schemas.Time(r.Int())
	e.acknowledged = r.Bool()
	e.snoozed = schemas.Time(r.Int())
	e.verdict = r.String()
	e.severity = [...]string{"", "low", "medium", "high"}[r.Byte(3)]
}
