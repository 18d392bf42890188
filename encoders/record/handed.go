package record

import (
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// Handed reads a record that the monitor hands from one patient to another, as it does when two
// ids turn out to be one patient. It is a log record already, and gets the time of its arrival
// in this log. An error says what is wrong with it: then somebody else has written it.
func Handed(m *schemas.Message, now schemas.Time) (*schemas.Record, *schemas.Problem) {
	r, err := schemas.DecodeRecord(m.Value)
	switch {
	case m.Topic != schemas.TopicADT:
		return nil, schemas.NewProblem(schemas.UnknownType, "header "+schemas.HeaderType, schemas.TypeHanded, "a type of this topic: handed records are on "+schemas.TopicADT)
	case err != nil:
		return nil, schemas.NewProblem(schemas.Unreadable, "value", err.Error(), "a log record, as the monitor hands it on")
	case r.Patient != string(m.Key):
		return nil, schemas.NewProblem(schemas.BadKey, "key", string(m.Key), "the record's patient "+strconv.Quote(r.Patient))
	case r.Provenance&schemas.Recorded != 0:
		return nil, schemas.NewProblem(schemas.WrongRun, "provenance", "recorded", "a record of a live patient: what is of a run is never handed on")
	case r.Kind == schemas.KindMergeIn || r.Kind == schemas.KindUnmerge || r.Kind.IsData() || r.Kind == schemas.KindCommand:
	default:
		return nil, schemas.NewProblem(schemas.UnknownType, "kind", strconv.Itoa(int(r.Kind)), "data, a command, or what passes from one id of a patient to another")
	}
	r.At = now
	return r, nil
}
