package schemas

import "encoding/json"

// Event is one message of a raw topic before it is encoded or after it was
// decoded. It has the envelope that all kinds share, and exactly one body.
type Event struct {
	// Topic is one of RawTopics and decides which body the event has.
	Topic string
	// Patient is "domain:id", or "run/domain:id" in a named run. It is the Kafka key
	// too, so that one patient is one partition and one order.
	Patient string
	// Source names the sender; in a run it is "dataset@hash". It is never part of the
	// patient's identity, since two senders may speak of one patient.
	Source string
	// Seq counts the messages of one patient, source and topic from 1, where HasSeq is
	// set. A repeat has the number and the content of the message that it repeats.
	Seq    uint64
	HasSeq bool

	// Run is the name of the run that a recorded event belongs to; it is empty of a
	// live event. Play is the event's playing time in that run, in milliseconds.
	Run  string
	Play int64

	// AvailableTime is when the staff could know of it; zero means that the sender did
	// not say, and intake then takes its own clock.
	AvailableTime Time
	// EventTime is the earliest measured time in the event; zero means that the sender
	// did not say.
	EventTime Time

	// One of these is set, the one that belongs to Topic.
	Vitals  *Vitals
	Strip   *Strip
	Note    *Note
	Image   *Image
	ADT     *ADT
	Command *CommandEvent
}

// Head is the envelope as the bodies carry it: JSON bodies among their own fields, Arrow
// streams in their schema metadata. A nil pointer means that the sender did not say.
type Head struct {
	Patient       string  `json:"patient"`
	Source        string  `json:"source"`
	Seq           *uint64 `json:"seq,omitempty"`
	AvailableTime *Time   `json:"available_time,omitempty"`
	EventTime     *Time   `json:"event_time,omitempty"`
	// Provenance lists what a reader must know of the data: "invented" for patients
	// who never lived, "simulated-pairing" for a modality that a program joined to a
	// patient of another data set.
	Provenance []string `json:"provenance,omitempty"`
	// HasADT says that this source announces admissions and discharges, so that its data
	// alone must not open a stay.
	HasADT bool `json:"has_adt,omitempty"`
	// Stay names the stay that data belong to, as the admission system calls it. Data that
	// name one open it where its admission is not known, because it was before Vigil began.
	Stay string `json:"stay,omitempty"`
}

// Vitals is the body of TopicVitals: what became known of a patient at one
// instant, any number of channels.
type Vitals struct {
	Head
	// Values gives a number for each canonical channel by its name, in the channel's
	// canonical unit, all measured at event_time. It is the short form that monitors send.
	Values map[string]json.Number `json:"values,omitempty"`
	// Observations carries anything else: codes of other systems, other units, texts,
	// times of their own, corrections.
	Observations []VitalsObservation `json:"observations,omitempty"`
}

// VitalsObservation is one observation of a vitals message. It names its channel, or a
// code together with the code's system (loinc, mimic-iii, mimic-iv, eicu,
// physionet2012), and it has a value, a text that carries a number, or both.
type VitalsObservation struct {
	Channel string       `json:"channel,omitempty"`
	Code    string       `json:"code,omitempty"`
	System  string       `json:"system,omitempty"`
	Value   *json.Number `json:"value,omitempty"`
	Text    string       `json:"text,omitempty"`
	// Unit is the unit of Value. Where it is empty the code's unit counts, and the
	// channel's canonical unit where the code implies none.
	Unit string `json:"unit,omitempty"`
	// EventTime is when it was measured; where it is missing the message's time counts.
	EventTime *Time `json:"event_time,omitempty"`
	// Ref names the row that the value came from, so that a score can be traced to it.
	Ref string `json:"ref,omitempty"`
	// Status is final (also where it is empty), corrected or retracted.
	Status string `json:"status,omitempty"`

	// Problem is what could not be read of it, with the field named within the
	// observation. Resolve returns it, so that one bad value leaves the others alone.
	Problem *Problem `json:"-"`
}

