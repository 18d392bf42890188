package monitor

import (
	"cmp"
	"strconv"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// This file follows one record of the patient log from Step to the last output that it
// causes, in the order in which things happen: the record reaches its patient, time
// passes, the record is applied, a stay opens or ends, a score is computed, alerts move,
// and both are put out. What each movement of a patient does stands in movements.go.

// Step moves the partition by one record of its log, at offset, and appends to dst what
// that caused. The only error is ErrUnknownUse; the partition is then as it was. Step
// keeps strings of the record, but not its list of observations.
func (m *Monitor) Step(s *Partition, rec *schemas.Record, offset int64, dst []Output) ([]Output, error) {
	if err := m.checkUse(s, rec); err != nil {
		return dst, err
	}
	s.gapEndsAfter(rec)
	t := step{m: m, s: s, offset: offset, first: len(dst), out: dst}
	switch rec.Kind {
	case schemas.KindUse:
		return dst, m.acceptUse(s, rec.Use, offset)
	case schemas.KindGap:
		s.setGap(gap{offset, rec.At + schemas.Reach})
	case schemas.KindTick:
		t.tick(rec)
	default:
		t.apart(rec)
	}
	return t.out, nil
}

// step is what one call of Step works on.
type step struct {
	m      *Monitor
	s      *Partition
	p      *patient // whose time passes, or whose record is applied
	offset int64    // of the record in the log
	first  int      // where this record's outputs begin in out
	out    []Output

	// suspect: the score at hand counts a 0 that may be a lead that came off, and so do the
	// alerts that follow from it.
	suspect bool
}

// record lets the patient's time pass up to the record, and then applies it. The
// patient's clock never goes back: a record that is older than the clock is applied at it.
func (t *step) record(rec *schemas.Record) {
	s := t.s
	s.keepWhole = t.m.readsObservations()
	t.p = s.findPatient(rec, t.offset)
	s.markChanged(t.p)
	at := max(t.p.clock, rec.At)
	t.p.settleBefore(at)
	t.advance(at)
	s.beginAnew(t.p, rec, t.offset)
	t.p.clock = at
	s.noteTime(t.p, rec)
	if t.apply(rec) {
		s.counts.Records++
	} else {
		s.counts.Duplicates++
		t.p.needRepeated(rec)
	}
	t.p.latestOffset = t.offset
	t.p.refresh(t.m.Policy)
}

// tick lets time pass for the open stays that it concerns: those of a run if it carries
// playing time, else the live ones. Patients for whom nothing falls due stay untouched.
func (t *step) tick(rec *schemas.Record) {
	s := t.s
	s.counts.Ticks++
	if rec.Provenance&schemas.Recorded == 0 {
		s.liveClock = max(s.liveClock, rec.At)
	}
	for i := 0; i < len(s.open); {
		p := s.open[i]
		if at := p.tickAt(rec); p.due <= at {
			t.p = p
			s.markChanged(p)
			t.predictAhead(s.open[i:], rec)
			t.advance(at)
		}
		if i < len(s.open) && s.open[i] == p { // else its stay has ended, and the next patient stands here
			i++
		}
	}
	s.scratch.model.predicted = s.scratch.model.predicted[:0]
}

// advance does for the patient all that falls due up to and including `to`, each at its
// own time. At one instant the order is: what the policy has due, then the end of an
// implicit stay by silence, then at most one score. It leaves the clock at the last thing
// done, so that a tick without anything due leaves no trace.
func (t *step) advance(to schemas.Time) {
	p := t.p
	for p.due <= to {
		at := p.due
		p.clock = at
		if t.policy().Due(&p.alerts) <= at {
			t.stepPolicy(alerts.Event{Kind: alerts.Advance, At: at})
		}
		switch {
		case p.silenceEnds() <= at:
			t.endStay("silence", p.latestOffset)
		case p.nextHour <= at:
			p.nextHour = at + schemas.Hour
			t.score(schemas.DueHour)
		case p.held <= at:
			t.score(schemas.DueHeld)
		}
		p.refresh(t.m.Policy)
	}
}

// apply applies a record at the patient's clock. It answers false for a repeat, which
// leaves no trace but that it was seen.
func (t *step) apply(rec *schemas.Record) bool {
	p := t.p
	sender := t.s.origin(p, rec, t.m.Settings.Limits.Of(schemas.LimitPatientSenders))
	v := sender.identify(rec)
	if v == isRepeat {
		t.encodedSince(rec)
		return false
	}
	p.logN++
	if rec.Kind.IsData() && !t.addToWindow(rec) && v == isUndecided { // it brought nothing new, so it was a repeat
		p.logN--
		return false
	}
	if sender.remember(rec) {
		t.s.counts.Restarts++
	}
	t.putMissed(rec)
	switch kind := rec.Kind; {
	case p.into != "" && (kind.IsData() || kind == schemas.KindCommand):
		t.forward(rec)
	case kind.IsData():
		t.dataCame(rec)
	case kind == schemas.KindCommand:
		t.stepPolicy(alerts.Event{Kind: alerts.Commanded, At: p.clock, Command: rec.Command})
	default:
		t.move(rec)
	}
	return true
}

// addToWindow puts a record's observations, and what follows from them, into the window, and
// its item into the history of its modality, and forgets what no view can ask for again. It
// says whether the window changed.
func (t *step) addToWindow(rec *schemas.Record) (changed bool) {
	p, scratch := t.p, &t.s.scratch
	scratch.added, scratch.missed = scratch.added[:0], scratch.missed[:0]
	for i := range rec.Observations {
		o := &rec.Observations[i]
		of, known, hits := p.meets(o)
		if known {
			if o.Flags&schemas.Corrected != 0 && o.EventTime != rec.At { // it has a time of its own
				t.addObservation(&schemas.Observation{Channel: o.Channel, Flags: schemas.Retracted, EventTime: of})
			} else {
				moved := *o
				moved.EventTime = of
				o = &moved
			}
		}
		t.noteMissed(i, o, hits, t.addObservation(o))
	}
	for _, o := range scratch.derive.Derive(p.window, scratch.added, p.windowN(), &p.stay.statics, p.lastEnd, p.clock) {
		p.noteChange(o.Channel, o.EventTime)
	}
	if rec.Item == nil {
		for i := range scratch.added {
			p.modalities[encoders.Numeric].addObservation(p, &scratch.added[i])
		}
	}
	if rec.Item != nil {
		p.modalities[encoders.ModalityOf(rec.Kind)].addItem(rec.Item)
	}
	p.window.Advance(p.clock)
	p.window.Trim(p.horizon())
	for i := range p.modalities {
		p.modalities[i].items.Trim(p.horizon())
	}
	return len(scratch.added) > 0
}

// addObservation puts one observation into the window, and tells all that keep something of
// it. It says whether the window changed.
func (t *step) addObservation(o *schemas.Observation) bool {
	p := t.p
	if o.EventTime < p.horizon() || t.isFull(o) || !p.window.Add(*o, p.windowN()) {
		return t.addBeyond(o)
	}
	t.s.scratch.added = append(t.s.scratch.added, *o)
	p.noteChange(o.Channel, o.EventTime)
	if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
		p.corrected = true
	}
	if in := inputOf(o.Channel); in < alerts.Inputs {
		p.readings.add(in, o, p.clock)
	}
	return true
}

