package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// This file is about what keeps an alert quiet beside its own times: another alert of the patient, and
// what was planned. A policy that says nothing of either keeps none.

// Inhibition keeps alerts of some tasks from starting and rising while one of another task is open: by it
// the patient is looked after already. An alert that is more severe than the one that is open is told all
// the same.
type Inhibition struct {
	By    string // the task whose open alert inhibits
	rank  int    // the least severity at which it does
	Tasks []string
}

// Suppression keeps alerts from starting and rising in a planned time, as of a drill or of work on the
// monitors. What is still reached at its end is told then.
type Suppression struct {
	Tasks       []string // none for every task
	Units       []string // none for every unit
	From, Until schemas.Time
	rank        int // the highest severity that is kept quiet
}

// FlagGrouped says of a revision that asks for attention that another alert of the patient, which is at least
// as severe, is open: whoever pages people pages them once for a patient.
const FlagGrouped = "grouped"

// asksForAttention says whether a revision calls somebody, and does not only tell how it stands.
func asksForAttention(p schemas.Phase) bool {
	return p == schemas.PhaseStart || p == schemas.PhaseEscalate || p == schemas.PhaseReset || p == schemas.PhaseContinue
}

// grouped says whether another alert of the patient, at least as severe, is open and has been told.
func (t *transition) grouped(e *episode, severity string) bool {
	for i := range t.s.episodes {
		o := &t.s.episodes[i]
		if o.task != e.task && o.task != TaskNoData && o.level > 0 && severityRank(o.toldSeverity) >= severityRank(severity) {
			return true
		}
	}
	return false
}

// inhibited says whether an open alert keeps one of a task and a severity from being told.
func (p *Policy) inhibited(s *State, task, severity string) bool {
	for i := range p.Inhibit {
		in := &p.Inhibit[i]
		if !slices.Contains(in.Tasks, task) {
			continue
		}
		if by := s.episode(in.By); by.level > 0 && severityRank(by.toldSeverity) >= max(in.rank, severityRank(severity)) {
			return true
		}
	}
	return false
}

// quietUntil is when no suppression keeps an alert of a task and a severity quiet any more, from a time on.
func (p *Policy) quietUntil(task, severity string, at schemas.Time) schemas.Time {
	for again := true; again; { // one may begin where another ends
		again = false
		for i := range p.Suppress {
			if s := &p.Suppress[i]; s.From <= at && at < s.Until && severityRank(severity) <= s.rank && (len(s.Tasks) == 0 || slices.Contains(s.Tasks, task)) {
				at, again = s.Until, true
			}
		}
	}
	return at
}

// quiet says whether an alert of a rule's level must not be told at a time.
func (t *transition) quiet(r *Rule, level int, at schemas.Time) bool {
	severity := r.Levels[level-1].Severity
	return t.p.quietUntil(r.Task, severity, at) > at || t.p.inhibited(t.s, r.Task, severity)
}

// wait lets what is kept quiet fall due from now on and not before, so that no due time lies in the past once it
// is kept quiet no more.
func (r *Rule) wait(e *episode, earned int, at schemas.Time) {
	for l := range earned {
		if e.reachedSince[l] != never {
			e.reachedSince[l] = max(e.reachedSince[l], at-r.Dwell)
		}
	}
}

// release tells what an alert that is open no more has kept quiet.
func (t *transition) release(at schemas.Time) {
	if len(t.p.Inhibit) == 0 {
		return
	}
	for i := range t.p.Rules {
		t.settle(&t.p.Rules[i], t.s.episode(t.p.Rules[i].Task), at, false)
	}
}

// inhibitFile and suppressFile are these in the file.
type inhibitFile struct {
	By       yamlfile.Text `yaml:"by"`
	Severity string        `yaml:"severity"`
	Tasks    []string      `yaml:"tasks"`
}

type suppressFile struct {
	From     yamlfile.Text `yaml:"from"`
	Until    yamlfile.Text `yaml:"until"`
	Tasks    []string      `yaml:"tasks"`
	Units    []string      `yaml:"units"`
	Severity string        `yaml:"severity"`
}

// mostQuiet bounds how many inhibitions and how many suppressions a policy has, since each alert is held against all.
const mostQuiet = 64

