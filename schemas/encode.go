package schemas

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// EncodeEvent makes the Kafka record of an event: its key, the CloudEvents headers and the
// body. The envelope is the event's (Patient, Source, Seq, AvailableTime), and the body's
// own Head adds only EventTime, Provenance, HasADT and Stay, so that one body can be sent under
// another name in a run. The topic is set; the partition is for the producer to choose.
// An error says that the event has no body of its topic, or one that cannot be written.
func EncodeEvent(e *Event) (Message, error) {
	kind, ok := kinds[e.Topic]
	if !ok {
		return Message{}, fmt.Errorf("schemas: %q is no raw topic", e.Topic)
	}
	if of := e.bodyTopic(); of != e.Topic {
		return Message{}, fmt.Errorf("schemas: an event of %s has the body of %q", e.Topic, of)
	}
	h := e.head()
	head := Head{Patient: e.Patient, Source: e.Source, EventTime: h.EventTime, Provenance: h.Provenance, HasADT: h.HasADT, Stay: h.Stay}
	if e.HasSeq {
		head.Seq = &e.Seq
	}
	if e.AvailableTime != 0 {
		head.AvailableTime = &e.AvailableTime
	}
	m := Message{Topic: e.Topic, Key: []byte(e.Patient)}
	content := ContentJSON
	var err error
	switch {
	case e.Vitals != nil:
		body := *e.Vitals
		body.Head = head
		m.Value, err = json.Marshal(&body)
	case e.Strip != nil:
		body := *e.Strip
		body.Head = head
		content = ContentArrow
		m.Value, err = encodeStrip(&body)
	case e.Note != nil:
		body := *e.Note
		body.Head = head
		m.Value, err = json.Marshal(&body)
	case e.Image != nil:
		body := *e.Image
		body.Head = head
		m.Value, err = json.Marshal(&body)
	case e.ADT != nil:
		body := *e.ADT
		body.Head = head
		m.Value, err = json.Marshal(&body)
	case e.Command != nil:
		body := *e.Command
		body.Head = head
		m.Value, err = json.Marshal(&body)
	}
	if err != nil {
		return Message{}, fmt.Errorf("schemas: encoding an event of %s: %w", e.Topic, err)
	}
	id := e.Source + "/" + e.Topic + "/" + e.Patient + "/"
	if e.HasSeq {
		id += strconv.FormatUint(e.Seq, 10)
	} else {
		id += strconv.FormatUint(ContentHash(e), 16)
	}
	m.Headers = make([]Header, 0, 7)
	m.Headers = append(m.Headers, Header{HeaderSpecVersion, "1.0"}, Header{HeaderType, kind},
		Header{HeaderID, id}, Header{HeaderSource, e.Source}, Header{HeaderContentType, content})
	if e.Run != "" {
		m.Headers = append(m.Headers, Header{HeaderRun, e.Run}, Header{HeaderPlay, strconv.FormatInt(e.Play, 10)})
	}
	return m, nil
}

// bodyTopic is the topic that the event's body belongs to; it is empty if there is no body.
func (e *Event) bodyTopic() string {
	switch {
	case e.Vitals != nil:
		return TopicVitals
	case e.Strip != nil:
		return TopicECG
	case e.Note != nil:
		return TopicNotes
	case e.Image != nil:
		return TopicImaging
	case e.ADT != nil:
		return TopicADT
	case e.Command != nil:
		return TopicCommands
	}
	return ""
}
