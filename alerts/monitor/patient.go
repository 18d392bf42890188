package monitor

import (
	"math"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// never marks a time that has not come about; forever is later than any time of a log.
const (
	never   = schemas.Time(math.MinInt64)
	forever = schemas.Time(math.MaxInt64)
)

// patient is all that is remembered of one patient. It is a function of the patient's
// log records and of the due times that have passed, so that whoever reads the same log
// arrives at the same patient.
//
// The records of a patient are numbered from 1, and the end of a stay begins a new
// numbering: the numbers are what makes the score of a stay the same in a replay that
// begins at that stay. "The present numbering" below is the one since the last end.
type patient struct {
	id     string
	window *window.Window // the observations of the last 48 h, all channels

	// clock is the patient's time: that of the last record, or of the last thing that fell
	// due since. It never goes back.
	clock   schemas.Time
	heardAt schemas.Time // when the last record came; never before the first
	logN    uint64       // number of the last record that was applied, a score's log_n; 0 after a stay's end
	outputN uint64       // number of the stay's last score or alert, their n

	// governed says that an admission system speaks for the patient: nothing but its
	// admit then opens a stay.
	governed bool
	intoFrom int64  // log offset of the record that said so
	into     string // the id under which the patient goes on, to which all is passed on; empty if there is none
	// gap says that records of the patient may be among those that the log has lost. The
	// patient's scores and alerts then carry a flag.
	gap bool
	// numberingGap says that gap was set at some time in the present numbering, and
	// previousGap that it was in the one before. A rebuild must then begin where the gap
	// is known.
	numberingGap, previousGap, beforeGap bool
	lastEnd                              schemas.Time // when the last stay ended: no view reaches before it

	// The present numbering began at log offset numberingFrom, the one before it at
	// previousFrom. A rebuild begins at the latter, because a message of the stay before
	// may still be repeated, and only who has read the first one knows it. It
	// begins one numbering earlier still, at beforeFrom, since an ended stay is still asked for:
	// by what names it, and by who takes its end back.
	numberingFrom, previousFrom, beforeFrom int64
	lastFrom                                int64 // where the numbering began in which lastStay was open
	latestOffset                            int64 // log offset of the patient's last record

	// bound says that the records come from a replayed run. Their time is then the run's
	// playing time plus playOffset, in milliseconds, and its ticks move this patient.
	bound      bool
	playOffset int64

	stay     stay
	alerts   alerts.State
	lastStay string  // id of the last stay, as the admission system announced it
	closed   *closed // the last stay while its end can be taken back; nil afterwards
	ended    string  // the stay that the last end ended, or named where none was open
	reopened uint64  // how often a stay of that id was opened again since

	scoredAt  schemas.Time // as_of of the stay's last score; never before the first
	held      schemas.Time // when a score falls due that was held back by the interval; forever if none was
	nextHour  schemas.Time // the next full hour, at which a score is due whatever came
	since     since        // what is new since the stay's last score
	corrected bool         // data were corrected or taken back since the last score

	readings   readings
	modalities [encoders.NumModalities]modality
	origins    []*origin // the one heard of last at the end

	due     schemas.Time // when time alone next does something; forever if it does nothing
	changed bool         // the patient stands in Partition.changed

	online *online // nil where nothing is kept between predictions
}

// stay is a patient's open stay; its zero value says that none is open.
type stay struct {
	open     bool
	implicit bool // data opened it and no admission has adopted it: silence ends it
	id       string
	// announced is the admission system's id where id is another: of an implicit stay that
	// was adopted, and of a stay that was opened again.
	announced  string
	origin     string       // the patient from whom the stay was taken over; empty if it began here
	late       bool         // a transfer or data opened it, since its admission was before the log began
	start      schemas.Time // of the admission, or when the first of an implicit stay's data were measured
	viewFrom   schemas.Time // the earliest event time that its scores may see
	heardAt    schemas.Time // when data last came
	unit, bed  string
	statics    schemas.Statics
	provenance schemas.Provenance // Invented and SimulatedPairing, if any record of the stay has them
}

// newPatient returns a patient of whom nothing is known, first met at a log offset.
func newPatient(id string, offset int64) *patient {
	return &patient{
		id: id, window: window.New(), clock: never, heardAt: never, lastEnd: never, numberingFrom: offset, previousFrom: offset, beforeFrom: offset, lastFrom: offset, latestOffset: offset,
		scoredAt: never, held: forever, nextHour: forever, due: forever,
		readings: newReadings(), modalities: newModalities(),
	}
}

// refresh computes due anew; whoever changes the patient calls it afterwards.
func (p *patient) refresh(policy *alerts.Policy) {
	p.due = forever
	if p.stay.open {
		p.due = min(p.nextHour, p.held, policy.For(p.id, p.stay.unit).Due(&p.alerts), p.silenceEnds())
	}
}

// silenceEnds is the time at which the stay ends for want of data: an implicit one, since
// nobody will announce its end, one of which no admission is known, since it may be a stay of
// long ago that a message has named, and in the end every other, since its end may have been
// lost. This bounds the hours that one record can make pass.
func (p *patient) silenceEnds() schemas.Time {
	switch {
	case p.stay.implicit:
		return p.stay.heardAt + silenceLimit
	case p.stay.late:
		return p.stay.heardAt + schemas.Reach
	}
	return p.stay.heardAt + schemas.MaxUnheard
}

// silenceLimit is how long an implicit stay lasts after its last data.
const silenceLimit = 24 * schemas.Hour

// horizon is the start of the earliest hour that a view may still ask for: a view reaches
// back 48 h, in whole hours of which the last is the one that ends at or after the clock.
func (p *patient) horizon() schemas.Time {
	return (p.clock - 1).FloorHour() - 47*schemas.Hour
}

// tickAt is the patient's time as a tick tells it. Ticks of a run move the patients of
// runs, and all other ticks move the live patients; to those whom a tick does not concern
// it says never.
func (p *patient) tickAt(rec *schemas.Record) schemas.Time {
	switch recorded := rec.Provenance&schemas.Recorded != 0; {
	case p.bound != recorded:
		return never
	case recorded:
		return schemas.Time(rec.Play + p.playOffset)
	}
	return rec.At
}

// scoreDue says whether a score is what next falls due for the patient, and not the end
// of the stay, which would come first.
func (p *patient) scoreDue() bool {
	return (p.nextHour == p.due || p.held == p.due) && p.silenceEnds() > p.due
}

// Flags of a score.
const (
	FlagGap       = "gap"               // the log may lack records of the patient
	flagImplicit  = "implicit_stay"     // no admission was announced
	flagLate      = "opened_late"       // the admission was before the log began, and is not known
	flagInvented  = "invented"          // the patient is invented
	flagSimulated = "simulated_pairing" // a program joined a modality to the patient
	// A 0 of heart rate or respiration counts: it is asystole or apnoea, or a lead that came off.
	flagSuspect = "possible_disconnection"
	flagClock   = "clock_off" // the clock of the sender of the newest data is off
)

// flags appends to dst what a reader of a score or an alert must know of the patient's
// data.
func (p *patient) flags(dst []string) []string {
	if p.gap {
		dst = append(dst, FlagGap)
	}
	if p.stay.implicit {
		dst = append(dst, flagImplicit)
	}
	if p.stay.late {
		dst = append(dst, flagLate)
	}
	if p.stay.provenance&schemas.ClockOff != 0 {
		dst = append(dst, flagClock)
	}
	if p.stay.provenance&schemas.Invented != 0 {
		dst = append(dst, flagInvented)
	}
	if p.stay.provenance&schemas.SimulatedPairing != 0 {
		dst = append(dst, flagSimulated)
	}
	return dst
}

// beginStay moves the beginning of the open stay back to a time, and says whether it moved.
// It moves to no time before the last stay's end, nor to one that no view can reach.
func (p *patient) beginStay(at schemas.Time) (moved bool) {
	if at = max(at, p.clock-schemas.Reach, p.lastEnd); at >= p.stay.start {
		return false
	}
	p.stay.start, p.stay.viewFrom = at, max(at-schemas.Reach, p.lastEnd)
	return true
}

// firstMeasured is the earliest event time of what a record brings; forever if it only takes
// back.
func firstMeasured(rec *schemas.Record) schemas.Time {
	first := forever
	for i := range rec.Observations {
		if o := &rec.Observations[i]; o.Flags&schemas.Retracted == 0 {
			first = min(first, o.EventTime)
		}
	}
	if rec.Item != nil {
		first = min(first, rec.Item.EventTime)
	}
	return first
}

// countsFrom is the earliest event time of what NEWS2 counts. A monitor whose clock is slow
// dates the first values of a patient before the admission.
func (p *patient) countsFrom() schemas.Time {
	if p.bound {
		return p.stay.start
	}
	return max(p.stay.start-schemas.MaxAhead, p.lastEnd)
}

// hasData says whether observations are known that count in the open stay.
func (p *patient) hasData() bool {
	return p.modalities[encoders.Numeric].newestAt >= p.countsFrom().Floor16()
}

// isLate says whether a stay that a message names, of something at a time, is one that is
// open though its admission is not known. It is none if it has ended: what belongs to an
// ended stay opens none.
func (p *patient) isLate(id string, at schemas.Time) bool {
	if p.stay.open || id == "" {
		return false
	}
	if id == p.ended || at <= p.lastEnd {
		p.needLast()
		return false
	}
	return true
}

// goesBy says whether a message that names this id means the stay: by its own id, or by
// the one that the admission system announced.
func (s *stay) goesBy(id string) bool { return s.id == id || s.announced != "" && s.announced == id }

// applyMove notes where the patient lies. A message that leaves unit or bed out does not
// mean that the patient has none.
func (s *stay) applyMove(m *schemas.Move) {
	if m.Unit != "" {
		s.unit = m.Unit
	}
	if m.Bed != "" {
		s.bed = m.Bed
	}
}

// newestIn is the latest event time in a record of data, never where it has none.
func newestIn(rec *schemas.Record) schemas.Time {
	newest := never
	for i := range rec.Observations {
		newest = max(newest, rec.Observations[i].EventTime)
	}
	if rec.Item != nil {
		newest = max(newest, rec.Item.EventTime)
	}
	return newest
}