// quiet reads what keeps alerts quiet.
func (p *Policy) readQuiet(f *policyFile) error {
	if n := max(len(f.Inhibit), len(f.Suppress)); n > mostQuiet {
		return fmt.Errorf("inhibit or suppress has %d entries: want at most %d", n, mostQuiet)
	}
	p.Grouped = f.Group
	for i := range f.Inhibit {
		in, err := f.Inhibit[i].compile(p)
		if err != nil {
			return fmt.Errorf("line %d: inhibit[%d]: %w", f.Inhibit[i].By.Line, i, err)
		}
		p.Inhibit = append(p.Inhibit, in)
	}
	for i := range f.Suppress {
		s, err := f.Suppress[i].compile(p)
		if err != nil {
			return fmt.Errorf("line %d: suppress[%d]: %w", f.Suppress[i].From.Line, i, err)
		}
		p.Suppress = append(p.Suppress, s)
	}
	return nil
}

// in is the policy's suppressions that hold in a unit; of "" those that hold in every one.
func (p *Policy) suppressedIn(unit string) (list []Suppression) {
	for _, s := range p.Suppress {
		if len(s.Units) == 0 || slices.Contains(s.Units, unit) {
			list = append(list, s)
		}
	}
	return list
}

// hasRules wants a rule for each task, since what names another would never do anything.
func (p *Policy) hasRules(key string, tasks ...string) error {
	known := make([]string, len(p.Rules))
	for i := range p.Rules {
		known[i] = p.Rules[i].Task
	}
	for _, task := range tasks {
		if slices.Contains(known, task) {
			continue
		}
		near := ""
		if n := schemas.Nearest(task, known); n != "" {
			near = fmt.Sprintf("; did you mean %s?", n)
		}
		return fmt.Errorf("%s: there is no rule for task %q%s (there are rules for %s)", key, task, near, strings.Join(known, ", "))
	}
	return nil
}

// compile checks an inhibition and makes it.
func (f *inhibitFile) compile(p *Policy) (in Inhibition, err error) {
	in = Inhibition{By: f.By.Word, Tasks: f.Tasks, rank: 3}
	if f.Severity != "" {
		in.rank = severityRank(f.Severity)
	}
	switch {
	case in.rank == 0:
		return in, fmt.Errorf("severity %q: want low, medium or high", f.Severity)
	case len(f.Tasks) == 0:
		return in, errors.New("tasks is missing: want those whose alerts are kept quiet, as tasks: [mortality]")
	case slices.Contains(f.Tasks, in.By):
		return in, fmt.Errorf("tasks: %s inhibits itself: of one task only one alert is open anyway", in.By)
	}
	if err := p.hasRules("by", in.By); err != nil {
		return in, err
	}
	for _, o := range p.Inhibit { // two that wait for each other would both be kept quiet by chance of their order
		if slices.Contains(o.Tasks, in.By) && slices.Contains(in.Tasks, o.By) {
			return in, fmt.Errorf("%s and %s inhibit each other: take one of the two out", in.By, o.By)
		}
	}
	return in, p.hasRules("tasks", f.Tasks...)
}

// compile checks a suppression and makes it. It wants both its ends: what nobody ends keeps an alert quiet for ever.
func (f *suppressFile) compile(p *Policy) (s Suppression, err error) {
	s = Suppression{Tasks: f.Tasks, Units: f.Units, rank: severityRank("medium")}
	if s.From, err = moment("from", f.From); err != nil {
		return s, err
	}
	if s.Until, err = moment("until", f.Until); err != nil {
		return s, err
	}
	if f.Severity != "" {
		s.rank = severityRank(f.Severity)
	}
	switch {
	case s.rank == 0:
		return s, fmt.Errorf("severity %q: want low, medium or high, the highest that is kept quiet", f.Severity)
	case s.Until <= s.From:
		return s, errors.New("until: want a time after from")
	case s.Until-s.From > 30*24*schemas.Hour:
		return s, errors.New("from and until are more than 30 days apart: change the rule instead")
	case slices.Contains(f.Units, ""):
		return s, errors.New("units: a unit without a name")
	}
	return s, p.hasRules("tasks", f.Tasks...)
}

// moment reads a time with its zone.
func moment(key string, t yamlfile.Text) (schemas.Time, error) {
	at, err := time.Parse(time.RFC3339, t.Word)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want a time with its zone, as 2026-03-01T06:00:00Z", key, t.Word)
	}
	return schemas.Time(at.UnixMilli()), nil
}
