package main

import "github.com/vigil-icu/vigil/fusion"

// summary is the object that `demo --summary json` prints on one line. Programs
// read it: its fields are fixed.
type summary struct {
	Source       string         `json:"source"`
	Broker       string         `json:"broker"`
	Store        string         `json:"store"`
	Model        summaryModel   `json:"model"`
	Rows         summaryRows    `json:"rows"`
	Events       summaryEvents  `json:"events"`
	Patients     int            `json:"patients"`
	Stays        int            `json:"stays"`
	Observations int            `json:"observations"`
	Scores       int            `json:"scores"`
	Alerts       map[string]int `json:"alerts"`
	FirstAlertMS *int64         `json:"first_alert_ms"`
	EventToScore summaryLatency `json:"event_to_score_ms"`
	WallMS       int64          `json:"wall_ms"`
	Digest       string         `json:"digest"`
}

type summaryModel struct {
	ID      string `json:"id"`
	Trained bool   `json:"trained"`
}

type summaryRows struct {
	Read          int            `json:"read"`
	Used          int            `json:"used"`
	Unmapped      int            `json:"unmapped"`
	Duplicate     int            `json:"duplicate"`
	Rejected      int            `json:"rejected"`
	RejectedBy    map[string]int `json:"rejected_by_reason"`
	RecordedTimes int            `json:"available_recorded"`
	ModelledTimes int            `json:"available_modelled"`
}

type summaryEvents struct {
	Published           int            `json:"published"`
	Logged              int            `json:"logged"`
	Duplicate           int            `json:"duplicate"`
	DeadLetters         int            `json:"dead_letters"`
	DeadLettersByReason map[string]int `json:"dead_letters_by_reason"`
}

type summaryLatency struct {
	P50 int64 `json:"p50"`
	P99 int64 `json:"p99"`
}

// quantile of sorted values; 0 where there are none.
func quantile(sorted []int64, q float64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// modelOf says which model is used; without one the id is empty.
func modelOf(m *fusion.Model) summaryModel {
	if m == nil {
		return summaryModel{}
	}
	return summaryModel{m.Hash(), m.Trained()}
}
