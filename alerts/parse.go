package alerts

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the default policy
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/yamlfile"
	"go.yaml.in/yaml/v3"
)

//go:embed policy.yaml
var defaultPolicy []byte

// DefaultPolicy returns the policy that is built in, policy.yaml of this directory.
func DefaultPolicy() *Policy {
	p, err := ParsePolicy(defaultPolicy)
	if err != nil {
		panic("alerts: the built-in policy: " + err.Error()) // a test parses it
	}
	return p
}

// DefaultPolicyYAML returns the file of the built-in policy, for a site to start its own from.
func DefaultPolicyYAML() []byte { return bytes.Clone(defaultPolicy) }

// ParsePolicy reads a policy file in YAML. It is strict, since a slip in a threshold would
// otherwise show only at the bedside: a field that it does not know, a level that could never
// clear and a duration without a unit are errors that name the place, what was found and what
// is wanted.
func ParsePolicy(file []byte) (*Policy, error) {
	var f policyFile
	if err := yamlfile.Decode(file, &f); errors.Is(err, yamlfile.ErrEmpty) {
		return nil, fmt.Errorf("policy: %w; `vigil policy init` writes one to start from", err)
	} else if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	p, err := f.compile()
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	sum := sha256.Sum256(file)
	p.hash = hex.EncodeToString(sum[:])
	for _, q := range p.byUnit {
		q.hash = p.hash
	}
	for _, of := range p.byPatient {
		for _, q := range of {
			q.hash = p.hash
		}
	}
	return p, nil
}

// policyFile is the file as it is written; compile makes a Policy of it.
type policyFile struct {
	Version   int        `yaml:"version"`
	Rules     []ruleFile `yaml:"rules"`
	Technical struct {
		NoData *noDataFile `yaml:"no_data"`
	} `yaml:"technical"`
	Snooze    *snoozeFile    `yaml:"snooze"`
	Overrides []overrideFile `yaml:"overrides"`
	Group     bool           `yaml:"group"`
	Inhibit   []inhibitFile  `yaml:"inhibit"`
	Suppress  []suppressFile `yaml:"suppress"`
}

// ruleFile is a rule in the file.
type ruleFile struct {
	Task        yamlfile.Text `yaml:"task"`
	Kind        string        `yaml:"kind"`
	numbersFile `yaml:",inline"`
}

// numbersFile are the numbers of a rule. A pointer tells whether a number was written: it then goes before the
// default, and in an override before that of the rule.
type numbersFile struct {
	Levels     []levelFile `yaml:"levels"`
	Dwell      *duration   `yaml:"dwell"`
	ClearDwell *duration   `yaml:"clear_dwell"`
	Refractory *duration   `yaml:"refractory"`
	Reset      *duration   `yaml:"reset"`
	Continue   *duration   `yaml:"continue"`
	Update     *float64    `yaml:"update"`
}

// levelFile is a level in the file. clear is the same as at where it is left out.
type levelFile struct {
	Severity string   `yaml:"severity"`
	At       *float64 `yaml:"at"`
	Clear    *float64 `yaml:"clear"`
	Single   bool     `yaml:"single"`
}

// noDataFile is the technical alert in the file. Expected names classes of components, or
// single components, which go before their class.
type noDataFile struct {
	After    duration            `yaml:"after"`
	Severity string              `yaml:"severity"`
	Expected map[string]duration `yaml:"expected"`
}

// classes are the channel classes of expected: what a monitor measures all the time, and what
// a person charts now and then.
var classes = map[string][]Component{
	"continuous":   {ComponentRespiratoryRate, ComponentSpO2, ComponentSystolic, ComponentHeartRate},
	"intermittent": {ComponentOxygen, ComponentConsciousness, ComponentTemperature},
}