// dataCame follows up data of any kind. They open a stay where no admission system speaks
// for the patient, or where its admission may be among lost records, or is not known of the
// stay that they name; in an open stay a score becomes due.
func (t *step) dataCame(rec *schemas.Record) {
	p := t.p
	if rec.Provenance&schemas.SourceHasADT != 0 {
		p.governed = true
	}
	switch {
	case p.stay.open:
	case p.governed && p.isLate(rec.Stay, firstMeasured(rec)):
		t.openLate(rec.Stay)
	case !p.governed || p.gap:
		t.openStay("implicit:"+p.clock.String(), true)
	default:
		t.s.counts.Unadmitted++
		return
	}
	if p.stay.implicit {
		p.beginStay(firstMeasured(rec))
	}
	p.stay.heardAt = p.clock
	p.stay.provenance = p.stay.provenance&^schemas.ClockOff | rec.Provenance&(schemas.Invented|schemas.SimulatedPairing|schemas.ClockOff)
	p.readings.latest(&t.s.scratch.readings, p.window, p.clock, p.countsFrom())
	t.s.scratch.measured = t.s.scratch.readings.Measured()
	t.stepPolicy(alerts.Event{Kind: alerts.DataCame, At: p.clock, Newest: newestIn(rec), Measured: &t.s.scratch.measured})
	t.scoreSoon()
}

