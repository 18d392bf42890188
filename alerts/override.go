package alerts

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
)

// This file lays over the rules of a policy what holds for single units and patients.

// overrideFile is in the file what holds for some units or some patients instead of a rule's numbers.
type overrideFile struct {
	Units       []string      `yaml:"units"`
	Patients    []string      `yaml:"patients"`
	Task        yamlfile.Text `yaml:"task"`
	numbersFile `yaml:",inline"`
}

// The most units and patients that overrides may name, since a policy is made for each pair of them.
const (
	mostUnits    = 64
	mostPatients = 1024
)

// For is the policy for a patient who lies in a unit. It has the hash of the whole file, since that is
// what a reader of an alert looks up. A patient of a run goes by the id that the patient has without it.
func (p *Policy) For(patient, unit string) *Policy {
	if p.byUnit == nil {
		return p
	}
	if of, ok := p.byPatient[withoutRun(patient)]; ok {
		if q, ok := of[unit]; ok {
			return q
		}
		return of[""]
	}
	if q, ok := p.byUnit[unit]; ok {
		return q
	}
	return p
}

// withoutRun is a patient's id without the name of the run.
func withoutRun(patient string) string {
	domain, id, found := strings.Cut(patient, ":")
	if _, bare, named := strings.Cut(domain, "/"); found && named {
		return bare + ":" + id
	}
	return patient
}

// lay makes the policies of single units and patients. What holds for a patient goes before what holds for the
// unit, number by number.
func (p *Policy) lay(rules []ruleFile, overrides []overrideFile) error {
	all := p.Suppress
	local := slices.ContainsFunc(all, func(s Suppression) bool { return len(s.Units) > 0 })
	if len(overrides) == 0 && !local {
		return nil
	}
	units, patients := map[string][]ruleFile{"": rules}, map[string][]*overrideFile{}
	for i := range all {
		for _, unit := range all[i].Units {
			units[unit] = slices.Clone(rules)
		}
	}
	for i := range overrides {
		o := &overrides[i]
		if err := o.check(rules); err != nil {
			return fmt.Errorf("line %d: overrides[%d] (task %q): %w", o.Task.Line, i, o.Task.Word, err)
		}
		for _, unit := range o.Units {
			if units[unit] == nil {
				units[unit] = slices.Clone(rules)
			}
			lay(units[unit], o)
		}
		for _, patient := range o.Patients {
			patients[patient] = append(patients[patient], o)
		}
	}
	if err := unique(overrides); err != nil {
		return err
	}
	if len(units)-1 > mostUnits || len(patients) > mostPatients {
		return fmt.Errorf("overrides name %d units and %d patients: want at most %d and %d", len(units)-1, len(patients), mostUnits, mostPatients)
	}
	p.byUnit, p.byPatient = map[string]*Policy{}, map[string]map[string]*Policy{}
	for unit, of := range units {
		var err error
		if p.byUnit[unit], err = p.with(of, unit); err != nil {
			return fmt.Errorf("overrides of unit %q: %w", unit, err)
		}
		for patient, list := range patients {
			own := slices.Clone(of)
			for _, o := range list {
				lay(own, o)
			}
			q, err := p.with(own, unit)
			if err != nil {
				return fmt.Errorf("overrides of patient %q: %w", patient, err)
			}
			if p.byPatient[patient] == nil {
				p.byPatient[patient] = map[string]*Policy{}
			}
			p.byPatient[patient][unit] = q
		}
	}
	p.Suppress = p.suppressedIn("")
	return nil
}

