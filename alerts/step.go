package alerts

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Event is what moves a State. Events of a stay come in order of At; before one,
// the caller lets pass what falls due earlier (Due, Advance).
type Event struct {
	Kind  EventKind
	At    schemas.Time
	Model string // hash of the model in force: stands in alerts, and in the id of one that starts

	Patient, Stay string           // Opened
	Score         *Score           // Scored
	Command       *schemas.Command // Commanded
	Cause         string           // Ended: discharge, death, silence, …
}

// EventKind says what happened.
type EventKind uint8

// Kinds of an event.
const (
	Opened    EventKind = iota + 1 // a stay begins: the state is emptied first
	Scored                         // a score was computed
	DataCame                       // data of any kind came
	Commanded                      // a person answered
	Advance                        // time passes: all that is due up to At
	Ended                          // the stay ends, and every open alert with it; nothing follows but Opened
)

// Score is what a policy reads of a score.
type Score struct {
	ID        string
	Trained   bool // risks of an untrained model alert nobody
	Risks     []TaskRisk
	NEWS2     int
	Points    Points
	Partial   bool
	Corrected bool // data were corrected or taken back since the score before
}

// TaskRisk is the probability of one task.
type TaskRisk struct {
	Task  string
	Value float32
}

// ScoreOf takes what a policy reads from a score of the score log, whose points
// it finds in the inputs (where they are left out, a component of 3 is not seen).
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
	for _, in := range s.NEWS2.Inputs {
		if c := slices.Index(ComponentNames[:], in.Component); c >= 0 {
			out.Points[c] = int8(in.Points)
		}
	}
	for _, name := range s.NEWS2.Missing {
		if c := slices.Index(ComponentNames[:], name); c >= 0 {
			out.Points[c] = NotKnown
		}
	}
	return out
}

// Flags of an alert.
const (
	FlagPartial      = "partial"      // NEWS2 with components missing
	FlagCorrected    = "corrected"    // data behind it were corrected or taken back
	FlagAcknowledged = "acknowledged" // a person has seen it
	FlagSnoozed      = "snoozed"
	FlagEnded        = "ended"      // an answer to an alert that has ended
	FlagStayEnded    = "stay_ended" // it ended because the stay did
)

// Step moves the state by one event and appends to dst what became of the
// stay's alerts, each as a revision with N left zero.
func (p *Policy) Step(s *State, e Event, dst []schemas.Alert) []schemas.Alert {
	if !s.open && e.Kind != Opened {
		return dst
	}
	t := turn{p: p, s: s, e: &e, dst: dst}
	switch e.Kind {
	case Opened:
		*s = State{Patient: e.Patient, Stay: e.Stay, open: true, lastData: e.At, episodes: s.episodes[:0]}
		for i := range p.Rules {
			s.episode(p.Rules[i].Task)
		}
		s.episode(TaskNoData)
	case Ended:
		t.endAll()
	case Commanded:
		t.command(e.Command)
	case DataCame:
		t.data()
	case Scored:
		t.score(e.Score)
	case Advance:
		for s.open {
			due := p.Due(s)
			if due > e.At {
				break
			}
			t.fire(due)
		}
	}
	return t.dst
}

// Due is when time alone next changes something, the greatest time if it never
// does.
func (p *Policy) Due(s *State) schemas.Time {
	due := forever
	if !s.open {
		return due
	}
	for i := range p.Rules {
		due = min(due, p.Rules[i].due(s.episode(p.Rules[i].Task)))
	}
	if e := s.episode(TaskNoData); p.NoData.After > 0 {
		if e.level == 0 {
			due = min(due, s.lastData+p.NoData.After)
		}
		due = min(due, e.snoozeEnd())
	}
	return due
}

func (r *Rule) due(e *episode) schemas.Time {
	due := e.snoozeEnd()
	if !e.known {
		return due
	}
	for i := e.level; i < len(r.Levels); i++ { // the levels above the open one
		if e.since[i] == never {
			continue
		}
		at := e.since[i] + r.Dwell
		if e.level == 0 {
			at = max(at, e.quiet)
		}
		due = min(due, at)
	}
	if e.level == 0 {
		return due
	}
	if e.low != never {
		due = min(due, e.low+r.ClearDwell)
	}
	if r.Continue > 0 && !e.acknowledged && e.snoozed == never {
		due = min(due, e.told+r.Continue)
	}
	return due
}

func (e *episode) snoozeEnd() schemas.Time {
	if e.level == 0 || e.snoozed == never {
		return forever
	}
	return e.snoozed
}

// turn is one call of Step.
type turn struct {
	p   *Policy
	s   *State
	e   *Event
	dst []schemas.Alert
}

// fire does what falls due at one instant: first the silences that run out, then
// what has held long enough, then the absence of data.
func (t *turn) fire(at schemas.Time) {
	for i := range t.s.episodes {
		if e := &t.s.episodes[i]; e.snoozeEnd() <= at {
			e.snoozed = never
			t.tell(e, at, schemas.PhaseReset, "the snooze ran out: "+t.sentence(e), "")
		}
	}
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		e := t.s.episode(r.Task)
		t.settle(r, e, at, false)
		if e.level > 0 && r.Continue > 0 && !e.acknowledged && e.snoozed == never && e.told+r.Continue <= at {
			t.tell(e, at, schemas.PhaseContinue, "still open: "+t.sentence(e), "")
		}
	}
	n := t.p.NoData
	if e := t.s.episode(TaskNoData); n.After > 0 && e.level == 0 && t.s.lastData+n.After <= at {
		e.seen = float32(n.After) / float32(schemas.Hour)
		t.begin(e, 1)
		t.tell(e, at, schemas.PhaseStart, t.sentence(e), "")
	}
}

