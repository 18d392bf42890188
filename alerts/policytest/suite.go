package policytest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// Suite is a file of tests.
type Suite struct {
	Policy string // the policy's file as the suite names it; empty for the shipped one
	Tests  []Test
}

// Test is one story: numbers and answers in, alerts out.
type Test struct {
	Name string

	file   testFile
	every  schemas.Time
	series map[string][]point
	events []event
	want   []Line
	phases []string
}

// Line is one revision of an alert, as a test expects it or the policy made it. At is after admission.
type Line struct {
	At                    time.Duration
	Task, Phase, Severity string
	Grouped               bool // see group in the policy
}

func (l Line) String() string {
	grouped := ""
	if l.Grouped {
		grouped = " grouped"
	}
	return fmt.Sprintf("%s %s %s %s%s", short(l.At), l.Task, l.Phase, l.Severity, grouped)
}

// short is a duration without units of which there are none.
func short(d time.Duration) string {
	s := d.String()
	if rest, ok := strings.CutSuffix(s, "m0s"); ok {
		s = rest + "m"
	}
	if rest, ok := strings.CutSuffix(s, "h0m"); ok {
		s = rest + "h"
	}
	return s
}

type suiteFile struct {
	Version int        `yaml:"version"`
	Policy  string     `yaml:"policy"`
	Tests   []testFile `yaml:"tests"`
}

type testFile struct {
	Name    yamlfile.Text            `yaml:"name"`
	Every   yamlfile.Text            `yaml:"every"`
	Unit    string                   `yaml:"unit"`
	Patient string                   `yaml:"patient"`
	Series  map[string]yamlfile.Text `yaml:"series"`
	Events  []eventFile              `yaml:"events"`
	Alerts  []lineFile               `yaml:"alerts"`
	Phases  []string                 `yaml:"phases"`
}

type eventFile struct {
	At   yamlfile.Text `yaml:"at"`
	Do   yamlfile.Text `yaml:"do"`
	Task string        `yaml:"task"`
	For  yamlfile.Text `yaml:"for"`
	Unit string        `yaml:"unit"`
}

type lineFile struct {
	At       yamlfile.Text `yaml:"at"`
	Task     string        `yaml:"task"`
	Phase    string        `yaml:"phase"`
	Severity string        `yaml:"severity"`
	Grouped  bool          `yaml:"grouped"`
}

// event is what happens beside the numbers.
type event struct {
	at         schemas.Time
	do         string
	task, unit string
	lasts      schemas.Time
}

// What an event may do.
const (
	doAcknowledge = alerts.VerbAcknowledge
	doSnooze      = alerts.VerbSnooze
	doClose       = "close" // a person ends the alert
	doMove        = "move"
	doDischarge   = "discharge"
)

var (
	deeds      = []string{doAcknowledge, doSnooze, doClose, doMove, doDischarge}
	phases     = []string{string(schemas.PhaseStart), string(schemas.PhaseEscalate), string(schemas.PhaseDeescalate), string(schemas.PhaseUpdate), string(schemas.PhaseContinue), string(schemas.PhaseReset), string(schemas.PhaseEnd)}
	looked     = []string{string(schemas.PhaseStart), string(schemas.PhaseEscalate), string(schemas.PhaseDeescalate), string(schemas.PhaseEnd)}
	severities = []string{"low", "medium", "high"}
)

// Parse reads a file of tests. Which tasks there are says the policy, so [Test.Run] looks at them.
func Parse(file []byte) (*Suite, error) {
	var f suiteFile
	if err := yamlfile.Decode(file, &f); err != nil {
		return nil, err
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d: this program reads version 1; write `version: 1` at the top", f.Version)
	}
	if len(f.Tests) == 0 {
		return nil, errors.New("no tests: a file that tests nothing would always pass")
	}
	s := &Suite{Policy: f.Policy}
	for i := range f.Tests {
		t, err := f.Tests[i].compile()
		if err != nil {
			return nil, fmt.Errorf("tests[%d] (%q): %w", i, f.Tests[i].Name.Word, err)
		}
		s.Tests = append(s.Tests, t)
	}
	return s, nil
}

