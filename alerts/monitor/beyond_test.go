package monitor

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// An hour takes so many values of a channel, in any order, and no more. What comes beyond is
// counted; NEWS2 goes by it all the same, and a repeat of it is one.
func TestHourIsFull(t *testing.T) {
	w := newWard(t)
	w.m.Settings.ScoreInterval = schemas.Hour // not a score for each of thousands
	spo2, _ := schemas.ChannelByName("spo2")
	at, seq := schemas.Time(midnight)+10*schemas.Hour+30*schemas.Minute, uint64(0)
	send := func(values ...schemas.Observation) string {
		seq++
		w.offset++
		r := &schemas.Record{Kind: schemas.KindObservations, Patient: "d:1", At: at, Available: at, Source: "bed", TopicIndex: 1, Seq: seq, HasSeq: true, Hash: seq, Observations: values}
		out, err := w.m.Step(w.s, r, w.offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for i := range out {
			text += string(out[i].Value) + "\n"
		}
		return text
	}
	value := func(before schemas.Time, v float32) schemas.Observation {
		return schemas.Observation{Channel: spo2, EventTime: at - before, Value: v}
	}
	var flood []schemas.Observation
	for i := range schemas.MaxHourValues {
		before := schemas.Time(i*7919%schemas.MaxHourValues) * 400 // in no order
		flood = append(flood, value(before+schemas.Second, 97+float32(i%2)/10))
	}
	send(flood...)
	if n := w.s.Counts().Overfull; n != 0 {
		t.Fatalf("at the limit %d are refused", n)
	}
	w.m.Settings.ScoreInterval = EveryRecord
	out := send(value(0, 80))
	if n := w.s.Counts().Overfull; n != 1 {
		t.Errorf("beyond the limit %d are refused", n)
	}
	if !strings.Contains(out, `"channel":"spo2","value":80,`) {
		t.Errorf("what is beyond the limit does not count: %s", out)
	}
	if n := w.s.patients["d:1"].window.Len(); n != schemas.MaxHourValues {
		t.Errorf("the window has %d records", n)
	}
	retracted := value(0, 0)
	retracted.Flags = schemas.Retracted
	out = send(retracted)
	if strings.Contains(out, `"value":80,`) {
		t.Errorf("what was taken back counts: %s", out)
	}
	at += schemas.Hour // another hour has room
	send(value(0, 81))
	if n := w.s.patients["d:1"].window.Len(); n != schemas.MaxHourValues+1 {
		t.Errorf("the window has %d records", n)
	}
}

// A site's own limits hold: at the limit all is taken, beyond it is counted. The log asks for them,
// and a monitor without them refuses.
func TestLimitsOfASite(t *testing.T) {
	var limits schemas.Limits
	for _, text := range []string{"hour-values=60", "senders=2"} {
		if err := limits.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	w := newWard(t)
	w.m.Settings.ScoreInterval, w.m.Settings.Limits = schemas.Hour, limits
	rate, _ := schemas.ChannelByName("heart_rate")
	at, seq := schemas.Time(midnight)+10*schemas.Hour+30*schemas.Minute, uint64(0)
	send := func(source string) {
		seq++
		w.offset++
		r := &schemas.Record{Kind: schemas.KindObservations, Patient: "d:1", At: at, Available: at, Source: source, TopicIndex: 1, Seq: seq, HasSeq: true, Hash: seq,
			Observations: []schemas.Observation{{Channel: rate, EventTime: at - schemas.Time(seq)*schemas.Second, Value: 80}}}
		if _, err := w.m.Step(w.s, r, w.offset, nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 60 {
		send("bed")
	}
	if c := w.s.Counts(); c.Overfull != 0 || w.s.patients["d:1"].window.Len() != 60 {
		t.Fatalf("at the limit: %+v", c)
	}
	send("bed")
	if c := w.s.Counts(); c.Overfull != 1 || w.s.patients["d:1"].window.Len() != 60 {
		t.Errorf("beyond the limit: %+v", c)
	}
	send("pump")
	if n := w.s.Counts().Forgotten; n != 0 {
		t.Errorf("two senders: %d forgotten", n)
	}
	send("ventilator")
	if n := w.s.Counts().Forgotten; n != 1 || len(w.s.patients["d:1"].origins) != 2 {
		t.Errorf("three senders: %d forgotten", n)
	}

	here, asked := w.m.Use(), (&Monitor{Policy: w.m.Policy}).Use()
	if !strings.HasSuffix(here.Settings, " hour-values=60 senders=2") || strings.Contains(asked.Settings, "senders") {
		t.Errorf("asked for: %q and %q", here.Settings, asked.Settings)
	}
	if w.m.Has(asked) {
		t.Error("a log that asks for the shipped limits is served by others")
	}
	if found := (&Shelf{Policies: []*alerts.Policy{w.m.Policy}}).Find(schemas.Use{Model: schemas.NoModel, Policy: here.Policy, Settings: here.Settings}); found == nil || found.Settings.Limits != limits {
		t.Error("limits of before a switch are not found on the shelf")
	}
}
