package monitor

import (
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Monitor is what Step is a function of beside the log. It is immutable and may
// serve many partitions at once.
type Monitor struct {
	Model    *fusion.Model // nil: no risks, NEWS2 only
	Policy   *alerts.Policy
	Settings Settings
}

// Settings of a monitor. All of them change outputs.
type Settings struct {
	// ScoreInterval is the least patient time between two scores after records;
	// 0: one minute, EveryRecord: none.
	ScoreInterval schemas.Time
	// Inputs says which scores list the observations behind NEWS2; empty: all.
	Inputs Inputs
}

// EveryRecord, as score interval, makes a score due after every record.
const EveryRecord schemas.Time = -1

// Inputs is the setting `inputs`.
type Inputs string

// InputsAll lists them in every score, InputsAlerting only in those that raise
// something.
const (
	InputsAll      Inputs = "all"
	InputsAlerting Inputs = "alerting"
)

// interval is the least patient time between two scores after records.
func (s *Settings) interval() schemas.Time {
	switch s.ScoreInterval {
	case 0:
		return schemas.Minute
	case EveryRecord:
		return 0
	}
	return s.ScoreInterval
}

// Validate says what is wrong with the settings.
func (s Settings) Validate() error {
	if s.ScoreInterval < EveryRecord || s.ScoreInterval > schemas.Hour {
		return fmt.Errorf("score_interval %d ms: want at most one hour, 0 (one minute) or -1 (every record)", s.ScoreInterval)
	}
	if s.Inputs != "" && s.Inputs != InputsAll && s.Inputs != InputsAlerting {
		return fmt.Errorf("inputs %q: want all or alerting", s.Inputs)
	}
	return nil
}

// ErrUnknownUse is what Step answers where the log asks for a model or a policy
// which this monitor does not hold, in a use record or in one before: it must not
// go on with another.
var ErrUnknownUse = errors.New("the log asks for another model or policy")

// Output is one record that a log record caused.
type Output struct {
	Position window.Position // the log record, and which of its outputs this is
	Topic    string          // schemas.TopicScores, TopicAlerts or TopicAlertStates
	Type     string          // schemas.TypeScore or TypeAlert
	ID       string          // of the score or alert
	Key      string          // the patient; on TopicAlertStates the alert's id
	Value    []byte          // JSON
}

// serves says whether the monitor may step the record: ErrUnknownUse where the log has
// asked for a model or a policy that it does not hold.
func (m *Monitor) serves(s *Partition, rec *schemas.Record) error {
	if rec.Kind == schemas.KindUse || s.use.at < 0 {
		return nil
	}
	return m.holds(&s.use)
}

// accept notes what the log asks for from here on, if this monitor has it.
func (m *Monitor) accept(s *Partition, u *schemas.Use, offset int64) error {
	if u == nil {
		return nil
	}
	asked := use{at: offset, model: u.Model, policy: u.Policy, gap: s.use.gap}
	if err := m.holds(&asked); err != nil {
		return err
	}
	s.use = asked
	return nil
}

// holds says whether the monitor has what the log asks for. An empty hash asks for
// nothing.
func (m *Monitor) holds(u *use) error {
	if model := m.modelHash(); u.model != "" && u.model != model {
		return fmt.Errorf("%w: at offset %d it asks for model %s, this monitor has %q; start it with that model, or begin another log", ErrUnknownUse, u.at, u.model, model)
	}
	if u.policy != "" && u.policy != m.Policy.Hash() {
		return fmt.Errorf("%w: at offset %d it asks for policy %s, this monitor has %s; start it with that policy, or begin another log", ErrUnknownUse, u.at, u.policy, m.Policy.Hash())
	}
	return nil
}
