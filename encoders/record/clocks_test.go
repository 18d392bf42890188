package record_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

const arrived = schemas.Time(1_767_268_800_000)

// vital makes the record of a message with observations, each at a time from arrived, that
// arrives at arrived.
func vital(t *testing.T, e *record.Encoder, list ...schemas.VitalsObservation) (*schemas.Record, []schemas.Problem) {
	t.Helper()
	seq := uint64(1)
	body := schemas.Vitals{Head: schemas.Head{Patient: "d:1", Source: "gw", Seq: &seq}, Observations: list}
	value, err := json.Marshal(&body)
	if err != nil {
		t.Fatal(err)
	}
	m := &schemas.Message{Topic: schemas.TopicVitals, Key: []byte("d:1"), Value: value}
	ev, problem := e.Decode(m, arrived)
	if problem != nil {
		t.Fatal(problem)
	}
	return e.Record(ev, m, arrived)
}

func rate(value string, after schemas.Time, status string) schemas.VitalsObservation {
	at, n := arrived+after, json.Number(value)
	return schemas.VitalsObservation{Channel: "heart_rate", Value: &n, EventTime: &at, Status: status}
}

// What is ahead of its arrival counts as measured then, and keeps its order; the rest keeps its
// time. The identity is that of the message as it was sent.
func TestAheadCountsOnArrival(t *testing.T) {
	e := &record.Encoder{}
	r, problems := vital(t, e, rate("60", -schemas.Hour, ""), rate("70", 80*schemas.Second, ""), rate("71", 90*schemas.Second, ""), rate("0", 85*schemas.Second, "retracted"))
	if len(problems) > 0 || r.Provenance&schemas.ClockOff == 0 {
		t.Fatalf("problems %v, provenance %b", problems, r.Provenance)
	}
	for i, want := range []schemas.Time{-schemas.Hour, -10 * schemas.Second, 0, 85 * schemas.Second} {
		if got := r.Observations[i].EventTime - arrived; got != want {
			t.Errorf("observation %d: %d ms from the arrival, want %d", i, got, want)
		}
	}
	again, _ := vital(t, e, rate("60", -schemas.Hour, ""), rate("70", 80*schemas.Second, ""), rate("71", 90*schemas.Second, ""), rate("0", 85*schemas.Second, "retracted"))
	if again.Hash != r.Hash {
		t.Error("a repeat has another hash")
	}
	if r, _ := vital(t, e, rate("60", schemas.MaxSkew, "")); r.Provenance&schemas.ClockOff != 0 {
		t.Error("a clock within the limit is marked")
	}
	if r, problems := vital(t, e, rate("60", schemas.MaxAhead+1, "")); r != nil || len(problems) != 1 || problems[0].Reason != schemas.Future {
		t.Errorf("beyond the limit: %v, %v", r, problems)
	}
}

// How far clocks are off is measured for each device of a sender.
func TestClocksAreMeasured(t *testing.T) {
	e := &record.Encoder{Clocks: record.NewClocks(nil)}
	reader := schemas.NewShortReader()
	send := func(patient string, delay schemas.Time) (off bool) {
		m := &schemas.Message{Topic: schemas.TopicVitals, Key: []byte(patient),
			Value: fmt.Appendf(nil, `{"patient":%q,"source":"gw","event_time":%q,"values":{"heart_rate":80}}`, patient, arrived-delay)}
		var r schemas.Record
		if !e.RecordShort(reader, m, arrived, &r) {
			ev, _ := e.Decode(m, arrived)
			if rec, _ := e.Record(ev, m, arrived); rec != nil {
				r = *rec
			}
		}
		return r.Provenance&schemas.ClockOff != 0
	}
	for i := range 8 {
		if send("d:right", schemas.Second) {
			t.Error("a right clock is marked")
		}
		if off := send("d:fast", -90*schemas.Second); !off {
			t.Error("a fast clock is not marked")
		}
		delay := 240 * schemas.Second
		if i == 3 {
			delay *= 2 // late besides
		}
		if off := send("d:slow", delay); off != (i == 7) {
			t.Errorf("message %d of a slow clock: marked %v", i, off)
		}
		send("d:future", -schemas.Hour) // its values are refused, its clock is measured
	}
	got := e.Clocks.Skews()
	want := record.Skew{Source: "gw", Devices: 4, Off: 3, Fastest: schemas.Hour, Slowest: 240 * schemas.Second}
	if len(got) != 1 || got[0] != want {
		t.Fatalf("%+v, want %+v", got, want)
	}
	if line := got[0].String(); line != "gw: the clocks of 3 of 4 devices are off, up to 3600 s fast and 240 s slow or late" {
		t.Error(line)
	}
	for _, delay := range []schemas.Time{5*schemas.Hour + 20*schemas.Second, 5*schemas.Hour + 2*schemas.Second} {
		if off := send("d:local", delay); off != (delay < 5*schemas.Hour+10*schemas.Second) {
			t.Errorf("a local time, late by %d ms: marked %v", delay, off)
		}
	}
	if line := e.Clocks.Skews()[0].String(); !strings.Contains(line, "18002 s slow or late, as by local times without a zone (see --zone)") {
		t.Error(line)
	}
	if !send("d:old", 365*24*schemas.Hour) {
		t.Error("a clock of last year is not marked")
	}
	for range 8 { // set right
		send("d:local", schemas.Second)
		send("d:old", schemas.Second)
		send("d:fast", schemas.Second)
		send("d:slow", schemas.Second)
		send("d:future", schemas.Second)
	}
	if got := e.Clocks.Skews(); got[0].Off != 0 {
		t.Errorf("%+v", got)
	}
}
