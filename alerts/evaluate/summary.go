package evaluate

import (
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/source"
)

// Summary is the object that `demo --summary json` prints on one line. Programs
// read it: its fields are fixed.
type Summary struct {
	Source       string         `json:"source"`
	Broker       string         `json:"broker"`
	Store        string         `json:"store"`
	Model        Model          `json:"model"`
	Rows         Rows           `json:"rows"`
	Events       Events         `json:"events"`
	Patients     int            `json:"patients"`
	Stays        int            `json:"stays"`
	Observations int            `json:"observations"`
	Scores       int            `json:"scores"`
	Alerts       map[string]int `json:"alerts"`
	FirstAlertMS *int64         `json:"first_alert_ms"`
	EventToScore Latency        `json:"event_to_score_ms"`
	WallMS       int64          `json:"wall_ms"`
	Digest       string         `json:"digest"`
}

// Model is the model that made the scores.
type Model struct {
	ID      string `json:"id"`
	Trained bool   `json:"trained"`
}

// Rows say what became of the rows of a recorded source.
type Rows struct {
	Read          int            `json:"read"`
	Used          int            `json:"used"`
	Unmapped      int            `json:"unmapped"`
	Duplicate     int            `json:"duplicate"`
	Rejected      int            `json:"rejected"`
	RejectedBy    map[string]int `json:"rejected_by_reason"`
	RecordedTimes int            `json:"available_recorded"`
	ModelledTimes int            `json:"available_modelled"`
}

// Events say what became of the published events.
type Events struct {
	Published           int            `json:"published"`
	Logged              int            `json:"logged"`
	Duplicate           int            `json:"duplicate"`
	DeadLetters         int            `json:"dead_letters"`
	DeadLettersByReason map[string]int `json:"dead_letters_by_reason"`
}

// Latency holds quantiles in milliseconds, from the append of a raw message to that of its score.
type Latency struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
}

// Quantile is the q-quantile of sorted values, q in [0, 1]; 0 where there are none.
func Quantile(sorted []int64, q float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// ModelOf says which model is used; without one the id is empty.
func ModelOf(m *fusion.Model) Model {
	if m == nil {
		return Model{}
	}
	return Model{m.Hash(), m.Trained()}
}

// RowsOf is what a source counted, in the summary's form.
func RowsOf(r source.RowCount) Rows {
	rows := Rows{
		Read: r.Read, Used: r.Used, Unmapped: r.Unmapped, Duplicate: r.Duplicate, Rejected: r.Rejected,
		RejectedBy: map[string]int{}, RecordedTimes: r.RecordedTimes, ModelledTimes: r.ModelledTimes,
	}
	for reason, n := range r.RejectedBy {
		rows.RejectedBy[string(reason)] = n
	}
	return rows
}
