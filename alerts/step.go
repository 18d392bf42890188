package alerts

import (
	"cmp"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Event is what moves a State. The events of a stay come in the order of At, and before each
// the caller lets time pass: an Advance at every Due that lies before it.
type Event struct {
	Kind  EventKind
	At    schemas.Time
	Model string // hash of the model in force, which stands in every alert and in the id of one that starts

	Patient, Stay string           // Opened
	Score         *Score           // Scored
	Command       *schemas.Command // Commanded
	Cause         string           // Ended: discharge, death, silence, …
	Newest        schemas.Time     // DataCame: the latest event time of the data; 0 for At
	Measured      *Measured        // DataCame: when each component was last measured; nil if that is as in the last score
	With          string           // PassedOn, TookOver, GaveBack: the id of the other patient
	Theirs        *State           // TookOver: what the other patient has passed on; GaveBack: is set to what goes back
}

// EventKind says what an Event is.
type EventKind uint8

// Kinds of an event.
const (
	Opened    EventKind = iota + 1 // a stay begins, and the state is emptied first
	Scored                         // a score was computed
	DataCame                       // data of any kind came
	Commanded                      // a person answered
	Advance                        // time passes, and all that is due up to At happens
	Reopened                       // the stay goes on: its end, before which the state is as it was, was a mistake
	Ended                          // the stay ends, and every open alert with it; only Opened has an effect after it
	PassedOn                       // the patient goes on under another id, and the open alerts with it; the stay ends
	TookOver                       // another id turned out to be this patient: what it passed on goes on here
	GaveBack                       // it was another patient after all: what was taken over goes back
	Moved                          // the patient came into a unit with other rules, which are those of this policy
)

// Score is what a policy reads of a score.
type Score struct {
	ID        string
	Trained   bool // risks of an untrained model alert nobody
	Risks     []TaskRisk
	NEWS2     int      // the points of stale components included
	Standing  Standing // of the components of NEWS2
	Partial   bool
	Corrected bool // data were corrected or taken back since the score before
}

// TaskRisk is the model's answer to one task, a probability from 0 to 1.
type TaskRisk struct {
	Task  string
	Value float32
}

// ScoreOf takes from a score of the score log what a policy reads, so that a policy can be
// tried on recorded scores. It finds the points of the components in the score's inputs; where
// the monitor's settings left those out, a single component of 3 points is not seen.
func ScoreOf(s *schemas.Score) Score {
	out := Score{ID: s.ID, Trained: s.Trained, NEWS2: s.NEWS2.Value, Partial: s.NEWS2.Partial,
		Corrected: slices.Contains(s.Flags, FlagCorrected)}
	for task, risk := range s.Risks {
		out.Risks = append(out.Risks, TaskRisk{task, risk.Value})
	}
	slices.SortFunc(out.Risks, func(a, b TaskRisk) int {
		if a.Task < b.Task {
			return -1
		}
		return 1
	})
	st := &out.Standing
	st.Measured = NeverMeasured()
	for _, in := range s.NEWS2.Inputs {
		if c := slices.Index(ComponentNames[:], in.Component); c >= 0 {
			st.Points[c] += int8(in.Points)
			st.Measured[c] = max(st.Measured[c], in.EventTime)
		}
	}
	for c, name := range ComponentNames {
		if slices.Contains(s.NEWS2.Missing, name) {
			st.Points[c] = NotKnown
		}
		st.Stale[c] = slices.Contains(s.NEWS2.Stale, name)
	}
	return out
}

// Flags of an alert. FlagCorrected, FlagStale and FlagIndeterminate are those of scores too.
const (
	FlagPartial   = "partial"   // NEWS2 with components missing
	FlagCorrected = "corrected" // data behind it were corrected or taken back
	FlagStale     = "stale"     // NEWS2 with points of components that are not known any more
	// FlagIndeterminate: the model gives no number, for want of inputs or because it is none.
	FlagIndeterminate = "indeterminate"
	FlagAcknowledged  = "acknowledged" // a person has seen it
	FlagSnoozed       = "snoozed"
	FlagPassedOn      = "passed_on"  // it goes on under another id of the patient
	FlagEnded         = "ended"      // an answer to an alert that has ended
	FlagStayEnded     = "stay_ended" // it ended because the stay did
)

// Step moves the state by one event and appends to dst what became of the stay's alerts, one
// revision each. It leaves their N zero, which is the caller's to number. An event that the
// state has no use for, as a score of a stay that is not open, changes nothing.
func (p *Policy) Step(s *State, e Event, dst []schemas.Alert) []schemas.Alert {
	if !s.open && e.Kind != Opened {
		return dst
	}
	t := transition{p: p, s: s, e: &e, dst: dst}
	switch e.Kind {
	case Opened:
		*s = State{Patient: e.Patient, Stay: e.Stay, open: true, lastData: e.At, episodes: s.episodes[:0], standing: Standing{Measured: NeverMeasured()}}
		for i := range p.Rules {
			s.episode(p.Rules[i].Task)
		}
		s.episode(TaskNoData)
	case Reopened:
		t.reopen()
	case Ended:
		t.endAll()
	case PassedOn:
		t.passOn()
	case TookOver:
		t.takeOver(e.Theirs)
	case GaveBack:
		*e.Theirs = t.giveBack()
	case Moved:
		t.move()
	case Commanded:
		t.answer(e.Command)
	case DataCame:
		t.dataCame()
	case Scored:
		t.applyScore(e.Score)
	case Advance:
		for s.open {
			due := p.Due(s)
			if due > e.At {
				break
			}
			t.fireTimers(due)
		}
	}
	if s.open && e.Kind != Advance {
		t.release(e.At)
	}
	return t.dst
}

// Due is when time alone next changes something. If it never does, Due is the greatest time.
func (p *Policy) Due(s *State) schemas.Time {
	due := forever
	if !s.open {
		return due
	}
	for i := range p.Rules {
		due = min(due, p.due(s, &p.Rules[i]))
	}
	if e := s.episode(TaskNoData); p.NoData.After > 0 {
		if !s.absent.silence {
			due = min(due, s.lastData+p.NoData.After)
		}
		for c := range s.absent.components {
			if !s.absent.components[c] {
				due = min(due, p.NoData.overdueAt(Component(c), s.standing.Measured[c], s.standing.Points[c]))
			}
		}
		due = min(due, e.snoozeEnds())
	}
	return due
}

// due is when time alone next moves the episode of the rule: a snooze runs out, a level above
// the open one has held for the dwell, the number has been low for the clear dwell, or the
// alert is to be told again.
func (p *Policy) due(s *State, r *Rule) schemas.Time {
	e := s.episode(r.Task)
	due := e.snoozeEnds()
	if !e.measured {
		return due
	}
	for i := e.level; i < len(r.Levels); i++ { // the levels above the open one
		if e.reachedSince[i] == never {
			continue
		}
		at := e.reachedSince[i] + r.Dwell
		if e.level == 0 {
			at = max(at, e.noStartBefore[i])
		}
		if p.inhibited(s, r.Task, r.Levels[i].Severity) { // the end of another alert releases it, and not time
			continue
		}
		due = min(due, p.quietUntil(r.Task, r.Levels[i].Severity, at))
	}
	if e.level == 0 {
		return due
	}
	if e.clearingSince != never {
		due = min(due, e.clearingSince+r.ClearDwell)
	}
	if r.Continue > 0 && !e.acknowledged && e.snoozedUntil == never {
		due = min(due, e.toldAt+r.Continue)
	}
	return due
}

// snoozeEnds is when the open alert asks for attention again; forever if it is not snoozed.
func (e *episode) snoozeEnds() schemas.Time {
	if e.level == 0 || e.snoozedUntil == never {
		return forever
	}
	return e.snoozedUntil
}

// transition is one call of Step.
type transition struct {
	p   *Policy
	s   *State
	e   *Event
	dst []schemas.Alert // revisions so far
}

// fireTimers does what falls due at one instant: first the snoozes that run out, then what
// has held long enough, and last the absence of data.
func (t *transition) fireTimers(at schemas.Time) {
	for i := range t.s.episodes {
		if e := &t.s.episodes[i]; e.snoozeEnds() <= at {
			e.snoozedUntil = never
			t.revise(e, at, schemas.PhaseReset, "the snooze ran out: "+t.sentence(e), "")
		}
	}
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		e := t.s.episode(r.Task)
		t.settle(r, e, at, false)
		if e.level > 0 && r.Continue > 0 && !e.acknowledged && e.snoozedUntil == never && e.toldAt+r.Continue <= at {
			t.revise(e, at, schemas.PhaseContinue, "still open: "+t.sentence(e), "")
		}
	}
	t.lookForData(at)
	t.release(at)
}