// compile checks the technical alert of the file.
func (f *noDataFile) compile() (NoData, error) {
	n := defaultNoData()
	n.After, n.Severity = schemas.Time(f.After), f.Severity
	if severityRank(n.Severity) == 0 {
		return n, fmt.Errorf("severity %q: want low, medium or high", n.Severity)
	}
	for name, period := range f.Expected {
		if period == 0 {
			return n, fmt.Errorf("expected.%s is 0s: want the longest time without a measurement that is usual, as 4h", name)
		}
		for _, c := range classes[name] {
			n.Expected[c] = schemas.Time(period)
		}
	}
	for name, period := range f.Expected {
		c := slices.Index(ComponentNames[:], name)
		switch {
		case c >= 0:
			n.Expected[c] = schemas.Time(period)
		case classes[name] == nil:
			return n, fmt.Errorf("expected.%s: want continuous, intermittent or a component: %s", name, strings.Join(ComponentNames[:], ", "))
		}
	}
	return n, nil
}

type snoozeFile struct {
	Max duration `yaml:"max"`
}

// duration is a duration in the file, written as "30m", "4h" or "1h30m", in milliseconds.
type duration schemas.Time

// UnmarshalYAML reads a duration of at most 30 days in whole milliseconds.
func (d *duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return fmt.Errorf("line %d: duration %q: want a number with a unit, as 30m, 4h or 0s", n.Line, n.Value)
	}
	if v < 0 || v > 30*24*time.Hour || v%time.Millisecond != 0 {
		return fmt.Errorf("line %d: duration %q: want 0s to 720h, in whole milliseconds", n.Line, n.Value)
	}
	*d = duration(v.Milliseconds())
	return nil
}

// The defaults. Refractory and reset are those of circEWS (Hyland and others, "Early
// prediction of circulatory failure in the intensive care unit using machine learning",
// Nature Medicine 2020): silence after an alarm, and after the end of an event.
const (
	defaultRefractory = 30 * schemas.Minute
	defaultReset      = 25 * schemas.Minute
	defaultSnooze     = 4 * schemas.Hour
)

// defaultNoData is the technical alert of a policy that does not mention it.
func defaultNoData() NoData {
	n := NoData{After: 4 * schemas.Hour, Severity: "low"}
	for _, c := range classes["continuous"] {
		n.Expected[c] = 4 * schemas.Hour
	}
	for _, c := range classes["intermittent"] {
		n.Expected[c] = 12 * schemas.Hour
	}
	return n
}

// compile checks the file and makes a policy of it.
func (f *policyFile) compile() (*Policy, error) {
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d: this program reads version 1; write `version: 1` at the top", f.Version)
	}
	p := &Policy{NoData: defaultNoData(), MaxSnooze: defaultSnooze}
	for i := range f.Rules {
		r, err := f.Rules[i].compile()
		if err != nil {
			return nil, fmt.Errorf("line %d: rules[%d] (task %q): %w", f.Rules[i].Task.Line, i, f.Rules[i].Task.Word, err)
		}
		if slices.ContainsFunc(p.Rules, func(o Rule) bool { return o.Task == r.Task }) {
			return nil, fmt.Errorf("line %d: rules[%d]: task %q has a rule already; put its levels into one", r.Line, i, r.Task)
		}
		p.Rules = append(p.Rules, r)
	}
	if n := f.Technical.NoData; n != nil {
		var err error
		if p.NoData, err = n.compile(); err != nil {
			return nil, fmt.Errorf("technical.no_data: %w", err)
		}
	}
	if f.Snooze != nil {
		if p.MaxSnooze = schemas.Time(f.Snooze.Max); p.MaxSnooze == 0 {
			return nil, errors.New("snooze.max is 0s: want the longest snooze that is allowed, as 4h")
		}
	}
	if err := p.readQuiet(f); err != nil {
		return nil, err
	}
	return p, p.lay(f.Rules, f.Overrides)
}

