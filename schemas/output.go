package schemas

// Score is the body of a record on TopicScores: everything known of a patient's
// risk as of one moment. All fields are a deterministic function of the log.
type Score struct {
	ID      string `json:"id"` // hash of patient, stay, n, model and policy
	N       uint64 `json:"n"`  // number of this output within the stay, from 1; alerts count too
	LogN    uint64 `json:"log_n"`
	Due     Due    `json:"due"`
	Patient string `json:"patient"`
	Stay    string `json:"stay"`
	AsOf    Time   `json:"as_of"`
	Model   string `json:"model"`  // hash of the model file
	Policy  string `json:"policy"` // hash of the policy file
	Kernel  string `json:"kernel"` // which kernels computed it; the digest is promised per kernel
	Trained bool   `json:"trained"`

	Risks      map[string]Risk          `json:"risks"`
	Phenotypes map[string]float32       `json:"phenotypes,omitempty"`
	Modalities map[string]ModalityState `json:"modalities"`
	NEWS2      NEWS2                    `json:"news2"`
	Flags      []string                 `json:"flags"`
}

// Due says why a score was computed.
type Due string

// DueRecord includes the record that caused it; DueHeld (the 60 s ran out) and
// DueHour (a full hour) know what was known before as_of.
const (
	DueRecord Due = "record"
	DueHeld   Due = "held"
	DueHour   Due = "hour"
)

// Risk is one task's probability, with its interval where the model has one.
type Risk struct {
	Value float32  `json:"value"`
	Low   *float32 `json:"low,omitempty"`
	High  *float32 `json:"high,omitempty"`
}

// ModalityState is what was there of a modality as of the score.
type ModalityState struct {
	State ItemState `json:"state"`
	AgeS  *int64    `json:"age_s"` // seconds since the newest item; null where absent
}

// ItemState is one of three: nothing came, it came and cannot be used, it is there.
type ItemState string

// States of a modality or of an item in the log.
const (
	Absent   ItemState = "absent"
	Unusable ItemState = "unusable"
	Present  ItemState = "present"
)

// NEWS2 is the National Early Warning Score 2 (Royal College of Physicians,
// 2017) with the inputs that it was computed from.
type NEWS2 struct {
	Value   int          `json:"value"`
	Partial bool         `json:"partial"`
	Missing []string     `json:"missing"`
	Inputs  []NEWS2Input `json:"inputs,omitempty"`
}

// NEWS2Input is one observation that entered a component.
type NEWS2Input struct {
	Component string  `json:"component"`
	Channel   string  `json:"channel"`
	Value     float32 `json:"value"`
	Unit      string  `json:"unit"`
	EventTime Time    `json:"event_time"` // floored to 1/16 s
	Ref       string  `json:"ref"`
	Points    int     `json:"points"` // of the component
}

// Alert is the body of a record on TopicAlerts: one revision of one alert.
type Alert struct {
	ID        string   `json:"id"` // hash of patient, stay, task, episode, model and policy
	Revision  int      `json:"revision"`
	N         uint64   `json:"n"`
	Phase     Phase    `json:"phase"`
	Kind      string   `json:"kind"`     // risk, score, technical
	Task      string   `json:"task"`     // mortality, news2, no_data, …
	Severity  string   `json:"severity"` // high, medium, low
	Patient   string   `json:"patient"`
	Stay      string   `json:"stay"`
	AsOf      Time     `json:"as_of"`
	Value     float32  `json:"value"`
	Threshold float32  `json:"threshold"`
	Reason    string   `json:"reason"` // one sentence a nurse can read
	Score     string   `json:"score"`  // id of the score behind it; empty for technical alerts
	Model     string   `json:"model"`
	Policy    string   `json:"policy"`
	Flags     []string `json:"flags"`
	Notice    string   `json:"notice,omitempty"` // what Vigil is not
}

// Phase of an alert's life, in the words of IHE ACM.
type Phase string

// Phases.
const (
	PhaseStart      Phase = "start"
	PhaseContinue   Phase = "continue"
	PhaseUpdate     Phase = "update"
	PhaseEscalate   Phase = "escalate"
	PhaseDeescalate Phase = "deescalate"
	PhaseReset      Phase = "reset"
	PhaseEnd        Phase = "end"
)

// DeadLetter is the body of a record on TopicDeadLetters.
type DeadLetter struct {
	Reason    Reason `json:"reason"`
	Field     string `json:"field"`
	Found     string `json:"found"`
	Expected  string `json:"expected"`
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Source    string `json:"source"`
	Partial   bool   `json:"partial"` // other values of the message went on
	Length    int    `json:"length"`  // of the whole payload
	SHA256    string `json:"sha256"`  // of the whole payload
	Payload   []byte `json:"payload"` // its first 64 KiB
}