// dataCame notes that data of some kind came, and of which components. Data hold off the alert
// for missing data as of when they were measured: what a monitor with a wrong clock sends, or
// what is charted hours later, does not tell how the patient is now.
func (t *transition) dataCame() {
	newest := min(cmp.Or(t.e.Newest, t.e.At), t.e.At)
	t.s.lastData = max(t.s.lastData, newest)
	if t.e.Measured != nil {
		t.s.standing.Measured = *t.e.Measured
	}
	t.lookForData(t.e.At)
}

// lookForData holds what was measured against what is expected, and starts, updates or ends
// the technical alert of the patient, which names all that is missed. What is measured again
// while other things are missed is not told by itself.
func (t *transition) lookForData(at schemas.Time) {
	n := &t.p.NoData
	if n.After == 0 {
		return
	}
	now := absence{silence: t.s.lastData+n.After <= at}
	oldest := t.s.lastData
	for c := range now.components {
		measured := t.s.standing.Measured[c]
		if n.overdueAt(Component(c), measured, t.s.standing.Points[c]) <= at {
			now.components[c] = true
			oldest = min(oldest, measured)
		}
	}
	e := t.s.episode(TaskNoData)
	was := t.s.absent
	t.s.absent = now
	switch {
	case now == was:
	case !now.any():
		if e.level > 0 { // a person may have ended it
			e.level, e.snoozedUntil = 0, never
			reason := "data came again"
			if was.components != (absence{}).components {
				reason = "measured again"
			}
			t.revise(e, at, schemas.PhaseEnd, reason, "")
		}
	case now.beyond(&was):
		e.latest = float32(at-oldest) / float32(schemas.Hour)
		phase := schemas.PhaseUpdate
		if e.level == 0 {
			phase = schemas.PhaseStart
			t.open(e, 1)
		}
		t.revise(e, at, phase, t.sentence(e), "")
	}
}

