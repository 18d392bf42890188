package api

import (
	"encoding/json"
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/schemas"
)

// Bed is a patient on the page of the unit.
type Bed struct {
	Key     string `json:"key" doc:"what other calls name the patient by; it tells nobody who that is"`
	Bed     string `json:"bed"`
	Unit    string `json:"unit"`
	Patient string `json:"patient" doc:"pseudonym"`
	Stay    string `json:"stay"`

	Now   schemas.Time  `json:"now" doc:"the patient's time when this was told"`
	AsOf  *schemas.Time `json:"as_of" doc:"of the last score; null before the first"`
	NEWS2 *NEWS2        `json:"news2"`
	Risk  *Risk         `json:"risk" doc:"null where the model gave no number"`
	// Change is null where there was no number then.
	Change        *float32            `json:"change_6h" doc:"the risk less that of six hours before; null where there was none"`
	Indeterminate bool                `json:"indeterminate" doc:"the model gives no number: it knows too little, or nothing like it"`
	Vitals        []Vital             `json:"vitals"`
	Modalities    map[string]Modality `json:"modalities"`
	Alerts        []Alert             `json:"alerts" doc:"open ones, the gravest first"`
	Trend         []Point             `json:"trend" doc:"at most one each half hour of the last 24 hours, and the last"`
	Flags         []string            `json:"flags"`
}

// NEWS2 is the sum with what is known of its parts.
type NEWS2 struct {
	Value   int      `json:"value"`
	Partial bool     `json:"partial" doc:"components were never measured; they count 0"`
	Missing []string `json:"missing"`
	Stale   []string `json:"stale"`
}

// Risk is a probability from 0 to 1.
type Risk struct {
	Task    string   `json:"task"`
	Value   float32  `json:"value"`
	Low     *float32 `json:"low"`
	High    *float32 `json:"high"`
	Trained bool     `json:"trained" doc:"false: the number means nothing"`
}

// Vital is the last value of a channel that counts for NEWS2.
type Vital struct {
	Channel string       `json:"channel"`
	Value   float32      `json:"value"`
	Unit    string       `json:"unit" doc:"UCUM"`
	Digits  int          `json:"digits" doc:"behind the point, that people are shown"`
	At      schemas.Time `json:"at"`
	Period  int64        `json:"period_s" doc:"how often it usually comes, in seconds"`
	Points  int          `json:"points" doc:"of NEWS2"`
	Stale   bool         `json:"stale"`
	Flags   []string     `json:"flags"`
}

// Modality is what is there of one.
type Modality struct {
	State string        `json:"state" doc:"present, unusable or absent"`
	At    *schemas.Time `json:"at" doc:"of the newest item"`
}

// Point is a moment of a trajectory.
type Point struct {
	T     int64    `json:"t" doc:"Unix milliseconds of the patient's time"`
	Risk  *float32 `json:"risk" doc:"null where the model gave no number"`
	Low   *float32 `json:"low"`
	High  *float32 `json:"high"`
	NEWS2 int      `json:"news2"`
}

// Alert is the last revision of an alert.
type Alert struct {
	ID           string           `json:"id"`
	Revision     int              `json:"revision"`
	Key          string           `json:"key" doc:"of the patient"`
	Bed          string           `json:"bed"`
	Unit         string           `json:"unit"`
	Patient      string           `json:"patient"`
	Open         bool             `json:"open"`
	Phase        string           `json:"phase"`
	Kind         string           `json:"kind" doc:"risk, score or technical"`
	Task         string           `json:"task"`
	Severity     string           `json:"severity" doc:"high, medium or low"`
	AsOf         schemas.Time     `json:"as_of" doc:"of this revision"`
	Started      schemas.Time     `json:"started"`
	Value        float32          `json:"value"`
	Threshold    float32          `json:"threshold"`
	Reason       string           `json:"reason" doc:"how the patient is"`
	Answer       string           `json:"answer" doc:"what a person said last"`
	Acknowledged bool             `json:"acknowledged"`
	Snoozed      bool             `json:"snoozed"`
	Change       *float32         `json:"change" doc:"how much the risk rose since the score before"`
	Drivers      []schemas.Driver `json:"drivers" doc:"what the model used, and not why the patient is ill"`
	Flags        []string         `json:"flags"`
	Model        string           `json:"model"`
	Policy       string           `json:"policy"`
	Notice       string           `json:"notice"`
}

