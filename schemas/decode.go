package schemas

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxID is how many bytes a patient, source, stay, bed, run, or the reference of a value may have.
	MaxID = 128

	envelope = 64 << 10 // what may stand around the text, bytes or samples
)

// HeaderEncoding says how the body is compressed. Only gzip is known: Kafka's own
// compression of batches is the better way and needs no header.
const HeaderEncoding = "content-encoding"

// kinds are the raw topics with their type.
var kinds = map[string]string{
	TopicVitals: TypeVitals, TopicECG: TypeECG, TopicNotes: TypeNote, TopicImaging: TypeImage, TopicADT: TypeADT, TopicCommands: TypeCommand,
}

// DecodeEvent reads a message of a raw topic and checks everything that can be checked
// without the channel table: version, key, envelope, limits of its kind. The values of a
// vitals message are checked one by one by [Vitals.Resolve]. A problem concerns the whole
// message, of which nothing is then used. No message makes it panic.
func DecodeEvent(m *Message) (*Event, *Problem) { return DecodeEventIn(m, nil, 0, nil) }

// DecodeEventIn is DecodeEvent at a site whose senders write local times: a time of a JSON
// body that has no zone is one of the given zone, or of UTC where it is nil. Where the clocks
// were set back, so that an hour came twice, a time in it is of the second, unless that is
// more than MaxAhead after now: a value that was just measured is then never taken for one of
// an hour ago. Where they were set forward, a time that they left out is read as if they were
// not yet. The limits are the site's; nil: the shipped ones.
func DecodeEventIn(m *Message, zone *time.Location, now Time, limits *Limits) (*Event, *Problem) {
	kindOf, ok := kinds[m.Topic]
	if !ok {
		return nil, NewProblem(UnknownType, "topic", m.Topic, "a raw topic")
	}
	if version, there := m.Header(HeaderSpecVersion); there && version != "1.0" {
		return nil, NewProblem(UnknownType, "header "+HeaderSpecVersion, version, "1.0")
	}
	if kind, there := m.Header(HeaderType); there && kind != kindOf {
		return nil, NewProblem(UnknownType, "header "+HeaderType, kind, kindOf)
	}
	inArrow, problem := contentIsArrow(m)
	if problem != nil {
		return nil, problem
	}
	e := &Event{Topic: m.Topic}
	if problem = e.readRun(m); problem != nil {
		return nil, problem
	}
	body, problem := plainBody(m, limits.bodyBytes(m.Topic))
	if problem != nil {
		return nil, problem
	}
	if inArrow {
		problem = e.decodeArrow(body, limits)
	} else if problem = e.decodeJSON(body); problem == nil && zone != nil && zone != time.UTC {
		e.localTimes(body, zone, now+MaxAhead)
	}
	if problem == nil {
		problem = e.checkHead(m.Key)
	}
	if problem == nil {
		problem = e.checkBody(limits)
	}
	if problem != nil {
		return nil, problem
	}
	return e, nil
}

// localTimes reads the times of a JSON body again that have no zone.
func (e *Event) localTimes(body []byte, zone *time.Location, latest Time) {
	type times struct {
		EventTime     *string `json:"event_time"`
		AvailableTime *string `json:"available_time"`
		Until         *string `json:"until"`
	}
	var envelope struct {
		times
		Observations []json.RawMessage `json:"observations"`
	}
	if json.Unmarshal(body, &envelope) != nil {
		return
	}
	mend := func(text *string, into *Time) {
		if text == nil || into == nil {
			return
		}
		if t, naive, err := parseTime(*text, zone, latest); err == nil && naive {
			*into = t
		}
	}
	head := e.Head()
	mend(envelope.EventTime, head.EventTime)
	mend(envelope.AvailableTime, head.AvailableTime)
	if e.Command != nil {
		mend(envelope.Until, e.Command.Until)
	}
	if e.Vitals == nil || len(e.Vitals.Observations) != len(envelope.Observations) {
		return
	}
	for i, raw := range envelope.Observations {
		var own times
		if into := e.Vitals.Observations[i].EventTime; into != nil && json.Unmarshal(raw, &own) == nil {
			mend(own.EventTime, into)
		}
	}
}

// contentIsArrow says whether a message's body is an Arrow stream: that of a strip is, that
// of vitals may be, and all others are JSON. A message that does not say is a strip's Arrow or
// another topic's JSON, so that a sender of JSON needs no headers.
func contentIsArrow(m *Message) (bool, *Problem) {
	const header = "header " + HeaderContentType
	content, there := m.Header(HeaderContentType)
	if there {
		content, _, _ = strings.Cut(content, ";")
		content = strings.ToLower(strings.TrimSpace(content))
	}
	switch {
	case m.Topic == TopicECG:
		if there && content != ContentArrow {
			return false, NewProblem(UnknownType, header, content, ContentArrow)
		}
		return true, nil
	case !there, content == ContentJSON, strings.HasSuffix(content, "+json"):
		return false, nil
	case content == ContentArrow && m.Topic == TopicVitals:
		return true, nil
	case m.Topic == TopicVitals:
		return false, NewProblem(UnknownType, header, content, ContentJSON+" or "+ContentArrow)
	}
	return false, NewProblem(UnknownType, header, content, ContentJSON)
}

// readRun takes the run and its playing time from the headers. They alone make a message a
// recorded one, so that a body is the same in every run.
func (e *Event) readRun(m *Message) *Problem {
	run, recorded := m.Header(HeaderRun)
	if !recorded {
		return nil
	}
	if run == "" || len(run) > MaxID || !printable(run) {
		return NewProblem(BadField, "header "+HeaderRun, run, "the name of the run, 1 to 128 printable bytes")
	}
	text, _ := m.Header(HeaderPlay)
	play, err := strconv.ParseInt(text, 10, 64)
	if err != nil || play < 0 {
		return NewProblem(BadField, "header "+HeaderPlay, text, "playing time in ms, 0 or more")
	}
	e.Run, e.Play = run, play
	return nil
}

// plainBody returns the body without compression. It stops at the limit, because a few
// kilobytes of gzip can hold gigabytes.
func plainBody(m *Message, limit int) ([]byte, *Problem) {
	tooLarge := func(found string) *Problem {
		return NewProblem(TooLarge, "body", found, fmt.Sprintf("at most %d bytes, decompressed", limit))
	}
	encoding, _ := m.Header(HeaderEncoding)
	switch encoding {
	case "", "identity":
		if len(m.Value) > limit {
			return nil, tooLarge(fmt.Sprintf("%d bytes", len(m.Value)))
		}
		return m.Value, nil
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(m.Value))
		if err != nil {
			return nil, NewProblem(Unreadable, "body", err.Error(), "a gzip stream")
		}
		body, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
		if err != nil {
			return nil, NewProblem(Unreadable, "body", err.Error(), "a whole gzip stream")
		}
		if len(body) > limit {
			return nil, tooLarge(fmt.Sprintf("more than %d bytes out of %d", limit, len(m.Value)))
		}
		return body, nil
	}
	return nil, NewProblem(BadField, "header "+HeaderEncoding, encoding, "gzip, or none")
}