func (t *turn) data() {
	t.s.lastData = t.e.At
	if e := t.s.episode(TaskNoData); e.level > 0 {
		e.level = 0
		t.tell(e, t.e.At, schemas.PhaseEnd, "data came again", "")
	}
}

func (t *turn) score(sc *Score) {
	t.s.scored, t.s.scoreID, t.s.points, t.s.partial = true, sc.ID, sc.Points, sc.Partial
	t.endUnknown()
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		value, three, ok := r.read(sc)
		if !ok {
			continue
		}
		e := t.s.episode(r.Task)
		e.known, e.seen, e.three = true, value, three
		for l := range r.Levels {
			switch reached := value >= r.Levels[l].At || three && r.Levels[l].Single; {
			case !reached:
				e.since[l] = never
			case e.since[l] == never:
				e.since[l] = t.e.At
			}
		}
		if e.level > 0 {
			switch lower := r.hold(e) < e.level; {
			case !lower:
				e.low = never
			case e.low == never:
				e.low = t.e.At
			}
		}
		told := len(t.dst)
		t.settle(r, e, t.e.At, sc.Corrected)
		if len(t.dst) > told || e.level == 0 {
			continue
		}
		moved := float32(math.Abs(float64(value - e.value)))
		switch {
		case sc.Corrected && moved > 0:
			t.tell(e, t.e.At, schemas.PhaseUpdate, "data were corrected: "+t.sentence(e), FlagCorrected)
		case r.Update > 0 && moved >= r.Update && e.snoozed == never:
			t.tell(e, t.e.At, schemas.PhaseUpdate, t.sentence(e), "")
		}
	}
}

// read takes the rule's number from a score; ok is false where there is none
// that may alert.
func (r *Rule) read(sc *Score) (value float32, three, ok bool) {
	if r.Kind == KindScore {
		return float32(sc.NEWS2), slices.Contains(sc.Points[:], 3), true
	}
	for i := range sc.Risks {
		if sc.Trained && sc.Risks[i].Task == r.Task {
			return sc.Risks[i].Value, false, true
		}
	}
	return 0, false, false
}

// hold is the level at which the last number keeps an open alert, at most the
// one that it has.
func (r *Rule) hold(e *episode) int {
	l := min(e.level, len(r.Levels))
	for ; l > 0; l-- {
		if level := &r.Levels[l-1]; e.seen >= level.Clear || e.three && level.Single {
			break
		}
	}
	return l
}

// settle moves an episode to the level that the last number has earned by now.
func (t *turn) settle(r *Rule, e *episode, at schemas.Time, corrected bool) {
	if !e.known {
		return
	}
	up := 0
	for l := range r.Levels {
		if e.since[l] != never && e.since[l]+r.Dwell <= at {
			up = l + 1
		}
	}
	flag := ""
	if corrected {
		flag = FlagCorrected
	}
	switch {
	case e.level == 0 && up > 0 && at >= e.quiet:
		t.begin(e, up)
		e.quiet = at + r.Refractory
		t.tell(e, at, schemas.PhaseStart, t.sentence(e), flag)
	case e.level > 0 && up > e.level:
		e.level, e.low, e.snoozed, e.acknowledged = up, never, never, false
		e.quiet = at + r.Refractory
		t.tell(e, at, schemas.PhaseEscalate, t.sentence(e), flag)
	case e.level > 0 && e.low != never && (corrected || e.low+r.ClearDwell <= at):
		e.level, e.low = r.hold(e), never
		if e.level > 0 {
			t.tell(e, at, schemas.PhaseDeescalate, t.sentence(e), flag)
			return
		}
		e.snoozed = never
		e.quiet = max(e.quiet, at+r.Reset)
		reason := t.sentence(e)
		if corrected {
			reason = "data were corrected: " + reason
		}
		t.tell(e, at, schemas.PhaseEnd, reason, flag)
	}
}

// begin opens the task's next alert.
func (t *turn) begin(e *episode, level int) {
	e.count++
	e.level, e.revision, e.low = level, 0, never
	e.acknowledged, e.snoozed, e.verdict = false, never, ""
	e.id = AlertID(t.s.Patient, t.s.Stay, e.task, e.count, t.e.Model, t.p.hash)
}

func (t *turn) endAll() {
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.level == 0 {
			continue
		}
		e.level, e.snoozed = 0, never
		t.tell(e, t.e.At, schemas.PhaseEnd, "the stay ended ("+t.e.Cause+")", FlagStayEnded)
	}
	t.s.open = false
}

// endUnknown ends the alerts of tasks that the policy, changed since, has no
// more.
func (t *turn) endUnknown() {
	for i := range t.s.episodes {
		e := &t.s.episodes[i]
		if e.level == 0 || e.task == TaskNoData || slices.ContainsFunc(t.p.Rules, func(r Rule) bool { return r.Task == e.task }) {
			continue
		}
		e.level, e.snoozed = 0, never
		t.tell(e, t.e.At, schemas.PhaseEnd, "the policy has no rule for "+e.task+" any more", "")
	}
}
