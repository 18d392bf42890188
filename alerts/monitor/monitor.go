package monitor

import (
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
	Shadow   *fusion.Model // scores beside Model and changes no output; nil: none
	Listen   func(Heard)   // is told what moves the policy and changes no output; nil: nobody listens
}

// Settings are the choices of a monitor beside model and policy. Each of them changes
// outputs, so that two runs are alike only under the same settings.
type Settings struct {
	// ScoreInterval is the least patient time, in milliseconds, between two scores that
	// records make due. 0 stands for one minute, EveryRecord for no interval.
	ScoreInterval schemas.Time
	// Inputs says which scores list the observations behind NEWS2. Empty stands for all.
	Inputs Inputs
	// Limits are those of the site. Step goes by hour-values and senders; of the others that
	// intake goes by the log must tell as well.
	Limits schemas.Limits
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

// Output is one record to publish, caused by one record of the log.
type Output struct {
	Position window.Position // offset of the log record, and which of its outputs this is, from 0
	Topic    string          // schemas.TopicScores, TopicAlerts, TopicAlertStates or TopicDeadLetters; TopicADT for what is handed to another patient
	Type     string          // schemas.TypeScore, TypeAlert, TypeDeadLetter or TypeHanded
	ID       string          // of the score or alert; of a dead letter, the place of the log record
	Key      string          // the patient; on TopicAlertStates the alert's id, on TopicDeadLetters the sender
	Value    []byte          // JSON
}
