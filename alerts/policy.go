package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
)

// Policy says when a number becomes an alert. It is immutable; ParsePolicy or
// DefaultPolicy makes one.
type Policy struct {
	Rules     []Rule
	NoData    NoData
	MaxSnooze schemas.Time // a snooze is cut to this

	hash string
}

// Rule watches one number: NEWS2, or the risk of one task of the model.
type Rule struct {
	Task       string       // "news2", or a task of the model
	Kind       string       // KindScore or KindRisk
	Levels     []Level      // ascending At, Clear and severity; at least one
	Dwell      schemas.Time // a level must hold this long before it counts
	ClearDwell schemas.Time // the number must stay below the clear level this long
	Refractory schemas.Time // no new start for this long after an alarm
	Reset      schemas.Time // no new start for this long after an end
	Continue   schemas.Time // period of continue; 0: never
	Update     float32      // least change of the number that makes an update; 0: never
}

// Level is one severity of a rule: reached at At, kept down to Clear.
type Level struct {
	Severity string // low, medium, high
	At       float32
	Clear    float32 // at most At
	Single   bool    // KindScore only: also reached by a single component of 3 points
}

// NoData is the technical alert for silence.
type NoData struct {
	After    schemas.Time // of patient time without data while a stay is open; 0: never
	Severity string
}

// Kinds of an alert.
const (
	KindRisk      = "risk"
	KindScore     = "score"
	KindTechnical = "technical"
)

// Tasks that are not the model's.
const (
	TaskNEWS2  = "news2"
	TaskNoData = "no_data"
)

// Hash is the SHA-256 of the policy file, in hexadecimal.
func (p *Policy) Hash() string { return p.hash }