// taskName is what a task may be called. The name stands in alerts, in sentences that people
// read and in what programs match against, so it has no spaces or capitals.
var taskName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// compile checks a rule and makes it. Levels must rise in threshold, clear level and severity
// together, so that a higher number is never the milder alert.
func (f *ruleFile) compile() (Rule, error) {
	r := Rule{Task: f.Task.Word, Kind: f.Kind, Line: f.Task.Line, Refractory: defaultRefractory, Reset: defaultReset}
	for _, d := range []struct {
		from *duration
		to   *schemas.Time
	}{{f.Dwell, &r.Dwell}, {f.ClearDwell, &r.ClearDwell}, {f.Refractory, &r.Refractory}, {f.Reset, &r.Reset}, {f.Continue, &r.Continue}} {
		if d.from != nil {
			*d.to = schemas.Time(*d.from)
		}
	}
	update := 0.0
	if f.Update != nil {
		update = *f.Update
	}
	r.Update = float32(update)
	switch {
	case !taskName.MatchString(r.Task):
		return r, errors.New("task: want lower-case letters, digits and underscores, as news2 or mortality")
	case r.Task == TaskNoData:
		return r, errors.New("task no_data is set under technical.no_data")
	case r.Kind != KindScore && r.Kind != KindRisk:
		return r, fmt.Errorf("kind %q: want score (news2) or risk (a task of the model)", r.Kind)
	case (r.Kind == KindScore) != (r.Task == TaskNEWS2):
		return r, errors.New("kind score goes with the task news2, kind risk with the tasks of the model")
	case len(f.Levels) == 0 || len(f.Levels) > 3:
		return r, fmt.Errorf("%d levels: want 1 to 3, the lowest first", len(f.Levels))
	case math.IsNaN(update) || math.IsInf(update, 0) || update < 0:
		return r, fmt.Errorf("update %v: want 0 (never) or the least change that is told", update)
	case r.Continue != 0 && r.Continue < schemas.Minute:
		return r, fmt.Errorf("continue %v: want 0s (never) or at least 1m", time.Duration(r.Continue)*time.Millisecond)
	}
	for i, l := range f.Levels {
		level, err := l.compile(r.Kind)
		if err != nil {
			return r, fmt.Errorf("levels[%d]: %w", i, err)
		}
		if i > 0 {
			below := r.Levels[i-1]
			if level.At <= below.At || level.Clear < below.Clear || severityRank(level.Severity) <= severityRank(below.Severity) {
				return r, fmt.Errorf("levels[%d]: want at, clear and severity above those of levels[%d]", i, i-1)
			}
		}
		r.Levels = append(r.Levels, level)
	}
	return r, nil
}

// compile checks a level of a rule of the kind. A score reaches at most 20, NEWS2's greatest
// value, and a risk at most 1.
func (l *levelFile) compile(kind string) (Level, error) {
	if l.At == nil {
		return Level{}, errors.New("at is missing: want the number at which the level is reached")
	}
	at, low := *l.At, *l.At
	if l.Clear != nil {
		low = *l.Clear
	}
	most := 1.0
	if kind == KindScore {
		most = 20
	}
	switch {
	case severityRank(l.Severity) == 0:
		return Level{}, fmt.Errorf("severity %q: want low, medium or high", l.Severity)
	case !(at > 0 && at <= most):
		return Level{}, fmt.Errorf("at %v: want above 0 and at most %v", at, most)
	case !(low > 0 && low <= at):
		return Level{}, fmt.Errorf("clear %v: want above 0 and at most at (%v): the alert ends below it", low, at)
	case l.Single && kind != KindScore:
		return Level{}, errors.New("single is for kind score: a component of 3 points")
	}
	return Level{Severity: l.Severity, At: float32(at), Clear: float32(low), Single: l.Single}, nil
}

// severityRank orders severities from 1, low, to 3, high; anything else is 0.
func severityRank(s string) int {
	switch s {
	case "low":
		return 1
	case "medium":
		return 2
	case "high":
		return 3
	}
	return 0
}
