package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// A patient's window is what the log has: as of then, without what was taken back, and with what came since.
func TestStay(t *testing.T) {
	w := newWorld(t, nil)
	heart, _ := schemas.ChannelByName("heart_rate")
	see := func(at schemas.Time, value float32, flags schemas.Flag, measured schemas.Time) {
		w.record(&schemas.Record{Kind: schemas.KindObservations, Patient: "h:1", At: at, Available: at, Observations: []schemas.Observation{{Channel: heart, EventTime: measured, Value: value, Flags: flags}}})
	}
	w.record(&schemas.Record{Kind: schemas.KindAdmit, Patient: "h:1", At: start, Available: start, Move: &schemas.Move{At: start, Stay: "sh:1", Unit: "A", Bed: "A-1", Statics: schemas.Statics{Sex: "female"}}})
	see(start+schemas.Minute, 80, 0, start)
	see(start+2*schemas.Minute, 90, 0, start+schemas.Minute)
	see(start+3*schemas.Minute, 0, schemas.Retracted, start)
	w.record(&schemas.Record{Kind: schemas.KindNote, Patient: "h:1", At: start + 3*schemas.Minute, Available: start, Item: &schemas.Item{
		EventTime: start, State: schemas.Present, Label: "nursing", Ref: "icu.notes.v1/0/0",
		Note: &schemas.NoteView{Findings: []schemas.NoteFinding{{Concept: "sepsis", Polarity: schemas.NoteAbsent, Count: 2}}},
	}})
	w.record(&schemas.Record{Kind: schemas.KindObservations, Patient: "h:2", At: start, Available: start, Observations: []schemas.Observation{{Channel: heart, EventTime: start, Value: 200}}})
	w.open()
	stay := func(query string) (s Stay) {
		status, answer := w.ask("GET", filled("/patients/{key}/stay")+query, "", "")
		if err := json.Unmarshal(answer, &s); err != nil || status != 200 {
			t.Fatalf("%d %v: %s", status, err, answer)
		}
		return s
	}
	shown := func(s Stay) (text string) {
		for _, c := range s.Channels {
			for i := range c.T {
				value := "gone"
				if c.V[i] != nil {
					value = fmt.Sprint(*c.V[i])
				}
				text += fmt.Sprintf("%s %d min %s; ", c.Name, (schemas.Time(c.T[i])-start)/schemas.Minute, value)
			}
		}
		return fmt.Sprintf("%s%d items", text, len(s.Items))
	}
	now := stay("")
	if got := shown(now); got != "heart_rate 1 min 90; 1 items" || now.Bed != "A-1" || now.Statics.Sex != "female" || now.Cut {
		t.Errorf("now: %s, %+v", got, now)
	}
	if f := now.Items[0].Findings; len(f) != 1 || f[0] != (Finding{"sepsis", "absent", 2}) {
		t.Errorf("findings: %v", f)
	}
	if got := shown(stay("?as_of=" + (start + 2*schemas.Minute).String())); got != "heart_rate 0 min 80; heart_rate 1 min 90; 0 items" {
		t.Errorf("as of two minutes: %s", got)
	}
	see(start+4*schemas.Minute, 0, schemas.Retracted, start+schemas.Minute)
	see(start+4*schemas.Minute, 100, 0, start+4*schemas.Minute)
	if got := shown(stay(fmt.Sprintf("?after=%d", now.Cursor))); got != "heart_rate 1 min gone; heart_rate 4 min 100; 0 items" {
		t.Errorf("what is new: %s", got)
	}
	for _, query := range []string{"?as_of=yesterday", "?after=-1", "?after=x"} {
		if status, answer := w.ask("GET", filled("/patients/{key}/stay")+query, "", ""); status != 400 {
			t.Errorf("%s: %d %s", query, status, answer)
		}
	}
}