// applyScore takes the numbers of a score: it dates which levels they reach and whether they
// are too low for the open ones, moves the alerts that are due to move, and tells a number
// that has changed by enough while its alert stays at its level.
func (t *transition) applyScore(sc *Score) {
	t.s.hasScore, t.s.scoreID, t.s.standing, t.s.partial = true, sc.ID, sc.Standing, sc.Partial
	t.endOrphans()
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		e := t.s.episode(r.Task)
		n, ok := r.numberIn(sc)
		was, told := e.held, len(t.dst)
		e.held = n.held
		if ok {
			e.measured, e.latest, e.singleThree = true, n.value, n.singleThree
		}
		r.date(e, n, t.e.At)
		t.settle(r, e, t.e.At, sc.Corrected)
		if len(t.dst) > told || e.level == 0 {
			continue
		}
		// An alert that keeps its level is told again if its number moved by the rule's step, or
		// at all by a correction. A snoozed one keeps quiet about mere moves.
		moved := float32(math.Abs(float64(e.latest - e.toldValue)))
		switch {
		case e.held && !was:
			t.revise(e, t.e.At, schemas.PhaseUpdate, "held, since "+r.lacks()+": "+t.sentence(e), "")
		case was && !e.held:
			t.revise(e, t.e.At, schemas.PhaseUpdate, "measured again: "+t.sentence(e), "")
		case sc.Corrected && moved > 0:
			t.revise(e, t.e.At, schemas.PhaseUpdate, "data were corrected: "+t.sentence(e), FlagCorrected)
		case r.Update > 0 && moved >= r.Update && e.snoozedUntil == never:
			t.revise(e, t.e.At, schemas.PhaseUpdate, t.sentence(e), "")
		}
	}
	t.lookForData(t.e.At)
}

