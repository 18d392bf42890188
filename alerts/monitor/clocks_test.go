package monitor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// ward sends messages of monitors through the encoder and the monitor.
type ward struct {
	t       *testing.T
	encoder record.Encoder
	m       Monitor
	s       *Partition
	offset  int64
}

func newWard(t *testing.T) *ward {
	return &ward{t: t, encoder: record.Encoder{Clocks: record.NewClocks(nil)}, m: Monitor{Policy: alerts.DefaultPolicy(), Settings: Settings{ScoreInterval: EveryRecord}}, s: NewPartition()}
}

// send gives a body to a topic as it arrives at a time, and answers what came of it.
func (w *ward) send(topic, patient string, at schemas.Time, body map[string]any) (out string) {
	w.t.Helper()
	body["patient"] = patient
	if body["source"] == nil {
		body["source"] = "bed"
	}
	value, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	m := schemas.Message{Topic: topic, Key: []byte(patient), Value: value, Offset: w.offset}
	var r schemas.Record
	if !w.encoder.RecordShort(schemas.NewShortReader(), &m, at, &r) {
		e, problem := w.encoder.Decode(&m, at)
		if problem != nil {
			return problem.Error()
		}
		made, problems := w.encoder.Record(e, &m, at)
		if made == nil {
			return fmt.Sprint(problems)
		}
		r = *made
	}
	w.offset++
	outputs, err := w.m.Step(w.s, &r, w.offset, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range outputs {
		out += string(outputs[i].Value) + "\n"
	}
	return out
}

var verySick = map[string]any{"heart_rate": 150, "respiratory_rate": 34, "spo2": 80, "systolic_cuff": 75, "temperature": 34, "oxygen_flow": 10}

// A monitor's clock may be off by minutes either way: a very sick patient alerts with the
// first message, admitted or not, and what a fast clock sent hides nothing after it is set
// right.
func TestClockOfAMonitorIsOff(t *testing.T) {
	for _, admitted := range []bool{false, true} {
		for _, off := range []schemas.Time{-240, -90, -30, 0, 30, 90, 240} {
			t.Run(fmt.Sprintf("admitted %v, off by %d s", admitted, off), func(t *testing.T) {
				w, now := newWard(t), schemas.Time(midnight)+10*schemas.Hour
				if admitted {
					w.send(schemas.TopicADT, "d:1", now, map[string]any{"type": "admit", "stay": "S1", "source": "adt", "event_time": now.String()})
				}
				seq := 0
				send := func(values map[string]any, off schemas.Time) string {
					seq++
					now += 5 * schemas.Second
					return w.send(schemas.TopicVitals, "d:1", now, map[string]any{"seq": seq, "event_time": (now + off*schemas.Second).String(), "values": values, "has_adt": admitted})
				}
				out := send(verySick, off)
				if !strings.Contains(out, `"severity":"high"`) {
					t.Fatalf("no alert at once: %s", out)
				}
				if flagged := strings.Contains(out, flagClock); flagged != (off > 60) {
					t.Errorf("flagged %v: %s", flagged, out)
				}
				for range 8 {
					out = send(verySick, off)
				}
				if flagged := strings.Contains(out, flagClock); flagged != (off > 60 || off < -60) {
					t.Errorf("flagged %v after 9 messages: %s", flagged, out)
				}
				out = send(map[string]any{"heart_rate": 70}, min(off, 0)) // a fast clock is set right
				if !strings.Contains(out, `"channel":"heart_rate","value":70,`) {
					t.Errorf("the newest value does not count: %s", out)
				}
			})
		}
	}
}
