package schemas

import "encoding/json"

// Event is one message of a raw topic before it is encoded or after it was
// decoded: the envelope that all kinds share, and exactly one body.
type Event struct {
	Topic   string // of RawTopics
	Patient string // "domain:id"; in a named run "run/domain:id"; the Kafka key
	Source  string // the sender, never part of the patient; in a run "dataset@hash"
	Seq     uint64 // per (patient, source, topic), from 1
	HasSeq  bool

	Run  string // empty: live
	Play int64  // with Run: playing time, ms

	AvailableTime Time // zero: not said
	EventTime     Time // earliest measured time in it; zero: not said

	Vitals  *Vitals
	Strip   *Strip
	Note    *Note
	Image   *Image
	ADT     *ADT
	Command *CommandEvent
}

// Head is what the JSON bodies have in common.
type Head struct {
	Patient       string   `json:"patient"`
	Source        string   `json:"source"`
	Seq           *uint64  `json:"seq,omitempty"`
	AvailableTime *Time    `json:"available_time,omitempty"`
	EventTime     *Time    `json:"event_time,omitempty"`
	Provenance    []string `json:"provenance,omitempty"` // "invented", "simulated-pairing"
	HasADT        bool     `json:"has_adt,omitempty"`    // this source announces movements
}

// Vitals is the body of TopicVitals: what became known of a patient at one
// instant, any number of channels.
type Vitals struct {
	Head
	// Values of canonical channels in canonical units, all measured at event_time.
	Values map[string]json.Number `json:"values,omitempty"`
	// Observations carries anything else.
	Observations []VitalsObservation `json:"observations,omitempty"`
}

// VitalsObservation names its channel, or a code with its system (loinc,
// mimic-iii, mimic-iv, eicu, physionet2012), and has a value or a text.
type VitalsObservation struct {
	Channel   string       `json:"channel,omitempty"`
	Code      string       `json:"code,omitempty"`
	System    string       `json:"system,omitempty"`
	Value     *json.Number `json:"value,omitempty"`
	Text      string       `json:"text,omitempty"`
	Unit      string       `json:"unit,omitempty"` // empty: the channel's canonical unit
	EventTime *Time        `json:"event_time,omitempty"`
	Ref       string       `json:"ref,omitempty"`
	Status    string       `json:"status,omitempty"` // final (default), corrected, retracted

	// Problem is what could not be read of it; Field is within the observation.
	// Resolve gives it back.
	Problem *Problem `json:"-"`
}

// Strip is an ECG strip: an Arrow IPC stream (StripSchema) in the message, the
// envelope in its schema metadata.
type Strip struct {
	Head
	RateHz  float64   // samples per second and lead
	Leads   []string  // "II", "V1", …
	Samples [][]int16 // [lead][sample]
	Gain    float64   // millivolt per unit: 0.005 at 200 units/mV
}

// Note is the body of TopicNotes.
type Note struct {
	Head
	Kind string `json:"kind"` // nursing, radiology, discharge, …
	Text string `json:"text"`
	Ref  string `json:"ref,omitempty"`
}

// Image is the body of TopicImaging: a study by reference, bytes or embedding.
type Image struct {
	Head
	Modality  string    `json:"modality"` // DX, CT, …
	Reference string    `json:"reference,omitempty"`
	Bytes     []byte    `json:"bytes,omitempty"`
	MediaType string    `json:"media_type,omitempty"`
	Embedding []float32 `json:"embedding,omitempty"`
	Encoder   string    `json:"encoder,omitempty"` // of the embedding
	Text      string    `json:"text,omitempty"`    // report
}

// ADT is the body of TopicADT.
type ADT struct {
	Head
	Type    string  `json:"type"` // admit, transfer, discharge, death, merge, cancel
	Stay    string  `json:"stay,omitempty"`
	Unit    string  `json:"unit,omitempty"`
	Bed     string  `json:"bed,omitempty"`
	Into    string  `json:"into,omitempty"` // merge: the surviving patient
	Statics Statics `json:"statics"`
}

// CommandEvent is the body of TopicCommands.
type CommandEvent struct {
	Head
	Verb   string `json:"verb"` // acknowledge, snooze, verdict
	Alert  string `json:"alert"`
	Actor  string `json:"actor"`
	Reason string `json:"reason,omitempty"`
	Until  *Time  `json:"until,omitempty"`
}

// Message is a Kafka record as the packages pass it: encoders make it, the
// consumer gives it. Topic is without the site's prefix.
type Message struct {
	Topic     string
	Partition int
	Offset    int64
	Key       []byte
	Value     []byte
	Headers   []Header
	Appended  int64 // the writer's clock as it sent the batch, Unix ms (kafka-go reads no LogAppendTime); for measurements, no decision reads it
}

// Header of a Message.
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
