package schemas

// Score is the body of a record on TopicScores: everything known of a patient's risk as of
// one moment. Each field is a deterministic function of the log, so that a replay publishes
// the same bytes.
type Score struct {
	// ID is a hash of patient, stay, n, model and policy. A score that is published twice
	// has the same one.
	ID string `json:"id"`
	// N is the number of this output within the patient's numbering, from 1; scores and
	// revisions of alerts count together. LogN is the log_n of the last record applied.
	N       uint64 `json:"n"`
	LogN    uint64 `json:"log_n"`
	Due     Due    `json:"due"`
	Patient string `json:"patient"`
	Stay    string `json:"stay"`
	AsOf    Time   `json:"as_of"`
	Model   string `json:"model"`  // the hash of the model's file; empty where there is no model
	Policy  string `json:"policy"` // the hash of the policy's file
	// Kernel names the kernels that computed the risks. Different kernels round
	// differently, so a digest is promised only between runs with the same.
	Kernel  string `json:"kernel"`
	Trained bool   `json:"trained"` // false: the risks show the path and mean nothing

	// Risks are by task, Phenotypes by name and Modalities by name; all risks and
	// phenotypes are probabilities from 0 to 1.
	Risks      map[string]Risk    `json:"risks"`
	Phenotypes map[string]float32 `json:"phenotypes,omitempty"`
	// Drivers are those of the alerts that start or escalate at once with the score, see Alert.
	Drivers    []Driver                 `json:"drivers,omitempty"`
	Modalities map[string]ModalityState `json:"modalities"`
	NEWS2      NEWS2                    `json:"news2"`
	Flags      []string                 `json:"flags"`
}

// Due says why a score was computed.
type Due string

// A score that a record made due knows that record. The other two fall due by time alone,
// and know what was known before as_of.
const (
	DueRecord Due = "record"
	DueHeld   Due = "held" // a record came too soon after the last score, and the interval is over now
	DueHour   Due = "hour" // a full hour has come
)

// Risk is one task's probability from 0 to 1. Where the model has an interval, the risk stays
// between Low and High until the stay's first 48 hours are known, in nine of ten stays.
type Risk struct {
	Value float32  `json:"value"`
	Low   *float32 `json:"low,omitempty"`
	High  *float32 `json:"high,omitempty"`
}

// Driver is what a risk owes to a part of what the model was given.
type Driver struct {
	Task string `json:"task"`
	Kind string `json:"kind"` // modality, channel or static
	Name string `json:"name"`
	// Effect is the risk less what it would be if nobody had sent the part: above 0 the part
	// raises the risk. Parts act together, so that effects need not add up.
	Effect float32 `json:"effect"`
	New    bool    `json:"new,omitempty"` // values of the channel came, or were taken back, since the score before the last
}

// ModalityState is what was there of a modality as of the score. AgeS is the age of the
// newest item in seconds, and null where nothing came.
type ModalityState struct {
	State ItemState `json:"state"`
	AgeS  *int64    `json:"age_s"`
}

// ItemState tells an item, or a modality, that is there from one that is not, and both from
// one that came and cannot be used: a model treats the three differently.
type ItemState string

// These are all states of a modality in a score, and of an item in the log.
const (
	Absent   ItemState = "absent"
	Unusable ItemState = "unusable"
	Present  ItemState = "present"
)

// NEWS2 is the National Early Warning Score 2 (Royal College of Physicians, London 2017)
// with the observations that it was computed from. Value is the sum of the known
// components, 0 to 20; Partial says that Missing names some that are not known, each of
// which counts as 0 points.
type NEWS2 struct {
	Value   int          `json:"value"`
	Partial bool         `json:"partial"`
	Missing []string     `json:"missing"`         // components that were never measured in the stay
	Stale   []string     `json:"stale,omitempty"` // components whose last value is too old to be fresh; its points are in Value
	Inputs  []NEWS2Input `json:"inputs,omitempty"`
}

