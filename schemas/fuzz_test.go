package schemas

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range examples() {
		m, err := EncodeEvent(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(e.Topic, []byte(e.Patient), m.Value, e.Topic == TopicECG)
	}
	for _, fields := range []string{`"values":{"heart_rate":1e999}`, `"values":{"spo2":null,"x":"y"}`, `"observations":[7,{"value":"z"},{"channel":"spo2","value":9,"event_time":""}]`} {
		f.Add(TopicVitals, []byte("d:1"), []byte(`{"patient":"d:1","source":"s",`+fields+`}`), false)
	}
	at, n := Time(1767225600000), json.Number("98.6")
	batch, err := EncodeNumericBatch(&Vitals{Head: Head{Patient: "d:1", Source: "s"}, Observations: []VitalsObservation{{Channel: "temperature", Value: &n, Unit: "degF", EventTime: &at}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(TopicVitals, []byte("d:1"), batch, true)
	f.Fuzz(func(t *testing.T, topic string, key, body []byte, arrow bool) {
		m := Message{Topic: topic, Key: key, Value: body}
		if arrow {
			m.Headers = []Header{{HeaderContentType, ContentArrow}}
		}
		e, problem := DecodeEvent(&m)
		if (e == nil) == (problem == nil) {
			t.Fatalf("event %v, problem %v", e, problem)
		}
		if problem != nil && (problem.Reason == "" || problem.Field == "" || problem.Expected == "") {
			t.Fatalf("problem says too little: %+v", problem)
		}
		if e != nil && e.Vitals != nil {
			obs, problems := e.Vitals.Resolve(0, nil)
			if len(obs)+len(problems) != len(e.Vitals.Values)+len(e.Vitals.Observations) {
				t.Fatalf("%d observations and %d problems of %d values", len(obs), len(problems), len(e.Vitals.Values)+len(e.Vitals.Observations))
			}
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add((&Record{Kind: KindObservations, Patient: "d:1", Observations: []Observation{{Channel: 1}}}).AppendBinary(nil))
	f.Add((&Record{Kind: KindStrip, Item: &Item{Vector: []float32{1}, Findings: []Finding{{"quality", 1}}}}).AppendBinary(nil))
	f.Add((&Record{Kind: KindNote, Item: &Item{Note: &NoteView{Findings: []NoteFinding{{"x", NoteFamily, 1}}, Features: []NoteFeature{{9, 1}}, Sentences: []uint32{5}}}}).AppendBinary(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRecord(b)
		if err != nil {
			return
		}
		again, err := DecodeRecord(r.AppendBinary(nil))
		if err != nil || !cmp.Equal(r, again, cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })) {
			t.Fatalf("a record that was read does not come back: %v", err)
		}
	})
}

func FuzzDecodeOutputs(f *testing.F) {
	for _, v := range []any{exampleScore(), exampleAlert(), exampleDeadLetter()} {
		b, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := DecodeScore(b); err == nil {
			again, err := EncodeScore(s)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := DecodeScore(again); err != nil || !cmp.Equal(s, back, cmpEmpty) {
				t.Fatalf("score does not come back: %v", err)
			}
		}
		if a, err := DecodeAlert(b); err == nil {
			if _, err := EncodeAlert(a); err != nil {
				t.Fatal(err)
			}
		}
		if d, err := DecodeDeadLetter(b); err == nil {
			if _, err := EncodeDeadLetter(d); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzParseMark(f *testing.F) {
	f.Add("run", "12", "1")
	f.Fuzz(func(t *testing.T, run, play, end string) {
		m := Message{Headers: []Header{{HeaderType, TypeMark}, {HeaderRun, run}, {HeaderPlay, play}, {HeaderEnd, end}}}
		mark, ok, problem := ParseMark(&m)
		if !ok {
			t.Fatal("not taken for a mark")
		}
		if problem != nil {
			return
		}
		again := NewMark(mark.Run, mark.Play, mark.End)
		if back, ok, problem := ParseMark(&again); !ok || problem != nil || back != mark {
			t.Fatalf("%v comes back as %v, %v", mark, back, problem)
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, text := range []string{"1.0 ET/Trach", ">100", "20 kcl", "98.6 F", "Standby", "-3", "1e5", "."} {
		f.Add(uint16(16), text)
	}
	f.Fuzz(func(t *testing.T, c uint16, text string) {
		value, _, ok := Channel(c).ParseText(text)
		if ok && (math.IsNaN(value) || math.IsInf(value, 0)) {
			t.Fatalf("%q is read as %v", text, value)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	f.Add("2026-01-31T08:15:00.000Z")
	f.Add("2101-10-20 19:08:00")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseTime(text, nil)
		if err != nil {
			return
		}
		if back, err := ParseTime(got.String(), nil); err != nil || back != got {
			t.Fatalf("%q is %v, which comes back as %v, %v", text, got, back, err)
		}
	})
}
