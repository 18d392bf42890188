package alerts

import (
	"github.com/vigil-icu/vigil/alerts/internal/wire"
	"github.com/vigil-icu/vigil/schemas"
)

// stateVersion is the first byte of an encoded State. A change of the form
// gets a new one, and Decode keeps reading the old.
const stateVersion = 1

// Append appends the state's binary form.
func (s *State) Append(b []byte) []byte {
	b = append(b, stateVersion)
	b = wire.AppendBool(b, s.open)
	b = wire.AppendString(b, s.Patient)
	b = wire.AppendString(b, s.Stay)
	b = wire.AppendInt(b, int64(s.lastData))
	b = wire.AppendBool(b, s.scored)
	b = wire.AppendString(b, s.scoreID)
	for _, p := range s.points {
		b = append(b, byte(p+1))
	}
	b = wire.AppendBool(b, s.partial)
	b = wire.AppendUint(b, uint64(len(s.episodes)))
	for i := range s.episodes {
		b = s.episodes[i].append(b)
	}
	return b
}

func (e *episode) append(b []byte) []byte {
	b = wire.AppendString(b, e.task)
	b = wire.AppendUint(b, uint64(e.count))
	b = append(b, byte(e.level))
	b = wire.AppendString(b, e.id)
	b = wire.AppendUint(b, uint64(e.revision))
	b = wire.AppendFloat(b, e.value)
	b = wire.AppendInt(b, int64(e.quiet))
	b = wire.AppendInt(b, int64(e.told))
	b = wire.AppendBool(b, e.known)
	b = wire.AppendFloat(b, e.seen)
	b = wire.AppendBool(b, e.three)
	for _, since := range e.since {
		b = wire.AppendInt(b, int64(since))
	}
	b = wire.AppendInt(b, int64(e.low))
	b = wire.AppendBool(b, e.acknowledged)
	b = wire.AppendInt(b, int64(e.snoozed))
	b = wire.AppendString(b, e.verdict)
	return append(b, byte(severityRank(e.severity)))
}

// Decode reads what Append wrote from r; the error, if any, is r's.
func (s *State) Decode(r *wire.Reader) {
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
	n := r.Count()
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

func (e *episode) decode(r *wire.Reader) {
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
