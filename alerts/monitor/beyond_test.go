package monitor

import (
	"strings"
	"testing"

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