// Strip is the body of TopicECG: a stretch of an ECG on one or more leads. On the wire it
// is an Arrow IPC stream (see StripSchema) with the envelope in its schema metadata.
type Strip struct {
	Head
	RateHz  float64   // samples per second of each lead, 1 to 20,000
	Leads   []string  // names of the leads ("II", "V1"), each once, at most 64
	Samples [][]int16 // shape [lead][sample], all leads of one length
	Gain    float64   // millivolt per unit of a sample: 0.005 at 200 units/mV
}

// Note is the body of TopicNotes: one clinical text.
type Note struct {
	Head
	Kind string `json:"kind"` // the kind of note, for example nursing, radiology, discharge
	Text string `json:"text"` // at most MaxNote bytes of UTF-8
	Ref  string `json:"ref,omitempty"`
}

// Image is the body of TopicImaging. The study comes by reference, as bytes, as an
// embedding that somebody else has computed, or as several of these.
type Image struct {
	Head
	Modality  string    `json:"modality"` // the DICOM modality, for example DX, CT
	Reference string    `json:"reference,omitempty"`
	Bytes     []byte    `json:"bytes,omitempty"` // at most MaxImage
	MediaType string    `json:"media_type,omitempty"`
	Embedding []float32 `json:"embedding,omitempty"` // at most 4096 finite numbers
	Encoder   string    `json:"encoder,omitempty"`   // the id of what computed Embedding
	Text      string    `json:"text,omitempty"`      // the radiologist's report, at most MaxNote bytes
}

// ADT is the body of TopicADT: an admission, discharge or transfer, as HL7 names the
// messages of an admission system.
type ADT struct {
	Head
	// Type is admit, transfer, discharge, death, merge (A40 of HL7), unmerge (A37), cancel (of
	// the admission, A11), cancel-discharge (A13, of a death too) or cancel-transfer (A12, which says where the
	// patient lies after all).
	Type string `json:"type"`
	// Stay identifies the stay within the patient; admit and cancel must name it. It stands in
	// place of the envelope's.
	Stay string `json:"stay,omitempty"`
	Unit string `json:"unit,omitempty"`
	Bed  string `json:"bed,omitempty"`
	// Into is, of a merge or an unmerge, the patient under whose id the two go on, or went on.
	Into    string  `json:"into,omitempty"`
	Statics Statics `json:"statics"`
}

// CommandEvent is the body of TopicCommands: a person's answer to an alert. It goes
// through the log like data, so that a replay shows the same answers at the same times.
type CommandEvent struct {
	Head
	Verb   string `json:"verb"`             // acknowledge, snooze, verdict or end
	Alert  string `json:"alert"`            // the alert's id
	Actor  string `json:"actor"`            // who answers
	Reason string `json:"reason,omitempty"` // a snooze needs one
	Until  *Time  `json:"until,omitempty"`  // when a snooze ends, which needs one
}

// Message is a Kafka record without Kafka, so that encoders can make one and consumers
// can be given one without linking a client. Topic is without the site's prefix.
type Message struct {
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []Header
	// Appended is the record's Kafka timestamp in Unix milliseconds: the broker's clock as
	// it appended the batch where the topic keeps LogAppendTime, else the writer's clock
	// as it sent the record. Only measurements read it; a decision that read it would
	// come out otherwise in a rebuild.
	Appended int64
	// Unread says why a batch of records cannot be read, nil for a message. Offset is then
	// that of the batch's last record, and Value are the batch's bytes.
	Unread *Problem
}

// Header is one header of a Message; a key may come more than once.
type Header struct{ Key, Value string }

// Header returns the value of the first header named key.
func (m *Message) Header(key string) (string, bool) {
	for i := range m.Headers {
		if m.Headers[i].Key == key {
			return m.Headers[i].Value, true
		}
	}
	return "", false
}