// openStay opens a stay that begins at the patient's clock, or before: see beginStay. Its numbering has begun already, because
// records that came before the admission belong to it. A stay that is opened again after
// its end is another one with numbers of its own, S1#2, so that no score or alert id of
// the first comes twice.
func (t *step) openStay(id string, implicit bool) {
	p := t.p
	p.settle()
	p.stay = stay{
		open: true, implicit: implicit, id: id, start: p.clock,
		viewFrom: max(p.clock-schemas.Reach, p.lastEnd), heardAt: p.clock,
	}
	if id == p.lastStay {
		p.needEarlier()
		p.reopened++
		p.stay.id, p.stay.announced = id+"#"+strconv.FormatUint(p.reopened+1, 10), id
	}
	p.scoredAt, p.held, p.nextHour = never, forever, p.clock.FloorHour()+schemas.Hour
	p.corrected, p.since = false, since{}
	t.s.listOpen(p, true)
	t.stepPolicy(alerts.Event{Kind: alerts.Opened, At: p.clock, Patient: p.id, Stay: p.stay.id})
}

// closeStay ends the open stay, if there is one, at the patient's clock, and every open
// alert with it. The numbering begins again, and no later view reaches before this end. by
// is the offset of the log record that ended the stay, or of the last one before. What
// cannot be undone is left to settle.
func (t *step) closeStay(cause string, by int64) {
	p := t.p
	p.settle()
	was := p.close()
	if p.stay.open {
		t.stepPolicy(alerts.Event{Kind: alerts.Ended, At: p.clock, Cause: cause})
		t.s.listOpen(p, false)
		p.ended, p.lastFrom = cmp.Or(p.stay.announced, p.stay.id), p.numberingFrom
		if p.ended != p.lastStay {
			p.lastStay, p.reopened = p.ended, 0
		}
		if cause == "silence" { // what names it again opens it again
			p.ended = ""
		}
		was.outputN = p.outputN
	}
	p.stay = stay{}
	p.held, p.nextHour, p.scoredAt = forever, forever, never
	p.lastEnd = p.clock
	p.logN, p.outputN = 0, 0
	p.beforeFrom, p.previousFrom, p.numberingFrom = p.previousFrom, p.numberingFrom, by
	p.beforeGap, p.previousGap, p.numberingGap = p.previousGap, p.numberingGap || p.gap, false
	p.beginNumbering()
	p.corrected, p.gap = false, false
	p.closed = was
	if !was.stay.open {
		p.settle()
	}
}

// scoreSoon makes a score due after a record: at once, or held back until the interval
// since the last score is over.
func (t *step) scoreSoon() {
	p, interval := t.p, t.m.Settings.interval()
	switch {
	case p.scoredAt == never || p.clock >= p.scoredAt+interval:
		t.score(schemas.DueRecord)
	case p.held == forever:
		p.held = p.scoredAt + interval
	}
}

