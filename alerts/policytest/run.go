package policytest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Result is what came of a test.
type Result struct {
	Want, Found []Line
}

// OK says whether the policy did what the test expects.
func (r *Result) OK() bool { return slices.Equal(r.Want, r.Found) }

// Diff are the expected and the found lines, those of one side marked: - was expected and did not come, + came and was
// not expected.
func (r *Result) Diff() string {
	// The longest common part of two short lists, from the end.
	common := make([][]int, len(r.Want)+1)
	for i := range common {
		common[i] = make([]int, len(r.Found)+1)
	}
	for i := len(r.Want) - 1; i >= 0; i-- {
		for j := len(r.Found) - 1; j >= 0; j-- {
			if r.Want[i] == r.Found[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var b strings.Builder
	for i, j := 0, 0; i < len(r.Want) || j < len(r.Found); {
		switch {
		case i < len(r.Want) && j < len(r.Found) && r.Want[i] == r.Found[j]:
			fmt.Fprintf(&b, "  %s\n", r.Want[i])
			i, j = i+1, j+1
		case j == len(r.Found) || i < len(r.Want) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintf(&b, "- %s\n", r.Want[i])
			i++
		default:
			fmt.Fprintf(&b, "+ %s\n", r.Found[j])
			j++
		}
	}
	return b.String()
}

// admitted is when the patient of a test comes; the tests count from it.
const admitted = schemas.Time(4_102_444_800_000) // 2100-01-01

// story is a test that is being told.
type story struct {
	test    *Test
	base    *alerts.Policy
	patient string
	unit    string
	state   alerts.State
	now     schemas.Time
	points  alerts.Points
	at      alerts.Measured
	news2   int
	ids     map[string]string // the last alert of each task
	all     []schemas.Alert
}

// Run tells the story to a policy.
func (t *Test) Run(p *alerts.Policy) (*Result, error) {
	if err := t.check(p); err != nil {
		return nil, err
	}
	s := &story{test: t, base: p, patient: cmp.Or(t.file.Patient, "test:1"), unit: t.file.Unit, now: admitted, at: alerts.NeverMeasured(), ids: map[string]string{}}
	s.step(alerts.Event{Kind: alerts.Opened, Patient: s.patient, Stay: "S1"})
	steps := 0
	for _, series := range t.series {
		steps = max(steps, len(series))
	}
	events := t.events
	until := func(at schemas.Time) error {
		for len(events) > 0 && events[0].at <= at {
			s.pass(admitted + events[0].at)
			if err := s.happens(&events[0]); err != nil {
				return err
			}
			events = events[1:]
		}
		s.pass(admitted + at)
		return nil
	}
	for i := range steps {
		// What happens at the time of a number happens after it.
		if err := until(max(schemas.Time(i)*t.every-1, 0)); err != nil {
			return nil, err
		}
		s.pass(admitted + schemas.Time(i)*t.every)
		s.score(i)
	}
	last := schemas.Time(max(steps-1, 0)) * t.every
	for i := range t.want {
		last = max(last, schemas.Time(t.want[i].At.Milliseconds()))
	}
	for i := range events {
		last = max(last, events[i].at)
	}
	if err := until(last); err != nil {
		return nil, err
	}
	r := &Result{Want: t.want}
	for i := range s.all {
		a := &s.all[i]
		if slices.Contains(t.phases, string(a.Phase)) {
			r.Found = append(r.Found, Line{At: std(a.AsOf - admitted), Task: a.Task, Phase: string(a.Phase), Severity: a.Severity, Grouped: slices.Contains(a.Flags, alerts.FlagGrouped)})
		}
	}
	return r, nil
}

// step moves the alerts by one event.
func (s *story) step(e alerts.Event) {
	e.At = s.now
	from := len(s.all)
	s.all = s.base.For(s.patient, s.unit).Step(&s.state, e, s.all)
	for _, a := range s.all[from:] {
		s.ids[a.Task] = a.ID
	}
}

// pass lets time pass.
func (s *story) pass(to schemas.Time) {
	for {
		due := s.base.For(s.patient, s.unit).Due(&s.state)
		if due > to {
			break
		}
		s.now = max(due, s.now)
		s.step(alerts.Event{Kind: alerts.Advance})
	}
	s.now = max(s.now, to)
}

// happens does what is no number.
func (s *story) happens(e *event) error {
	switch e.do {
	case doMove:
		was := s.base.For(s.patient, s.unit)
		if s.unit = e.unit; s.base.For(s.patient, s.unit) != was {
			s.step(alerts.Event{Kind: alerts.Moved})
		}
		return nil
	case doDischarge:
		s.step(alerts.Event{Kind: alerts.Ended, Cause: "discharge"})
		return nil
	}
	id, ok := s.ids[e.task]
	if !ok {
		return fmt.Errorf("events: %s of %s at %s: there is no alert of it yet", e.do, e.task, short(std(e.at)))
	}
	c := &schemas.Command{Verb: e.do, Alert: id}
	if e.do == doClose {
		c.Verb = alerts.VerbEnd
	}
	if e.do == doSnooze {
		c.Until = s.now + e.lasts
	}
	s.step(alerts.Event{Kind: alerts.Commanded, Command: c})
	return nil
}

// score gives the numbers of one step of the series.
func (s *story) score(i int) {
	sc := alerts.Score{ID: fmt.Sprintf("score%d", i), Trained: true}
	any := false
	for _, task := range slices.Sorted(maps.Keys(s.test.series)) {
		series := s.test.series[task]
		p := point{}
		if i < len(series) {
			p = series[i]
		}
		any = any || p.known
		switch {
		case task != alerts.TaskNEWS2:
			if p.known {
				sc.Risks = append(sc.Risks, alerts.TaskRisk{Task: task, Value: float32(p.value)})
			}
		case p.known:
			s.news2, s.points = int(p.value), spread(int(p.value), p.single)
			for c := range s.at {
				s.at[c] = s.now
			}
		default:
			for c, points := range s.points {
				sc.Standing.Stale[c] = points > 0
			}
		}
	}
	if !any {
		return
	}
	sc.NEWS2, sc.Standing.Points = s.news2, s.points
	if _, of := s.test.series[alerts.TaskNEWS2]; !of {
		for c := range s.at {
			s.at[c] = s.now
		}
	}
	sc.Standing.Measured = s.at
	s.step(alerts.Event{Kind: alerts.DataCame, Measured: &s.at})
	s.step(alerts.Event{Kind: alerts.Scored, Score: &sc})
}

// spread makes components of a number of NEWS2: none has 3 points where it can be without, unless one is to have them.
func spread(value int, single bool) (points alerts.Points) {
	most := int8(2)
	if value > 2*int(alerts.Components) {
		most = 3
	}
	for c := range points {
		points[c] = min(most, int8(value))
		if c == 0 && single {
			points[c] = min(3, int8(value))
		}
		value -= int(points[c])
	}
	return points
}
