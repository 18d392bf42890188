package monitor

import (
	"math"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// never is no time; forever is later than any.
const (
	never   = schemas.Time(math.MinInt64)
	forever = schemas.Time(math.MaxInt64)
)

// patient is all that is remembered of one patient: a function of the patient's
// log records and of the due times that have passed.
type patient struct {
	id     string
	window *window.Window

	clock schemas.Time // the last record's, or the last due time that was done
	logN  uint64       // of the last applied record; 0 after a stay's end
	n     uint64       // of the last output

	// governed: an admission system speaks for the patient, so that nothing but
	// its admit opens a stay.
	governed bool
	gap      bool         // the log began later than the patient
	touched  [2]bool      // gap was ever set in the present numbering; in the one before
	last     schemas.Time // end of the last stay: no view reaches before it
	need     int64        // log offset at which the present numbering began
	before   int64        // and the one before it: a rebuild begins there, so that it knows repeats
	latest   int64        // log offset of the last record

	// bound: the records are of a run, in which `at` is `play` plus offset.
	bound  bool
	offset int64

	stay   stay
	alerts alerts.State
	ended  string // id of the last stay, as it was announced
	again  uint64 // times that it was opened again since

	scored    schemas.Time // the last score's as_of
	held      schemas.Time // when a score that was held back falls due; forever if none is
	hour      schemas.Time // the next full hour
	corrected bool         // since the last score

	readings   readings
	modalities [encoders.NumModalities]modality
	senders    []sender

	due   schemas.Time // when time alone next does something
	dirty bool         // changed since the last batch

	online *online // nil: nothing is kept between predictions
}

// stay is a patient's open stay.
type stay struct {
	open       bool
	implicit   bool // opened by an observation and not adopted: silence ends it
	id         string
	alias      string       // the announced id where id is another: an adopted stay, one opened again
	start      schemas.Time // admission
	from       schemas.Time // where its view begins
	heard      schemas.Time // when data last came
	unit, bed  string
	statics    schemas.Statics
	provenance schemas.Provenance // invented, simulated pairing: of any of its records
}

func newPatient(id string, offset int64) *patient {
	return &patient{
		id: id, window: window.New(), clock: never, last: never, need: offset, before: offset, latest: offset,
		scored: never, held: forever, hour: forever, due: forever,
		readings: newReadings(), modalities: newModalities(),
	}
}

// refresh sets due after a change.
func (p *patient) refresh(policy *alerts.Policy) {
	p.due = forever
	if p.stay.open {
		p.due = min(p.hour, p.held, policy.Due(&p.alerts), p.silence())
	}
}

// silence is when an implicit stay ends for want of data.
func (p *patient) silence() schemas.Time {
	if !p.stay.implicit {
		return forever
	}
	return p.stay.heard + silenceEnds
}

// silenceEnds an implicit stay.
const silenceEnds = 24 * schemas.Hour

// horizon is where the hours begin that a view may still ask for.
func (p *patient) horizon() schemas.Time {
	return (p.clock - 1).FloorHour() - 47*schemas.Hour
}

// tickAt is the patient's time as a tick tells it; never, if it is not for the patient.
func (p *patient) tickAt(rec *schemas.Record) schemas.Time {
	switch recorded := rec.Provenance&schemas.Recorded != 0; {
	case p.bound != recorded:
		return never
	case recorded:
		return schemas.Time(rec.Play + p.offset)
	}
	return rec.At
}

// scoreDue says whether a score is what next falls due for the patient.
func (p *patient) scoreDue() bool { return (p.hour == p.due || p.held == p.due) && p.silence() > p.due }

// Flags of a score.
const (
	flagGap       = "gap"               // the log began later than the patient
	flagImplicit  = "implicit_stay"     // no admission was announced
	flagInvented  = "invented"          // an invented patient
	flagSimulated = "simulated_pairing" // a modality was joined to the patient by a program
)

// flags appends what a reader must know of the patient's data.
func (p *patient) flags(dst []string) []string {
	if p.gap {
		dst = append(dst, flagGap)
	}
	if p.stay.implicit {
		dst = append(dst, flagImplicit)
	}
	if p.stay.provenance&schemas.Invented != 0 {
		dst = append(dst, flagInvented)
	}
	if p.stay.provenance&schemas.SimulatedPairing != 0 {
		dst = append(dst, flagSimulated)
	}
	return dst
}

func (s *stay) is(id string) bool { return s.id == id || s.alias != "" && s.alias == id }

func (s *stay) move(m *schemas.Move) {
	if m.Unit != "" {
		s.unit = m.Unit
	}
	if m.Bed != "" {
		s.bed = m.Bed
	}
}