// compile checks a test and makes it.
func (f *testFile) compile() (Test, error) {
	t := Test{Name: f.Name.Word, file: *f, series: map[string][]point{}, phases: f.Phases}
	if t.Name == "" {
		return t, errors.New("name is missing")
	}
	if f.Every.Word == "" {
		f.Every.Word = "1m"
	}
	var err error
	if t.every, err = moment(f.Every, "every"); err != nil {
		return t, err
	}
	if t.every == 0 {
		return t, fmt.Errorf("line %d: every: want a time above 0s", f.Every.Line)
	}
	for _, task := range slices.Sorted(maps.Keys(f.Series)) {
		if t.series[task], err = parseSeries(f.Series[task].Word); err != nil {
			return t, fmt.Errorf("line %d: series.%s: %w", f.Series[task].Line, task, err)
		}
	}
	for i := range f.Events {
		e, err := f.Events[i].compile()
		if err != nil {
			return t, err
		}
		t.events = append(t.events, e)
	}
	slices.SortStableFunc(t.events, func(a, b event) int { return int(a.at - b.at) })
	if len(t.phases) == 0 {
		t.phases = looked
	}
	for _, phase := range t.phases {
		if err := oneOf("phases", phase, phases); err != nil {
			return t, err
		}
	}
	for i := range f.Alerts {
		l := &f.Alerts[i]
		at, err := moment(l.At, "alerts.at")
		if err == nil {
			err = oneOf("phase", l.Phase, t.phases)
		}
		if err == nil {
			err = oneOf("severity", l.Severity, severities)
		}
		if err != nil {
			return t, fmt.Errorf("alerts[%d]: %w", i, err)
		}
		t.want = append(t.want, Line{At: std(at), Task: l.Task, Phase: l.Phase, Severity: l.Severity, Grouped: l.Grouped})
	}
	return t, nil
}

// compile checks an event and makes it.
func (f *eventFile) compile() (e event, err error) {
	e = event{do: f.Do.Word, task: f.Task, unit: f.Unit}
	if e.at, err = moment(f.At, "events.at"); err != nil {
		return e, err
	}
	if err := oneOf("do", e.do, deeds); err != nil {
		return e, fmt.Errorf("line %d: %w", f.Do.Line, err)
	}
	answers := e.do == doAcknowledge || e.do == doSnooze || e.do == doClose
	switch {
	case answers && e.task == "":
		return e, fmt.Errorf("line %d: %s: want the task whose alert is answered, as task: news2", f.Do.Line, e.do)
	case e.do == doMove && e.unit == "":
		return e, fmt.Errorf("line %d: move: want the unit to which the patient comes, as unit: picu", f.Do.Line)
	case e.do == doSnooze:
		e.lasts, err = moment(f.For, "for")
	}
	return e, err
}

// moment reads a duration.
func moment(t yamlfile.Text, of string) (schemas.Time, error) {
	d, err := time.ParseDuration(t.Word)
	if err != nil || d < 0 || d > 31*24*time.Hour || d%time.Millisecond != 0 {
		return 0, fmt.Errorf("line %d: %s %q: want a time with its unit, as 30m or 4h, of at most 744h", t.Line, of, t.Word)
	}
	return schemas.Time(d.Milliseconds()), nil
}

// oneOf refuses a word that is none of a list.
func oneOf(of, found string, list []string) error {
	if slices.Contains(list, found) {
		return nil
	}
	near := ""
	if n := schemas.Nearest(found, list); n != "" {
		near = fmt.Sprintf("; did you mean %s?", n)
	}
	return fmt.Errorf("%s %q: want one of %s%s", of, found, strings.Join(list, ", "), near)
}

func std(t schemas.Time) time.Duration { return time.Duration(t) * time.Millisecond }

// check refuses a test that names a task for which the policy has no rule: its series would move nothing, and the
// test would pass for the wrong reason.
func (t *Test) check(p *alerts.Policy) error {
	tasks := []string{alerts.TaskNoData}
	for i := range p.Rules {
		tasks = append(tasks, p.Rules[i].Task)
	}
	for _, task := range slices.Sorted(maps.Keys(t.series)) {
		if err := oneOf(fmt.Sprintf("line %d: the policy has no rule for series", t.file.Series[task].Line), task, tasks[1:]); err != nil {
			return err
		}
		for i, p := range t.series[task] {
			most := 1.0
			if task == alerts.TaskNEWS2 {
				most = 20
			}
			if p.value < 0 || p.value > most || task == alerts.TaskNEWS2 && p.value != float64(int(p.value)) {
				return fmt.Errorf("line %d: series.%s: number %d is %v: want 0 to %v", t.file.Series[task].Line, task, i, p.value, most)
			}
		}
	}
	for i := range t.events {
		if e := &t.events[i]; e.task != "" {
			if err := oneOf("events: task", e.task, tasks); err != nil {
				return err
			}
		}
	}
	for i := range t.want {
		if err := oneOf(fmt.Sprintf("line %d: alerts: task", t.file.Alerts[i].At.Line), t.want[i].Task, tasks); err != nil {
			return err
		}
	}
	return nil
}
