package monitor

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// This file answers a correction or a retraction of what is not there. Intake cannot know that,
// which has no window, so the answer is an output of Step: a dead letter of the log record. It
// goes the way of scores and alerts, and so comes once.

// meets says of an observation that corrects or takes back whether there is what it means:
// where it is known by its reference at another time, when that is, and else whether one of its
// channel and event time is in the window.
func (p *patient) meets(o *schemas.Observation) (of schemas.Time, known, hits bool) {
	of, known = p.named(o)
	return of, known, known || p.inForce(o)
}

func (p *patient) inForce(o *schemas.Observation) bool {
	if o.Flags&(schemas.Corrected|schemas.Retracted) == 0 || o.EventTime < p.horizon() {
		return false
	}
	var room [8]window.Point
	return len(p.window.At(o.EventTime, math.MaxUint32, o.EventTime).Append(room[:0], o.Channel)) > 0
}

// noteMissed notes which of the record's observations is to be answered: a retraction that
// changed nothing, and a correction that names a reference and replaced nothing. A correction
// by time alone that comes before what it corrects is a value like others.
func (t *step) noteMissed(place int, o *schemas.Observation, hits, added bool) {
	retracted := o.Flags&schemas.Retracted != 0 && !added
	corrected := o.Flags&schemas.Corrected != 0 && !hits && o.Ref != ""
	if retracted || corrected {
		t.s.scratch.missed = append(t.s.scratch.missed, place)
	}
}

// putMissed puts out the dead letter of a record whose corrections or retractions have missed.
func (t *step) putMissed(rec *schemas.Record) {
	list := t.s.scratch.missed
	t.s.scratch.missed = list[:0]
	if len(list) == 0 || !rec.Kind.IsData() || t.p.into != "" { // what is handed on is answered where it goes
		return
	}
	t.s.counts.Unmatched += uint64(len(list))
	type observation struct {
		Channel   string       `json:"channel"`
		EventTime schemas.Time `json:"event_time"`
		Ref       string       `json:"ref,omitempty"`
		Status    string       `json:"status"`
	}
	body := struct {
		Patient      string        `json:"patient"`
		Source       string        `json:"source"`
		Seq          uint64        `json:"seq,omitempty"`
		At           schemas.Time  `json:"at"`
		Observations []observation `json:"observations"`
	}{Patient: rec.Patient, Source: rec.Source, Seq: rec.Seq, At: rec.At}
	var fields []string
	for _, i := range list[:min(len(list), mostMissed)] {
		o := &rec.Observations[i]
		status := "corrected"
		if o.Flags&schemas.Retracted != 0 {
			status = "retracted"
		}
		body.Observations = append(body.Observations, observation{o.Channel.Info().Name, o.EventTime, o.Ref, status})
		fields = append(fields, "observations["+strconv.Itoa(i)+"]")
	}
	first := &body.Observations[0]
	payload, _ := json.Marshal(&body) // strings, times and numbers always marshal
	sum := sha256.Sum256(payload)
	problem := schemas.NewProblem(schemas.Unmatched, strings.Join(fields, ", "), strings.TrimSpace(first.Status+" "+first.Channel+" of "+first.EventTime.String()+" "+first.Ref),
		"what was measured of this channel at this event_time in the last 48 h; by its ref alone only one of the newest of NEWS2's channels is found, of the last hour: name its event_time")
	letter, _ := schemas.EncodeDeadLetter(&schemas.DeadLetter{
		Reason: problem.Reason, Field: problem.Field, Found: problem.Found, Expected: problem.Expected,
		Topic: schemas.TopicLog, Partition: t.s.Number, Offset: t.offset, Source: rec.Source, Partial: true,
		Length: len(payload), SHA256: hex.EncodeToString(sum[:]), Payload: payload,
	})
	t.put(schemas.TopicDeadLetters, schemas.TypeDeadLetter, schemas.Place(schemas.TopicLog, t.s.Number, t.offset), cmp.Or(rec.Source, "unknown"), letter)
}

// mostMissed bounds how many observations a dead letter names.
const mostMissed = 20
