package evaluate

import (
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/source"
)

// Summary is the object that `demo --summary json` and `replay --wait` print on one line.
// Programs read it, so its fields are fixed.
type Summary struct {
	Source       string         `json:"source"` // name of what was played
	Broker       string         `json:"broker"` // kfake, or kafka for one that runs elsewhere
	Store        string         `json:"store"`  // redis or miniredis; empty where it is not known
	Model        Model          `json:"model"`
	Rows         Rows           `json:"rows"`
	Events       Events         `json:"events"`
	Patients     int            `json:"patients"`     // of whom an observation was logged
	Stays        int            `json:"stays"`        // that were announced
	Observations int            `json:"observations"` // in the patient log, without repeats
	Scores       int            `json:"scores"`
	Alerts       map[string]int `json:"alerts"`         // revisions by phase
	FirstAlertMS *int64         `json:"first_alert_ms"` // from the start of the process; null if none came
	EventToScore Latency        `json:"event_to_score_ms"`
	WallMS       int64          `json:"wall_ms"` // from the start of the process to its end
	Digest       string         `json:"digest"`
}

// Model names the model that made the scores; its zero value says that there was none.
type Model struct {
	ID      string `json:"id"`      // hash of its file
	Trained bool   `json:"trained"` // an untrained model raises no alert
}

// Rows say what became of the rows of a recorded source, so that nothing is left out of a
// replay silently.
type Rows struct {
	Read          int            `json:"read"`
	Used          int            `json:"used"`
	Unmapped      int            `json:"unmapped"`
	Duplicate     int            `json:"duplicate"`
	Rejected      int            `json:"rejected"`
	RejectedBy    map[string]int `json:"rejected_by_reason"`
	RecordedTimes int            `json:"available_recorded"`      // used rows whose time of arrival was recorded
	ModelledTimes int            `json:"available_modelled"`      // used rows whose time of arrival was modelled
	AssumedUnits  int            `json:"assumed_units,omitempty"` // used rows that were read in another unit than they name
}

// Events say what became of the published events. Each that is neither logged nor a dead
// letter counts as a duplicate.
type Events struct {
	Published           int            `json:"published"`
	Logged              int            `json:"logged"`
	Duplicate           int            `json:"duplicate"`
	DeadLetters         int            `json:"dead_letters"`
	DeadLettersByReason map[string]int `json:"dead_letters_by_reason"`
}

// Latency holds quantiles of the time from the append of a raw message to that of the score
// that it caused, in milliseconds of the broker's clock.
type Latency struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
}

// Quantile is the q-quantile of values in ascending order, for q from 0 to 1: the value below
// which a share q of them lies, without interpolation. Of no values it is 0.
func Quantile(sorted []int64, q float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// ModelOf names a model. For nil, which stands for a run without one, the id is empty.
func ModelOf(m *fusion.Model) Model {
	if m == nil {
		return Model{}
	}
	return Model{m.Hash(), m.Trained()}
}

// RowsOf brings what a source has counted into the form of a summary.
func RowsOf(r source.RowCount) Rows {
	rows := Rows{
		Read: r.Read, Used: r.Used, Unmapped: r.Unmapped, Duplicate: r.Duplicate, Rejected: r.Rejected,
		RejectedBy: map[string]int{}, RecordedTimes: r.RecordedTimes, ModelledTimes: r.ModelledTimes, AssumedUnits: r.AssumedUnits,
	}
	for reason, n := range r.RejectedBy {
		rows.RejectedBy[string(reason)] = n
	}
	return rows
}
