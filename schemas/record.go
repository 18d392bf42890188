package schemas

// RecordKind is the kind of a record of the patient log. The numbers are on
// disk: append only.
type RecordKind uint8

// Kinds of a log record.
const (
	KindObservations RecordKind = iota + 1
	KindStrip
	KindNote
	KindImage
	KindAdmit
	KindTransfer
	KindEnd
	KindCommand
	KindTick
	KindUse
	KindMergeOut
	KindMergeIn
	KindGap // records of the raw topic TopicIndex were lost before this one
)

// Provenance bits of a log record.
type Provenance uint8

// Provenance bits.
const (
	Recorded         Provenance = 1 << iota // from a run: At is the record's available time and Play is set
	SimulatedPairing                        // the modality was joined to this patient by a program
	Invented                                // from ingest/synth
	SourceHasADT                            // the source announces movements: only admit opens a stay
)

// Record is one entry of the patient log: all that the monitor ever sees. A
// record belongs to one patient, but for ticks, uses and gaps, which belong to a
// partition and have an empty Patient.
type Record struct {
	Kind       RecordKind
	Provenance Provenance
	Patient    string
	At         Time  // live: intake's clock; recorded: available time. Tick: live the clock, recorded 0
	Play       int64 // recorded: playing time in ms; live: 0
	Available  Time  // when the staff could know it

	// Identity: sequence per (patient, source, topic), or content hash where the
	// source has none.
	Source     string
	TopicIndex uint8 // in RawTopics
	Seq        uint64
	HasSeq     bool
	Hash       uint64 // ContentHash; 0 of live observations with a sequence number

	Observations []Observation // observations; derived ones of a strip or a note
	Item         *Item         // strip, note, image
	Move         *Move         // admit, transfer, end, merge-out, merge-in
	Command      *Command      // command
	Use          *Use          // use
}

// Item is what the log keeps of a strip, a note or an image.
type Item struct {
	EventTime Time
	State     ItemState
	Encoder   string    // id of the encoder; empty: logged as present but not encoded
	Vector    []float32 // features, where an encoder made them
	Ref       string    // reference to the raw record: "topic/partition/offset"
	Label     string    // kind of note, modality of an image, rhythm of a strip; for people
}

// Move is a movement of a patient.
type Move struct {
	Stay    string
	Unit    string
	Bed     string
	Cause   string // end: discharge, death, cancel, silence
	Other   string // merge: the other patient
	Statics Statics
}

// Statics are attributes of a stay known at admission. A nil pointer: not known.
type Statics struct {
	AgeYears      *float32 `json:"age_years,omitempty"` // 0 to 130; over 89 is 91.4 in MIMIC
	Sex           string   `json:"sex,omitempty"`       // female, male, other; empty: not known
	HeightCM      *float32 `json:"height_cm,omitempty"`
	WeightKG      *float32 `json:"weight_kg,omitempty"`
	Unit          string   `json:"unit,omitempty"`           // kind of unit: MICU, CSRU, …
	AdmissionType string   `json:"admission_type,omitempty"` // emergency, elective, urgent, newborn
	Scale2        bool     `json:"spo2_scale2,omitempty"`    // NEWS2 SpO2 scale 2 (hypercapnic failure)
}

// Command is an answer of a person: it passes through the same Step.
type Command struct {
	Verb   string // acknowledge, snooze, verdict
	Alert  string // alert id
	Actor  string
	Reason string
	Until  Time // snooze: expiry
}

// Use names what is in force from here on in this partition, by file hash.
type Use struct {
	Model   string
	Policy  string
	Encoder string
}

// Flag qualifies an observation. The low four bits are stored with each packed
// window record.
type Flag uint8

// Flags of an observation.
const (
	Corrected  Flag = 1 << iota // replaces every earlier observation of the channel at this event time
	Retracted                   // takes back every earlier observation of the channel at this event time
	Untestable                  // a GCS verbal response that could not be tested: intubated ("ET/Trach" and its kin)
)

// Observation is one number of one channel at one measured moment, in the
// channel's canonical unit.
type Observation struct {
	Channel   Channel
	Flags     Flag
	EventTime Time
	Value     float32
	Ref       string // where the value came from, "TABLE:row id"; may be empty
}