// number is what a score says to a rule.
type number struct {
	value       float32 // the points of stale components included
	singleThree bool    // a single component has 3 points, a stale one included
	// fresh and freshThree are the same of what is known: no alert starts or rises by more.
	fresh      float32
	freshThree bool
	// held says that the number must not end or lower an alert: something that it was made
	// of is not known any more, or there is none.
	held bool
}

// date notes since when the number reaches each level, and since when it is too low for the
// open one. A level that stays reached keeps its first date, from which the dwell counts; so
// does a number that stays too low. A number that is held is too low for none.
func (r *Rule) date(e *episode, n number, at schemas.Time) {
	for l := range r.Levels {
		switch reached := n.fresh >= r.Levels[l].At || n.freshThree && r.Levels[l].Single; {
		case !reached:
			e.reachedSince[l] = never
		case e.reachedSince[l] == never:
			e.reachedSince[l] = at
		}
	}
	switch lower := e.level > 0 && !n.held && r.heldLevel(e) < e.level; {
	case !lower:
		e.clearingSince = never
	case e.clearingSince == never:
		e.clearingSince = at
	}
}

// lacks says why a number of the rule is held.
func (r *Rule) lacks() string {
	if r.Kind == KindScore {
		return "what had points is not known any more"
	}
	return "the model gives no number"
}

// numberIn takes the rule's number from a score. ok is false where the score has none: the
// number is then held. Risks of a model that was not trained are none, since they must not
// alert anybody.
func (r *Rule) numberIn(sc *Score) (n number, ok bool) {
	if r.Kind == KindScore {
		fresh, freshThree := sc.Standing.Fresh(sc.NEWS2)
		return number{
			value: float32(sc.NEWS2), singleThree: slices.Contains(sc.Standing.Points[:], 3),
			fresh: float32(fresh), freshThree: freshThree, held: sc.Standing.Holds(),
		}, true
	}
	for i := range sc.Risks {
		if sc.Trained && sc.Risks[i].Task == r.Task {
			return number{value: sc.Risks[i].Value, fresh: sc.Risks[i].Value}, true
		}
	}
	return number{held: true}, false
}

// heldLevel is the level at which the last number keeps an open alert, at most the one that
// it has; 0 if the number keeps none.
func (r *Rule) heldLevel(e *episode) int {
	l := min(e.level, len(r.Levels))
	for ; l > 0; l-- {
		if level := &r.Levels[l-1]; e.latest >= level.Clear || e.singleThree && level.Single {
			break
		}
	}
	return l
}