// Of many values the lowest and the highest of each stretch are told, so that no spike vanishes.
func TestThinningKeepsSpikes(t *testing.T) {
	c := Series{measured: map[schemas.Time]*float32{}}
	n := 20 * maxPoints
	for i := range n {
		v := float32(80 + 5*math.Sin(float64(i)/100))
		switch i {
		case 12345:
			v = 220
		case 23456:
			v = 20
		}
		c.measured[start+schemas.Time(i)*5*schemas.Second] = &v
	}
	out := c.told(0, false)
	low, high := float32(999), float32(0)
	for i, v := range out.V {
		low, high = min(low, *v), max(high, *v)
		if i > 0 && out.T[i] <= out.T[i-1] {
			t.Fatal("not in the order of time")
		}
	}
	if !out.Thinned || len(out.T) > maxPoints+2 || len(out.T) != len(out.V) || low != 20 || high != 220 {
		t.Errorf("%d points from %g to %g", len(out.T), low, high)
	}
}

// The samples of a strip are given to who asks for its patient, and for no other's.
func TestStrip(t *testing.T) {
	w := newWorld(t, nil)
	samples := []int16{0, 100, -200, 32767, -32768}
	at := start
	strip := schemas.Event{Topic: schemas.TopicECG, Patient: "h:1", Source: "monitor", EventTime: start, Strip: &schemas.Strip{
		Head: schemas.Head{EventTime: &at}, RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{samples}}}
	partition, offset := w.event(strip)
	w.open()
	ref := fmt.Sprintf("?ref=%s", url.QueryEscape(schemas.Place(schemas.TopicECG, partition, offset)))
	status, answer := w.ask("GET", filled("/patients/{key}/strip")+ref, "", "")
	var got Strip
	if err := json.Unmarshal(answer, &got); err != nil || status != 200 {
		t.Fatalf("%d %v: %s", status, err, answer)
	}
	b, _ := base64.StdEncoding.DecodeString(got.Samples[0])
	if len(b) != 2*len(samples) || int16(uint16(b[4])|uint16(b[5])<<8) != -200 || got.RateHz != 250 || got.At != start {
		t.Errorf("%+v", got)
	}
	for path, want := range map[string]int{
		Base + "/patients/" + keyOf("h:2") + "/strip" + ref:               404,
		filled("/patients/{key}/strip") + "?ref=icu.ecg.v1/0/999":         404,
		filled("/patients/{key}/strip") + "?ref=icu.notes.v1/0/0":         400,
		filled("/patients/{key}/strip") + "?ref=icu.ecg.v1/0/-1":          400,
		filled("/patients/{key}/strip") + "?ref=icu.ecg.v1/99999999999/0": 404,
		filled("/patients/{key}/strip"):                                   400,
	} {
		if status, answer := w.ask("GET", path, "", ""); status != want {
			t.Errorf("%s: %d, want %d: %s", path, status, want, answer)
		}
	}
}

// A patient's trajectory is that of the stay, as of then.
func TestScores(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 5 {
		w.score("h:1", start+schemas.Time(i+2)*schemas.Minute, float32(i)/10)
	}
	w.open()
	for query, want := range map[string]int{"": 6, "?as_of=" + (start + 3*schemas.Minute).String(): 3} {
		status, answer := w.ask("GET", filled("/patients/{key}/scores")+query, "", "")
		var got Trajectory
		if err := json.Unmarshal(answer, &got); err != nil || status != 200 || len(got.Points) != want || got.Task != "mortality" {
			t.Errorf("%s: %d %v %d points: %s", query, status, err, len(got.Points), answer)
		}
	}
}

// A patient's alerts are told as they stood at a moment.
func TestAlertsAsTheyStood(t *testing.T) {
	w := newWorld(t, nil)
	w.alert("h:1", "alert-A", 2, schemas.PhaseEnd, start+10*schemas.Minute)
	w.alert("h:1", "later", 1, schemas.PhaseStart, start+20*schemas.Minute)
	w.open()
	for query, want := range map[string]string{
		"": "later true; alert-A false; ",
		"?as_of=" + (start + 15*schemas.Minute).String(): "alert-A false; ",
		"?as_of=" + (start + 5*schemas.Minute).String():  "alert-A true; ",
		"?as_of=" + start.String():                       "",
	} {
		status, answer := w.ask("GET", filled("/patients/{key}/alerts")+query, "", "")
		var list []Alert
		if err := json.Unmarshal(answer, &list); err != nil || status != 200 {
			t.Fatalf("%d %v: %s", status, err, answer)
		}
		got := ""
		for _, a := range list {
			got += fmt.Sprintf("%s %t; ", a.ID, a.Open)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}
