package monitor

import (
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Monitor is what Step is a function of beside the log: a model, a policy and settings. It
// must not be changed once it serves, and may serve many partitions at once.
type Monitor struct {
	Model    *fusion.Model  // nil for scores without risks, which have NEWS2 only
	Policy   *alerts.Policy // never nil
	Settings Settings
}

// Settings are the choices of a monitor beside model and policy. Each of them changes
// outputs, so that two runs are alike only under the same settings.
type Settings struct {
	// ScoreInterval is the least patient time, in milliseconds, between two scores that
	// records make due. 0 stands for one minute, EveryRecord for no interval.
	ScoreInterval schemas.Time
	// Inputs says which scores list the observations behind NEWS2. Empty stands for all.
	Inputs Inputs
}

// EveryRecord, as score interval, makes a score due after every record.
const EveryRecord schemas.Time = -1

// Inputs is the setting that says which scores list the observations behind their NEWS2.
type Inputs string

// InputsAll lists them in every score; InputsAlerting only in those that a revision
// of an alert follows, which makes the score topic smaller.
const (
	InputsAll      Inputs = "all"
	InputsAlerting Inputs = "alerting"
)

// interval is the least patient time between two scores that records make due.
func (s *Settings) interval() schemas.Time {
	switch s.ScoreInterval {
	case 0:
		return schemas.Minute
	case EveryRecord:
		return 0
	}
	return s.ScoreInterval
}

// Validate returns an error that says what was found and what is wanted, or nil.
func (s Settings) Validate() error {
	if s.ScoreInterval < EveryRecord || s.ScoreInterval > schemas.Hour {
		return fmt.Errorf("score_interval %d ms: want at most one hour, 0 (one minute) or -1 (every record)", s.ScoreInterval)
	}
	if s.Inputs != "" && s.Inputs != InputsAll && s.Inputs != InputsAlerting {
		return fmt.Errorf("inputs %q: want all or alerting", s.Inputs)
	}
	return nil
}

// ErrUnknownUse is wrapped by the error of Step where the log asks for a model or a policy
// that this monitor does not have, in this record or an earlier one. The monitor must not go
// on with another one, since the log alone decides what its records are judged by.
var ErrUnknownUse = errors.New("the log asks for another model or policy")

// Output is one record to publish, caused by one record of the log.
type Output struct {
	Position window.Position // offset of the log record, and which of its outputs this is, from 0
	Topic    string          // schemas.TopicScores, TopicAlerts, TopicAlertStates or TopicDeadLetters
	Type     string          // schemas.TypeScore, TypeAlert or TypeDeadLetter
	ID       string          // of the score or alert; of a dead letter, the place of the log record
	Key      string          // the patient; on TopicAlertStates the alert's id, on TopicDeadLetters the sender
	Value    []byte          // JSON
}

// checkUse returns ErrUnknownUse if the log has asked for a model or a policy that the
// monitor does not have. A use record is excepted, because it may ask for one that it has.
func (m *Monitor) checkUse(s *Partition, rec *schemas.Record) error {
	if rec.Kind == schemas.KindUse || s.use.at < 0 {
		return nil
	}
	return m.holds(&s.use)
}

// acceptUse notes what the log asks for from this offset on, if the monitor has it.
func (m *Monitor) acceptUse(s *Partition, u *schemas.Use, offset int64) error {
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

// holds returns ErrUnknownUse if the monitor does not have what the log asks for. An empty
// hash asks for nothing.
func (m *Monitor) holds(u *use) error {
	if model := m.modelHash(); u.model != "" && u.model != model {
		return fmt.Errorf("%w: at offset %d it asks for model %s, this monitor has %q; start it with that model, or begin another log", ErrUnknownUse, u.at, u.model, model)
	}
	if u.policy != "" && u.policy != m.Policy.Hash() {
		return fmt.Errorf("%w: at offset %d it asks for policy %s, this monitor has %s; start it with that policy, or begin another log", ErrUnknownUse, u.at, u.policy, m.Policy.Hash())
	}
	return nil
}