// NEWS2Input is one observation that entered a component. It lets a reader check the
// score by hand.
type NEWS2Input struct {
	Component string  `json:"component"`
	Channel   string  `json:"channel"`
	Value     float32 `json:"value"`
	Unit      string  `json:"unit"`            // the channel's canonical unit, in UCUM
	EventTime Time    `json:"event_time"`      // floored to 1/16 s, the resolution of a window
	Ref       string  `json:"ref"`             // the row that the value came from, if the source named one
	Points    int     `json:"points"`          // of the component, at the input that decides it; 0 at the others: they add up to Value
	Stale     bool    `json:"stale,omitempty"` // too old to be fresh: the last known value
	// Flags are words of ValueFlags: untestable, possible_disconnection, assumed_unit.
	Flags []string `json:"flags,omitempty"`
}

// Alert is the body of a record on TopicAlerts: one revision of one alert. The latest
// revision of each alert also stands on TopicAlertStates, under the alert's id.
type Alert struct {
	// ID is a hash of patient, stay, task, episode, model and policy; Revision counts the
	// revisions of one alert. A repeat has the same two.
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	N        uint64 `json:"n"` // the number of this output within the patient's numbering
	Phase    Phase  `json:"phase"`
	Kind     string `json:"kind"`     // risk, score or technical
	Task     string `json:"task"`     // what it is about, for example mortality, news2, no_data
	Severity string `json:"severity"` // high, medium or low
	Patient  string `json:"patient"`
	Stay     string `json:"stay"`
	AsOf     Time   `json:"as_of"`
	// Value is the number that was judged, and Threshold the one that it was held
	// against, both in the task's own unit: a probability, or points of NEWS2.
	Value     float32  `json:"value"`
	Threshold float32  `json:"threshold"`
	Reason    string   `json:"reason"` // one sentence that a nurse can read
	Score     string   `json:"score"`  // the id of the score behind it; empty for technical alerts
	Model     string   `json:"model"`
	Policy    string   `json:"policy"`
	Flags     []string `json:"flags"`
	// Drivers, at most eight, say of an alert that the model starts or escalates what drove its
	// risk as of then, the strongest first. Change is how much higher the last score's risk is
	// than that of the score before it, where the stay has one.
	Drivers []Driver `json:"drivers,omitempty"`
	Change  *float32 `json:"change,omitempty"`
	Notice  string   `json:"notice,omitempty"` // what Vigil is not, see Notice
}

// Phase is where an alert stands in its life, in the words of the IHE profile Alert
// Communication Management (ACM).
type Phase string

// What moves an alert from one phase to the next is told in package alerts.
const (
	PhaseStart      Phase = "start"
	PhaseContinue   Phase = "continue"
	PhaseUpdate     Phase = "update"
	PhaseEscalate   Phase = "escalate"
	PhaseDeescalate Phase = "deescalate"
	PhaseReset      Phase = "reset"
	PhaseEnd        Phase = "end"
)

// MaxFaults is how many faults of one message its dead letter names.
const MaxFaults = 16

// DeadLetter is the body of a record on TopicDeadLetters: a raw message that was refused,
// or of which some values were, with the reason and with where it stood. There is at most
// one for a message.
type DeadLetter struct {
	// The first four are those of the Problem; where there were several, of the first.
	Reason   Reason `json:"reason"`
	Field    string `json:"field"`
	Found    string `json:"found"`
	Expected string `json:"expected"`
	// More are the other faults of the message, at most MaxFaults in all.
	More []Problem `json:"more,omitempty"`
	// Topic, Partition and Offset say where the message stands, for as long as the raw
	// topic is kept.
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Source    string `json:"source"`
	Partial   bool   `json:"partial"` // other values of the message went on
	Length    int    `json:"length"`  // the bytes of the whole payload
	SHA256    string `json:"sha256"`  // the hash of the whole payload, in lower-case hex
	Payload   []byte `json:"payload"` // the payload's first 64 KiB
}