// settle moves an episode to the level that the last number has earned by now. A correction
// of data waits for no clear dwell: the alert was never right.
func (t *transition) settle(r *Rule, e *episode, at schemas.Time, corrected bool) {
	if !e.measured {
		return
	}
	earned := 0
	for l := range r.Levels {
		if e.reachedSince[l] != never && e.reachedSince[l]+r.Dwell <= at {
			earned = l + 1
		}
	}
	if earned > e.level && t.quiet(r, earned, at) {
		r.wait(e, earned, at)
		earned = 0
	}
	flag := ""
	if corrected {
		flag = FlagCorrected
	}
	switch {
	case e.level == 0 && earned > 0 && at >= e.noStartBefore[earned-1]:
		// A start waits for the end of the refractory and the reset time of its severity. A level
		// that is still reached then starts an alert late, at the due time, and not never.
		t.open(e, earned)
		e.silence(earned, at+r.Refractory)
		t.revise(e, at, schemas.PhaseStart, t.sentence(e), flag)
	case e.level > 0 && earned > e.level:
		// An escalation waits for neither. It asks for attention anew, whoever has acknowledged
		// or snoozed the lower level.
		e.level, e.clearingSince, e.snoozedUntil, e.acknowledged = earned, never, never, false
		e.silence(earned, at+r.Refractory)
		t.revise(e, at, schemas.PhaseEscalate, t.sentence(e), flag)
	case e.level > 0 && e.clearingSince != never && (corrected || e.clearingSince+r.ClearDwell <= at):
		was := e.level
		e.level, e.clearingSince = r.heldLevel(e), never
		if e.level > 0 {
			t.revise(e, at, schemas.PhaseDeescalate, t.sentence(e), flag)
			return
		}
		// An end never shortens the refractory time of the alarm before it.
		e.snoozedUntil = never
		e.silence(was, at+r.Reset)
		reason := t.sentence(e)
		if corrected {
			reason = "data were corrected: " + reason
		}
		t.revise(e, at, schemas.PhaseEnd, reason, flag)
	}
}

// silence keeps the task from starting an alert of a level or a lower one before a time. A
// higher level starts at once: a patient who gets worse is never kept silent.
func (e *episode) silence(level int, until schemas.Time) {
	for l := range min(level, maxLevels) {
		e.noStartBefore[l] = max(e.noStartBefore[l], until)
	}
}

// resetOf is the reset time of the task's rule, 0 where it has none.
func (t *transition) resetOf(task string) schemas.Time {
	for i := range t.p.Rules {
		if t.p.Rules[i].Task == task {
			return t.p.Rules[i].Reset
		}
	}
	return 0
}

// open opens the task's next alert at a level, under a new id and without the answers that
// people gave to the last one.
func (t *transition) open(e *episode, level int) {
	e.count++
	e.level, e.revision, e.clearingSince = level, 0, never
	e.acknowledged, e.snoozedUntil, e.verdict, e.origin = false, never, "", ""
	e.id = AlertID(t.s.Patient, t.s.Stay, e.task, e.count, t.e.Model, t.p.hash)
}

// endAll ends every open alert with the stay. Such an end starts no reset time, since a new
// stay begins with an empty state.
func (t *transition) endAll() {
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.level == 0 {
			continue
		}
		e.level, e.snoozedUntil = 0, never
		t.revise(e, t.e.At, schemas.PhaseEnd, "the stay ended ("+t.e.Cause+")", FlagStayEnded)
	}
	t.s.open = false
}

// reopen tells that the alerts go on which the end of the stay had ended. The number of that
// last revision is taken, whoever has read it.
func (t *transition) reopen() {
	for i := range t.s.episodes {
		if e := &t.s.episodes[i]; e.level > 0 {
			e.revision++
			t.revise(e, t.e.At, schemas.PhaseUpdate, "the end of the stay was taken back: "+t.sentence(e), "")
		}
	}
}

// endOrphans ends the alerts of tasks for which the policy has no rule: another policy was in
// force when they started.
func (t *transition) endOrphans() {
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.level == 0 || e.task == TaskNoData || slices.ContainsFunc(t.p.Rules, func(r Rule) bool { return r.Task == e.task }) {
			continue
		}
		e.level, e.snoozedUntil = 0, never
		t.revise(e, t.e.At, schemas.PhaseEnd, "the policy has no rule for "+e.task+" any more", "")
	}
}
