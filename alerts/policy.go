package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
)

// Policy says when a number becomes an alert. It is immutable; [ParsePolicy] or
// [DefaultPolicy] makes one. All its durations are patient time in milliseconds.
type Policy struct {
	Rules     []Rule // at most one for each task
	NoData    NoData
	MaxSnooze schemas.Time // no snooze lasts longer: a later end is cut to this
	Inhibit   []Inhibition
	Suppress  []Suppression
	Grouped   bool // revisions that ask for attention say whether a graver alert of the patient does already

	hash string
	// byUnit and byPatient are what the overrides make of it; byPatient holds for each unit, "" for
	// every other.
	byUnit    map[string]*Policy
	byPatient map[string]map[string]*Policy
}

// Rule watches one number: NEWS2 in points, or the risk of one task of the model as a
// probability.
type Rule struct {
	Task       string       // TaskNEWS2, or a task of the model
	Kind       string       // KindScore or KindRisk
	Line       int          // of the task in the policy's file, for whoever refuses it
	Levels     []Level      // one to three, with ascending At, Clear and severity
	Dwell      schemas.Time // how long a level must hold before it counts
	ClearDwell schemas.Time // how long the number must stay below the clear level before the alert gives way
	Refractory schemas.Time // how long after a start or an escalation no new alert starts
	Reset      schemas.Time // how long after an end no new alert starts
	Continue   schemas.Time // how often an open alert is told again; 0 for never
	Update     float32      // the least change of the number that is told as an update; 0 for never
}

// Level is one severity of a rule. The number reaches it at At and keeps it down to Clear,
// so that an alert does not come and go with every small change.
type Level struct {
	Severity string // low, medium or high
	At       float32
	Clear    float32 // at most At
	Single   bool    // of KindScore: a single component of 3 points reaches the level too
}

// NoData is the technical alert that tells that a patient's data have stopped, all of them
// or those of single components of NEWS2.
type NoData struct {
	After    schemas.Time // how long an open stay may have no data of any kind; 0 for no such alert at all
	Severity string       // low, medium or high
	// Expected is for each component how long it may go without a new measurement once it was
	// measured in the stay.
	Expected [Components]schemas.Time
}

// overdueAt is when a component that was measured at a time is missed. One with points is
// missed at the latest when it is no fresh number any more, since it then holds an alert.
func (n *NoData) overdueAt(c Component, measured schemas.Time, points int8) schemas.Time {
	switch {
	case n.After == 0 || measured == never:
		return forever
	case points > 0:
		return measured + min(n.Expected[c], NEWS2Reach)
	}
	return measured + n.Expected[c]
}

// Kinds of an alert.
const (
	KindRisk      = "risk"      // a risk of the model
	KindScore     = "score"     // NEWS2
	KindTechnical = "technical" // data stopped
)

// Tasks of alerts that do not come from the model.
const (
	TaskNEWS2  = "news2"
	TaskNoData = "no_data"
)

// Hash is the SHA-256 of the policy file in hexadecimal. It stands in every score and alert,
// so that a reader knows by which rules they were made.
func (p *Policy) Hash() string { return p.hash }