// score computes the patient's score at the patient's clock, puts it out, and after it
// what the policy makes of it.
func (t *step) score(due schemas.Due) {
	p, m, scratch := t.p, t.m, &t.s.scratch
	p.outputN++
	p.scoredAt, p.held = p.clock, forever
	t.s.counts.Scores++

	sc := &scratch.score
	*sc = score{
		n: p.outputN, logN: p.logN, due: due, patient: p.id, stay: p.stay.id, asOf: p.clock,
		policy: m.Policy.Hash(), risks: sc.risks[:0], phenotypes: sc.phenotypes[:0], flags: sc.flags[:0], drivers: sc.drivers[:0],
		news2: &scratch.news2,
	}
	for i, which := range byName {
		ms := &sc.modalities[i]
		ms.which = which
		ms.state, ms.age = p.modalities[which].stateAsOf(p, which)
	}
	m.predict(p, sc, &scratch.model)
	t.beside(sc)
	sc.id = alerts.ScoreID(sc.patient, sc.stay, sc.n, sc.model, sc.policy)
	p.readings.latest(&scratch.readings, p.window, p.clock, p.countsFrom())
	standing := alerts.NEWS2(&scratch.readings, p.stay.statics.Scale2, sc.news2)
	sc.flags = p.flags(sc.flags)
	if sc.indeterminate {
		t.s.counts.Abstained++
		sc.flags = append(sc.flags, alerts.FlagIndeterminate)
	}
	if standing.Holds() {
		sc.flags = append(sc.flags, alerts.FlagStale)
	}
	if p.corrected {
		sc.flags = append(sc.flags, alerts.FlagCorrected)
	}
	if t.suspect = suspect(&scratch.readings); t.suspect {
		sc.flags = append(sc.flags, flagSuspect)
	}

	// The policy judges the score before it is put out, because whether an alert follows may
	// decide what its body lists. The score still goes out before its alerts.
	event := &scratch.event
	*event = alerts.Score{
		ID: sc.id, Trained: sc.trained, NEWS2: sc.news2.Value, Standing: standing,
		Partial: sc.news2.Partial, Corrected: p.corrected, Risks: event.Risks[:0],
	}
	for i := range sc.risks {
		event.Risks = append(event.Risks, alerts.TaskRisk{Task: sc.risks[i].name, Value: sc.risks[i].value})
	}
	p.corrected = false
	t.judge(alerts.Event{Kind: alerts.Scored, At: p.clock, Score: event})
	sc.inputs = m.Settings.Inputs != InputsAlerting || len(scratch.alerts) > 0
	p.since.scored(sc.risks)
	t.explain(sc)
	t.put(schemas.TopicScores, schemas.TypeScore, sc.id, p.id, scratch.json.score(sc))
	t.putAlerts()
	t.suspect = false
}

// stepPolicy moves the alerts by one event that is no score, and puts out what follows.
func (t *step) stepPolicy(e alerts.Event) {
	t.judge(e)
	t.explain(nil)
	t.putAlerts()
}

// putAlerts puts out the revisions that the policy has made. Each goes to the topic of all
// alerts under its patient, and to the topic of latest states under the alert's own id.
func (t *step) putAlerts() {
	for i := range t.s.scratch.alerts {
		a := &t.s.scratch.alerts[i]
		t.p.outputN++
		a.N = t.p.outputN
		a.Flags = t.p.flags(a.Flags)
		if t.suspect && a.Kind == alerts.KindScore {
			a.Flags = append(a.Flags, flagSuspect)
		}
		body := t.s.scratch.json.alert(a)
		t.put(schemas.TopicAlerts, schemas.TypeAlert, a.ID, t.p.id, body)
		t.put(schemas.TopicAlertStates, schemas.TypeAlert, a.ID, a.ID, body)
		t.s.counts.Alerts++
	}
}

// put appends an output. Its position, the record's offset and a count from 0, says after
// a crash whether the output was already published.
func (t *step) put(topic, kind, id, key string, body []byte) {
	at := window.Position{Offset: t.offset, Index: len(t.out) - t.first}
	t.out = append(t.out, Output{Position: at, Topic: topic, Type: kind, ID: id, Key: key, Value: body})
}
