package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

// stateVersion is the first byte of an encoded State. Whoever changes the form gives it a new
// one. A state of another version is refused, and what it was is rebuilt from the log.
const stateVersion = 3

// Append appends the binary form of the state to b. Equal states give equal bytes.
func (s *State) Append(b []byte) []byte {
	b = append(b, stateVersion)
	b = packed.AppendBool(b, s.open)
	b = packed.AppendString(b, s.Patient)
	b = packed.AppendString(b, s.Stay)
	b = packed.AppendInt(b, int64(s.lastData))
	b = packed.AppendBool(b, s.hasScore)
	b = packed.AppendString(b, s.scoreID)
	for c := range s.standing.Points {
		b = append(b, byte(s.standing.Points[c]+1))
		b = packed.AppendBool(b, s.standing.Stale[c])
		b = packed.AppendInt(b, int64(s.standing.Measured[c]))
		b = packed.AppendBool(b, s.absent.components[c])
	}
	b = packed.AppendBool(b, s.absent.silence)
	b = packed.AppendBool(b, s.partial)
	b = packed.AppendUint(b, uint64(len(s.episodes)))
	for i := range s.episodes {
		b = s.episodes[i].append(b)
	}
	return b
}

// append appends the binary form of an episode.
func (e *episode) append(b []byte) []byte {
	b = packed.AppendString(b, e.task)
	b = packed.AppendUint(b, uint64(e.count))
	b = append(b, byte(e.level))
	b = packed.AppendString(b, e.id)
	b = packed.AppendUint(b, uint64(e.revision))
	b = packed.AppendFloat(b, e.toldValue)
	for _, before := range e.noStartBefore {
		b = packed.AppendInt(b, int64(before))
	}
	b = packed.AppendInt(b, int64(e.toldAt))
	b = packed.AppendBool(b, e.measured)
	b = packed.AppendFloat(b, e.latest)
	b = packed.AppendBool(b, e.singleThree)
	b = packed.AppendBool(b, e.held)
	for _, since := range e.reachedSince {
		b = packed.AppendInt(b, int64(since))
	}
	b = packed.AppendInt(b, int64(e.clearingSince))
	b = packed.AppendBool(b, e.acknowledged)
	b = packed.AppendInt(b, int64(e.snoozedUntil))
	b = packed.AppendString(b, e.verdict)
	b = append(b, byte(severityRank(e.toldSeverity)))
	return packed.AppendString(b, e.origin)
}

// Decode sets the state to what Append wrote, read from r. An error is r's to tell: what a
// damaged store holds gives one and never a panic, and the state is then of no use.
func (s *State) Decode(r *packed.Reader) {
	if v := r.Byte(stateVersion); v != stateVersion && r.Err() == nil {
		r.Fail("alert state of version %d, this program reads %d", v, stateVersion)
	}
	s.open = r.Bool()
	s.Patient = r.String()
	s.Stay = r.String()
	s.lastData = schemas.Time(r.Int())
	s.hasScore = r.Bool()
	s.scoreID = r.String()
	for c := range s.standing.Points {
		s.standing.Points[c] = int8(r.Byte(4)) - 1 // stored one higher, since NotKnown is -1
		s.standing.Stale[c] = r.Bool()
		s.standing.Measured[c] = schemas.Time(r.Int())
		s.absent.components[c] = r.Bool()
	}
	s.absent.silence = r.Bool()
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

// decode reads what append wrote.
func (e *episode) decode(r *packed.Reader) {
	e.task = r.String()
	e.count = uint32(r.Uint(1<<32 - 1))
	e.level = int(r.Byte(maxLevels))
	e.id = r.String()
	e.revision = int(r.Uint(1 << 40))
	e.toldValue = r.Float()
	for l := range e.noStartBefore {
		e.noStartBefore[l] = schemas.Time(r.Int())
	}
	e.toldAt = schemas.Time(r.Int())
	e.measured = r.Bool()
	e.latest = r.Float()
	e.singleThree = r.Bool()
	e.held = r.Bool()
	for i := range e.reachedSince {
		e.reachedSince[i] = schemas.Time(r.Int())
	}
	e.clearingSince = schemas.Time(r.Int())
	e.acknowledged = r.Bool()
	e.snoozedUntil = schemas.Time(r.Int())
	e.verdict = r.String()
	e.toldSeverity = [...]string{"", "low", "medium", "high"}[r.Byte(3)]
	e.origin = r.String()
}