// Health is how Vigil stands.
type Health struct {
	Notice     string                 `json:"notice"`
	Version    string                 `json:"version"`
	Title      string                 `json:"title" doc:"what is watched"`
	Replay     bool                   `json:"replay" doc:"recorded or invented patients"`
	Time       schemas.Time           `json:"time" doc:"of this machine"`
	Clock      schemas.Time           `json:"clock" doc:"the latest moment of a score or an alert"`
	Patients   int                    `json:"patients"`
	Scores     int                    `json:"scores" doc:"seen since this process began"`
	Alerts     map[schemas.Phase]int  `json:"alert_revisions" doc:"by phase"`
	Refused    map[schemas.Reason]int `json:"dead_letters" doc:"by reason"`
	Streams    int                    `json:"streams" doc:"pages that are open"`
	Dropped    int                    `json:"dropped_streams" doc:"pages that did not keep up"`
	Broker     string                 `json:"broker" doc:"empty: it answers"`
	Store      string                 `json:"store" doc:"empty: it answers"`
	Partitions []Partition            `json:"partitions"`
	Status     string                 `json:"status" doc:"one line for people"`
}

// Partition is how far one is worked.
type Partition struct {
	Partition int            `json:"partition"`
	Owned     bool           `json:"owned" doc:"by a worker of any process"`
	Here      bool           `json:"here" doc:"by one of this process"`
	Waiting   map[string]int `json:"waiting" doc:"records of each topic that are not worked yet"`
}

// DeadLetter is a message that was refused.
type DeadLetter struct {
	At       int64  `json:"at" doc:"when it was refused, Unix milliseconds"`
	Place    string `json:"place" doc:"topic/partition/offset"`
	Source   string `json:"source"`
	Reason   string `json:"reason"`
	Field    string `json:"field"`
	Expected string `json:"expected"`
	Partial  bool   `json:"partial" doc:"other values of the message went on"`
	Found    string `json:"found" doc:"for admins alone, as it may name a patient"`
	Payload  string `json:"payload" doc:"for admins alone: its beginning"`
}

// Answer is what a person says to an alert.
type Answer struct {
	Reason  string `json:"reason,omitempty" doc:"wanted by snooze and verdict"`
	Minutes int    `json:"minutes,omitempty" doc:"of a snooze"`
}

// Session is who asks.
type Session struct {
	Who   string   `json:"who"`
	Role  string   `json:"role" doc:"none, viewer, clinician or admin"`
	Units []string `json:"units" doc:"empty: all"`
	Login bool     `json:"login" doc:"a token is wanted"`
}

// Login is how a page logs in.
type Login struct {
	Token string `json:"token"`
}

// Failure is the body of every answer that is no success.
type Failure struct {
	Error string `json:"error" doc:"what, why, and how to mend it"`
}

// viewOf is an open alert as pages are shown it.
func viewOf(a *schemas.Alert, b *bedside.Bed, key string) Alert {
	return Alert{
		ID: a.ID, Revision: a.Revision, Key: key, Bed: b.Bed, Unit: b.Unit, Patient: a.Patient,
		Open: a.Phase != schemas.PhaseEnd && !slices.Contains(a.Flags, alerts.FlagEnded) && !slices.Contains(a.Flags, alerts.FlagPassedOn), Phase: string(a.Phase), Kind: a.Kind, Task: a.Task,
		Severity: a.Severity, AsOf: a.AsOf, Started: a.AsOf, Value: a.Value, Threshold: a.Threshold, Reason: a.Reason,
		Acknowledged: slices.Contains(a.Flags, alerts.FlagAcknowledged), Snoozed: slices.Contains(a.Flags, alerts.FlagSnoozed),
		Change: a.Change, Drivers: orEmpty(a.Drivers), Flags: orEmpty(a.Flags), Model: a.Model, Policy: a.Policy, Notice: schemas.Notice,
	}
}

// follow takes over what a revision does not tell again from the one before it.
func (v *Alert) follow(last *Alert, a *schemas.Alert) {
	v.Started, v.Answer = min(last.Started, v.Started), last.Answer
	if v.Bed == "" {
		v.Bed, v.Unit = last.Bed, last.Unit
	}
	if alerts.TellsAnswer(a) {
		v.Reason = last.Reason
	}
	if len(v.Drivers) == 0 {
		v.Drivers, v.Change = last.Drivers, last.Change
	}
}

// answered notes what a person said, where the revision tells it.
func (v *Alert) answered(a *schemas.Alert) {
	if alerts.TellsAnswer(a) {
		v.Answer = a.Reason
	}
}

// orEmpty makes no list an empty one, since a page is told a list in any case.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// encode is JSON of what cannot fail to be encoded.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // a number that is none: no view is made of one
		b, _ = json.Marshal(Failure{Error: "the answer cannot be written: " + err.Error()})
	}
	return b
}
