package policylab

import (
	"cmp"
	"slices"
	"sync"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/judge"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
)

// Course is what moved the alerts of one stay, in its order.
type Course struct {
	Patient, Stay string
	// Outcome is what came of the stay, where it is known.
	judge.Outcome
	OutcomeKnown bool
	Admitted     schemas.Time
	// FullHours is at how many full hours the stay was scored: its patient-days.
	FullHours int
	// Plain says that the course comes from a log of scores, which does not tell when data came.
	Plain bool

	events  []event
	reopens bool // the end of the stay was taken back
}

// event is one event of a course. What it points to is never changed, so that many policies may be
// moved by it at once.
type event struct {
	kind     alerts.EventKind
	at       schemas.Time
	newest   schemas.Time
	model    string
	unit     string
	cause    string
	score    *alerts.Score
	measured *alerts.Measured
}

// step is the event as a policy takes it.
func (e *event) step(c *Course) alerts.Event {
	s := alerts.Event{Kind: e.kind, At: e.at, Model: e.model, Score: e.score, Newest: e.newest, Measured: e.measured, Cause: e.cause}
	if e.kind == alerts.Opened {
		s.Patient, s.Stay = c.Patient, c.Stay
	}
	return s
}

// Play plays the course by a policy and appends to dst the revisions that a live run would have made.
// N and the flags that the monitor adds are not in them.
func (c *Course) Play(p *alerts.Policy, dst []schemas.Alert) []schemas.Alert {
	var state, before alerts.State
	var reopened schemas.Time
	unit := ""
	here := p.For(c.Patient, unit)
	for i := range c.events {
		e := &c.events[i]
		// What follows at once on the end that was taken back comes before what fell due meanwhile.
		if (e.at > reopened || reopened == 0) && here.Due(&state) <= e.at {
			dst = here.Step(&state, alerts.Event{Kind: alerts.Advance, At: e.at, Model: e.model}, dst)
		}
		was := here
		if e.unit != unit {
			unit = e.unit
			here = p.For(c.Patient, unit)
		}
		switch {
		case e.kind == alerts.Moved && here == was:
			continue
		case e.kind == alerts.Ended && c.reopens:
			before = state.Clone()
		case e.kind == alerts.Reopened:
			state, reopened = before.Clone(), e.at
		}
		dst = here.Step(&state, e.step(c), dst)
	}
	return dst
}

// Recorder keeps the courses of the patients that a monitor serves. Its Listen is for
// monitor.Monitor.Listen and judge.Plan.Listen; many goroutines may call it, if each patient's events come
// in their order.
type Recorder struct {
	mu      sync.Mutex
	courses map[[2]string]*Course
	events  int
	full    bool
}

// MostEvents is how many events a Recorder keeps, which is some gigabyte: of 30,000 stays of two days that are
// scored by the hour.
const MostEvents = 4_000_000

// Listen notes an event.
func (r *Recorder) Listen(h monitor.Heard) {
	switch h.Event.Kind {
	case alerts.Opened, alerts.Scored, alerts.DataCame, alerts.Reopened, alerts.Ended, alerts.Moved:
	default: // an answer, or what two ids of a patient pass on: see the package's comment
		return
	}
	e := event{kind: h.Event.Kind, at: h.Event.At, newest: h.Event.Newest, model: h.Event.Model, unit: h.Unit, cause: h.Event.Cause}
	if s := h.Event.Score; s != nil {
		own := *s
		own.Risks = slices.Clone(s.Risks)
		e.score = &own
	}
	if m := h.Event.Measured; m != nil {
		own := *m
		e.measured = &own
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events == MostEvents {
		r.full = true
		return
	}
	if r.courses == nil {
		r.courses = map[[2]string]*Course{}
	}
	key := [2]string{h.Patient, h.Stay}
	c := r.courses[key]
	if c == nil {
		c = &Course{Patient: h.Patient, Stay: h.Stay, Admitted: e.at}
		r.courses[key] = c
	}
	c.reopens = c.reopens || e.kind == alerts.Reopened
	c.events = append(c.events, e)
	r.events++
}

// Full says whether there were more than MostEvents. The courses are then not whole and of no use.
func (r *Recorder) Full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

// Courses are all that were heard, by patient and admission.
func (r *Recorder) Courses() []*Course {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Course, 0, len(r.courses))
	for _, c := range r.courses {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Course) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.events[0].at, b.events[0].at), cmp.Compare(a.Stay, b.Stay))
	})
	return list
}

// Judged are the courses of stays that were played and judged, with what came of them.
func (r *Recorder) Judged(stays []judge.Stay) []*Course {
	of := map[[2]string]*judge.Stay{}
	for i := range stays {
		of[[2]string{stays[i].Patient, stays[i].ID}] = &stays[i]
	}
	return slices.DeleteFunc(r.Courses(), func(c *Course) bool {
		s := of[[2]string{c.Patient, c.Stay}]
		if s == nil {
			return true
		}
		c.Outcome, c.OutcomeKnown, c.Admitted, c.FullHours = s.Outcome, !s.NoOutcome, s.Admitted, len(s.Points)
		return false
	})
}