// check refuses an override that would never hold for anybody, or that is for a task without a rule.
func (o *overrideFile) check(rules []ruleFile) error {
	tasks := make([]string, len(rules))
	for i := range rules {
		tasks[i] = rules[i].Task.Word
	}
	at := slices.Index(tasks, o.Task.Word)
	switch {
	case at < 0:
		near := ""
		if task := schemas.Nearest(o.Task.Word, tasks); task != "" {
			near = fmt.Sprintf("; did you mean %s?", task)
		}
		return fmt.Errorf("there is no rule for this task to lay something over%s (there are rules for %s)", near, strings.Join(tasks, ", "))
	case (len(o.Units) == 0) == (len(o.Patients) == 0):
		return errors.New("want either units or patients for whom it holds, as units: [picu]")
	case o.numbersFile.none():
		return errors.New("nothing is laid over the rule: want levels, dwell, clear_dwell, refractory, reset, continue or update")
	}
	for _, unit := range o.Units {
		if unit == "" {
			return errors.New("units: a unit without a name")
		}
	}
	for _, patient := range o.Patients {
		if domain, id, ok := strings.Cut(patient, ":"); !ok || domain == "" || id == "" || strings.Contains(domain, "/") {
			return fmt.Errorf("patients: %q: want a patient as messages name one, as site:42, and without a run", patient)
		}
	}
	if o.Levels == nil {
		return nil
	}
	// An open alert has the place of its level. With other severities at that place it would change its severity
	// without a word when the patient is moved.
	of := func(levels []levelFile) (list []string) {
		for i := range levels {
			list = append(list, levels[i].Severity)
		}
		return list
	}
	if want, found := of(rules[at].Levels), of(o.Levels); !slices.Equal(want, found) {
		return fmt.Errorf("levels of %s: want those of the rule, %s, in this order, with other numbers", cmp.Or(strings.Join(found, ", "), "none"), strings.Join(want, ", "))
	}
	return nil
}

// unique refuses two overrides of one task for the same unit or patient, of which only one could hold.
func unique(overrides []overrideFile) error {
	type place struct{ kind, name, task string }
	first := map[place]int{}
	for i := range overrides {
		o := &overrides[i]
		for kind, names := range map[string][]string{"unit": o.Units, "patient": o.Patients} {
			for _, name := range names {
				if line, twice := first[place{kind, name, o.Task.Word}]; twice {
					return fmt.Errorf("line %d: overrides[%d]: %s %q has an override of %s already, in line %d", o.Task.Line, i, kind, name, o.Task.Word, line)
				}
				first[place{kind, name, o.Task.Word}] = o.Task.Line
			}
		}
	}
	return nil
}

// none says whether no number is written.
func (n *numbersFile) none() bool {
	return n.Levels == nil && n.Dwell == nil && n.ClearDwell == nil && n.Refractory == nil && n.Reset == nil && n.Continue == nil && n.Update == nil
}

// lay puts the numbers that an override has into the rule of its task.
func lay(rules []ruleFile, o *overrideFile) {
	r := &rules[slices.IndexFunc(rules, func(r ruleFile) bool { return r.Task.Word == o.Task.Word })]
	if o.Levels != nil {
		r.Levels = o.Levels
	}
	r.Dwell, r.ClearDwell = cmp.Or(o.Dwell, r.Dwell), cmp.Or(o.ClearDwell, r.ClearDwell)
	r.Refractory, r.Reset = cmp.Or(o.Refractory, r.Refractory), cmp.Or(o.Reset, r.Reset)
	r.Continue, r.Update = cmp.Or(o.Continue, r.Continue), cmp.Or(o.Update, r.Update)
}

// with is the policy with other rules for the same tasks, and with what is planned for a unit.
func (p *Policy) with(rules []ruleFile, unit string) (*Policy, error) {
	q := &Policy{NoData: p.NoData, MaxSnooze: p.MaxSnooze, Inhibit: p.Inhibit, Suppress: p.suppressedIn(unit), Grouped: p.Grouped}
	for i := range rules {
		r, err := rules[i].compile()
		if err != nil {
			return nil, fmt.Errorf("task %s: %w", rules[i].Task.Word, err)
		}
		q.Rules = append(q.Rules, r)
	}
	return q, nil
}

// move holds what is known of the patient against the rules of the unit to which the patient came. A level that is
// reached by these rules counts from now on, and one that is reached no more is none.
func (t *transition) move() {
	for i := range t.p.Rules {
		r := &t.p.Rules[i]
		e := t.s.episode(r.Task)
		if !e.measured {
			continue
		}
		r.date(e, e.number(r.Kind, &t.s.standing), t.e.At)
		t.settle(r, e, t.e.At, false)
	}
}

// number is what the last score said of the episode's task.
func (e *episode) number(kind string, standing *Standing) number {
	n := number{value: e.latest, singleThree: e.singleThree, held: e.held}
	switch {
	case kind == KindScore:
		fresh, three := standing.Fresh(int(e.latest))
		n.fresh, n.freshThree = float32(fresh), three
	case !e.held:
		n.fresh = e.latest
	}
	return n
}
