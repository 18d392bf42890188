package monitor

import (
	"errors"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// ErrUnknownUse is what Step answers to a use record that names a model or a
// policy which this monitor does not hold: it must not go on with another.
var ErrUnknownUse = errors.New("the log asks for another model or policy")

// Monitor is what Step is a function of beside the log. It is immutable and may
// serve many partitions at once.
type Monitor struct {
	Policy   *alerts.Policy
	Settings Settings
}

// Settings of a monitor. All of them change outputs.
type Settings struct {
	// ScoreInterval is the least patient time between two scores after records;
	// 0: one minute.
	ScoreInterval schemas.Time
	// Inputs says which scores list the observations behind NEWS2.
	Inputs Inputs
}

// Inputs is the setting `inputs`.
type Inputs string

// InputsAll lists them in every score, InputsAlerting only in those that raise
// something.
const (
	InputsAll      Inputs = "all"
	InputsAlerting Inputs = "alerting"
)

// Output is one record that a log record caused.
type Output struct {
	Position window.Position // the log record, and which of its outputs this is
	Topic    string          // schemas.TopicScores, TopicAlerts or TopicAlertStates
	Type     string          // schemas.TypeScore or TypeAlert
	ID       string          // of the score or alert
	Key      string          // the patient; on TopicAlertStates the alert's id
	Value    []byte          // JSON
}

// Step moves the partition by one record of its log, at offset, and appends to
// dst what that caused. The only error is ErrUnknownUse; the partition is then
// as it was.
func (m *Monitor) Step(s *Partition, rec *schemas.Record, offset int64, dst []Output) ([]Output, error) {
	panic("soon")
}

// Partition is the state of one partition of the patient log, in memory. It
// belongs to one goroutine.
type Partition struct{}

// NewPartition returns a partition that has seen nothing.
func NewPartition() *Partition { return &Partition{} }
