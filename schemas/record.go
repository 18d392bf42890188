package schemas

// RecordKind is the kind of a record of the patient log. The numbers are on disk, so new
// kinds are only added at the end.
type RecordKind uint8

// Most kinds belong to one raw topic each; ticks, uses and gaps are intake's own.
const (
	KindObservations RecordKind = iota + 1
	KindStrip
	KindNote
	KindImage
	KindAdmit
	KindTransfer
	KindEnd // a discharge, a death, or an admission that was cancelled
	KindCommand
	KindTick // only time has passed
	KindUse
	KindMergeOut // this patient's stay goes on under another id
	KindMergeIn  // another id is this patient: what is known of it, and what it passes on
	KindGap      // records of the raw topic TopicIndex were lost before this one
	KindReopen   // the last end of a stay was a mistake, and is taken back
	KindUnmerge  // the other id was another patient after all
)

// IsData says whether records of the kind bring observations or an item of a modality.
func (k RecordKind) IsData() bool { return KindObservations <= k && k <= KindImage }

// Provenance says in bits where a record comes from, as far as a reader of its scores must
// know.
type Provenance uint8

// The bits are on disk.
const (
	Recorded         Provenance = 1 << iota // it is of a run: At is its available time, and Play is set
	SimulatedPairing                        // a program joined the modality to this patient
	Invented                                // the patient never lived, as those of ingest/synth
	SourceHasADT                            // the source announces movements, so that only an admission opens a stay
	ClockOff                                // the sender's clock is off by more than MaxSkew, as far as intake can tell
)

// Record is one entry of the patient log, and the log is all that the monitor ever sees. A
// record belongs to one patient; only ticks, uses and gaps belong to a partition and have
// an empty Patient.
type Record struct {
	Kind       RecordKind
	Provenance Provenance
	Patient    string
	// At is when Vigil takes the record to have become known: intake's clock of a live
	// record, the available time of a recorded one. A recorded tick has 0 here, because
	// its Play moves each patient's time by the patient's own offset.
	At        Time
	Play      int64 // playing time in milliseconds of a recorded one; 0 of a live one
	Available Time  // when the staff could know it

	// These identify the record, so that a repeat is known: the sequence number of its
	// patient, source and topic, and the hash of its content, see RecordHash. Hash is 0 for
	// live observations with a sequence number in logs of before it was computed for them.
	Source     string
	TopicIndex uint8 // the place of its topic in RawTopics
	Seq        uint64
	HasSeq     bool
	Hash       uint64

	Stay string // the stay that data say they belong to; it may be empty

	// What the record brings goes by its kind. Observations are what was measured, and what
	// an encoder derived from a strip or a note. Item belongs to a strip, a note or an
	// image, Move to an admission, a transfer, an end or a merge, and Command and Use to
	// the kinds of the same name. PassedOn is what a patient who goes on under another id
	// passes on beside observations and items, in the form of alerts/monitor.
	Observations []Observation
	Item         *Item
	Move         *Move
	Command      *Command
	Use          *Use
	PassedOn     []byte
}

// Item is what the log keeps of a strip, a note or an image. The samples, text or pixels
// stay in the raw topic.
type Item struct {
	EventTime Time
	State     ItemState
	Encoder   string    // the encoder's id and version, "vigil-notes/1"; empty if the item was logged as present and not encoded
	Vector    []float32 // the features that the encoder made; nil if it made none
	Ref       string    // where the raw record is: "topic/partition/offset"
	Label     string    // for people: the kind of note, the modality of an image, the rhythm of a strip
	Note      *NoteView // what the encoder saw in a note; nil if it was not encoded
	Findings  []Finding // what the encoder found in a strip or an image; none of a note, whose view has its own
}

// Finding is something that an encoder found in a strip or an image, under its name: the heart
// rate, how likely an ectopic beat is. The encoder's own package says what its names mean.
type Finding struct {
	Name  string
	Value float32
}

// MaxFindings is how many an item of the log may have.
const MaxFindings = 64

// Move is a movement of a patient.
type Move struct {
	At      Time // when the patient moved; 0 if that is not known
	Stay    string
	Unit    string
	Bed     string
	Cause   string // why the stay ended: discharge, death or cancel
	Other   string // the other patient of a merge
	Statics Statics
}

// Statics are the attributes of a stay that are known at admission. A nil pointer and an
// empty string mean that the attribute is not known.
type Statics struct {
	AgeYears      *float32 `json:"age_years,omitempty"` // 0 to 130 years; MIMIC gives those over 89 as 91.4
	Sex           string   `json:"sex,omitempty"`       // female, male or other
	HeightCM      *float32 `json:"height_cm,omitempty"`
	WeightKG      *float32 `json:"weight_kg,omitempty"`
	Unit          string   `json:"unit,omitempty"`           // the kind of unit, for example MICU, CSRU
	AdmissionType string   `json:"admission_type,omitempty"` // emergency, elective, urgent or newborn
	// Scale2 chooses NEWS2's SpO2 scale 2, which the College allows for patients in
	// hypercapnic respiratory failure whose target is 88 to 92 %.
	Scale2 bool `json:"spo2_scale2,omitempty"`
}

// Command is a person's answer to an alert. It passes through the log and through the same
// Step as data do, so that a replay acts on it at the same point.
type Command struct {
	Verb   string // acknowledge, snooze, verdict or end
	Alert  string // the alert's id
	Actor  string
	Reason string
	Until  Time // when a snooze ends
}

// Use names what is in force from this record on in its partition: model and policy by the
// hash of their files, and the settings that change outputs. It makes the log say by itself
// what its scores are of. What is empty is not asked for; logs of before the settings
// were written down ask for none.
type Use struct {
	Model    string // NoModel where the model is off
	Policy   string
	Encoder  string // hash of the site's own codes by which raw messages were read; empty: none
	Settings string // as monitor.Settings writes them: "inputs=all score_interval=1m0s"
}

// NoModel, in a Use, asks for scores without a model.
const NoModel = "none"

// Flag qualifies an observation. The log record has a byte for it, the packed record of a
// window six bits, which are all given.
type Flag uint8

// The first two say what an observation does to others of its channel at its event time;
// the others say something of its own value.
const (
	Corrected  Flag = 1 << iota // it replaces every earlier observation of the channel at this event time
	Retracted                   // it takes back every earlier observation of the channel at this event time
	Untestable                  // a GCS verbal response that could not be tested behind a tube ("ET/Trach" and its kin), or a total with one
	Suspect                     // a 0 that is asystole or apnoea, or a lead that came off: see ZeroSuspect
	Derived                     // computed from other observations, see encoders/record
	Assumed                     // read in another unit than it was told in, because it could only be that

	// AllFlags are those that this version knows.
	AllFlags = Corrected | Retracted | Untestable | Suspect | Derived | Assumed
)

// ValueFlags are the words by which outputs name what is to be known of a value.
var ValueFlags = [...]struct {
	Flag Flag
	Word string
}{{Untestable, "untestable"}, {Suspect, "possible_disconnection"}, {Derived, "derived"}, {Assumed, "assumed_unit"}}

// Words appends the words of the flags that say something of a value.
func (f Flag) Words(dst []string) []string {
	for i := range ValueFlags {
		if f&ValueFlags[i].Flag != 0 {
			dst = append(dst, ValueFlags[i].Word)
		}
	}
	return dst
}

// Observation is one number of one channel at one measured moment, in the
// channel's canonical unit.
type Observation struct {
	Channel   Channel
	Flags     Flag
	EventTime Time
	Value     float32
	Ref       string // the row that the value came from, "TABLE:row id"; it may be empty
}
