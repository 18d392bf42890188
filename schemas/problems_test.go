package schemas

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// change returns the JSON of a good body with one field set, or taken away where
// the value is nil.
func change(t testing.TB, topic, field string, value any) []byte {
	t.Helper()
	for _, e := range examples() {
		if e.Topic != topic {
			continue
		}
		m, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if err := json.Unmarshal(m.Value, &body); err != nil {
			t.Fatal(err)
		}
		into := body
		if outer, inner, nested := strings.Cut(field, "."); nested {
			into, field = body[outer].(map[string]any), inner
		}
		if value == nil {
			delete(into, field)
		} else {
			into[field] = value
		}
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("no example of %s", topic)
	return nil
}

// Every kind of bad message: one field of a good one is spoilt, and the problem
// names it.
func TestBadMessages(t *testing.T) {
	const vitals, ecg, notes, imaging, adt, commands = TopicVitals, TopicECG, TopicNotes, TopicImaging, TopicADT, TopicCommands
	long := strings.Repeat("x", MaxID+1)
	body := func(topic, field string, value any) func(*Message) {
		return func(m *Message) { m.Value = change(t, topic, field, value) }
	}
	header := func(key, value string) func(*Message) {
		return func(m *Message) {
			for i := range m.Headers {
				if m.Headers[i].Key == key {
					m.Headers[i].Value = value
					return
				}
			}
			m.Headers = append(m.Headers, Header{key, value})
		}
	}
	raw := func(b string) func(*Message) { return func(m *Message) { m.Value = []byte(b) } }
	strip := func(spoil func(*Strip)) func(*Message) {
		return func(m *Message) {
			for _, e := range examples() {
				if e.Strip != nil {
					h := &e.Strip.Head
					h.Patient, h.Source = e.Patient, e.Source
					h.AvailableTime = &e.AvailableTime
					spoil(e.Strip)
					b, err := encodeStrip(e.Strip)
					if err != nil {
						t.Fatal(err)
					}
					m.Value = b
				}
			}
		}
	}
	for _, c := range []struct {
		name, topic string
		spoil       func(*Message)
		reason      Reason
		field       string
	}{
		{"topic", vitals, func(m *Message) { m.Topic = "icu.else.v1" }, UnknownType, "topic"},
		{"type", vitals, header(HeaderType, "vigil.vitals.v9"), UnknownType, "header ce_type"},
		{"type of another topic", notes, header(HeaderType, TypeVitals), UnknownType, "header ce_type"},
		{"CloudEvents version", vitals, header(HeaderSpecVersion, "0.3"), UnknownType, "header ce_specversion"},
		{"content type", vitals, header(HeaderContentType, "text/xml"), UnknownType, "header content-type"},
		{"note in Arrow", notes, header(HeaderContentType, ContentArrow), UnknownType, "header content-type"},
		{"strip in JSON", ecg, header(HeaderContentType, ContentJSON), UnknownType, "header content-type"},
		{"encoding", vitals, header(HeaderEncoding, "br"), BadField, "header content-encoding"},
		{"not gzip", vitals, header(HeaderEncoding, "gzip"), Unreadable, "body"},
		{"torn gzip", vitals, func(m *Message) { header(HeaderEncoding, "gzip")(m); z := zipped(m.Value); m.Value = z[:len(z)-9] }, Unreadable, "body"},
		{"compression bomb", vitals, func(m *Message) { header(HeaderEncoding, "gzip")(m); m.Value = zipped(make([]byte, MaxVitals+1)) }, TooLarge, "body"},
		{"body too long", adt, raw(`{"x":"` + strings.Repeat("x", MaxMovement) + `"}`), TooLarge, "body"},
		{"run without a name", vitals, header(HeaderRun, ""), BadField, "header run"},
		{"run with control characters", vitals, header(HeaderRun, "a\x00b"), BadField, "header run"},
		{"play", vitals, header(HeaderPlay, "soon"), BadField, "header play"},
		{"negative play", vitals, header(HeaderPlay, "-1"), BadField, "header play"},
		{"recorded without available_time", vitals, body(vitals, "available_time", nil), BadField, "available_time"},
		{"empty body", vitals, raw(""), Unreadable, "body"},
		{"a list", vitals, raw("[]"), Unreadable, "body"},
		{"torn JSON", vitals, func(m *Message) { m.Value = m.Value[:len(m.Value)/2] }, Unreadable, "body, byte"},
		{"two bodies", vitals, func(m *Message) { m.Value = append(m.Value, m.Value...) }, Unreadable, "body, byte"},
		{"invalid UTF-8", vitals, func(m *Message) { m.Value = bytes.Replace(m.Value, []byte("test@1"), []byte("te\xffst"), 1) }, Unreadable, "body, byte"},
		{"no key", vitals, func(m *Message) { m.Key = nil }, BadKey, "key"},
		{"key of another", vitals, func(m *Message) { m.Key = []byte("run/d:2") }, BadKey, "key"},
		{"no patient", vitals, body(vitals, "patient", nil), BadPatient, "patient"},
		{"patient without domain", vitals, body(vitals, "patient", "123"), BadPatient, "patient"},
		{"patient without id", vitals, body(vitals, "patient", "d:"), BadPatient, "patient"},
		{"patient with empty run", vitals, body(vitals, "patient", "/d:1"), BadPatient, "patient"},
		{"patient with two runs", vitals, body(vitals, "patient", "a/b/d:1"), BadPatient, "patient"},
		{"patient too long", vitals, body(vitals, "patient", "d:"+long), BadPatient, "patient"},
		{"patient with a newline", vitals, body(vitals, "patient", "d:1\n"), BadPatient, "patient"},
		{"patient of another type", vitals, body(vitals, "patient", 7), BadField, "patient"},
		{"no source", vitals, body(vitals, "source", nil), BadField, "source"},
		{"source too long", vitals, body(vitals, "source", long), BadField, "source"},
		{"seq 0", vitals, body(vitals, "seq", 0), BadField, "seq"},
		{"negative seq", vitals, body(vitals, "seq", -1), BadField, "seq"},
		{"seq as text", notes, body(notes, "seq", "1"), BadField, "seq"},
		{"time in words", vitals, body(vitals, "event_time", "yesterday"), BadTime, "event_time"},
		{"time as a number", notes, body(notes, "event_time", 1767225600), BadTime, "event_time"},
		{"time of year 3000", adt, body(adt, "available_time", "3000-01-01T00:00:00Z"), BadTime, "available_time"},
		{"provenance", vitals, body(vitals, "provenance", []string{"rumour"}), BadField, "provenance[0]"},
		{"no values", vitals, func(m *Message) {
			m.Value = []byte(`{"patient":"run/d:1","source":"s","available_time":"2026-01-01T00:00:00Z"}`)
		}, NoValue, "values"},
		{"values as a list", vitals, body(vitals, "values", []int{1}), BadField, "values"},
		{"observations as an object", vitals, body(vitals, "observations", map[string]int{}), BadField, "observations"},
		{"too many observations", vitals, body(vitals, "observations", make([]struct{}, MaxMessageValues+1)), TooLarge, "observations"},
		{"empty note", notes, body(notes, "text", "  "), NoValue, "text"},
		{"note over its limit", notes, body(notes, "text", strings.Repeat("x", MaxNote+1)), TooLarge, "text"},
		{"kind of note", notes, body(notes, "kind", ""), BadField, "kind"},
		{"text as a number", notes, body(notes, "text", 5), BadField, "text"},
		{"modality", imaging, body(imaging, "modality", ""), BadField, "modality"},
		{"no image", imaging, body(imaging, "embedding", nil), NoValue, "reference"},
		{"image over its limit", imaging, body(imaging, "bytes", base64.StdEncoding.EncodeToString(make([]byte, MaxImage+1))), TooLarge, "bytes"},
		{"bytes not base64", imaging, body(imaging, "bytes", "***"), BadField, "bytes"},
		{"embedding too long", imaging, body(imaging, "embedding", make([]float32, maxEmbedding+1)), TooLarge, "embedding"},
		{"embedding beyond float32", imaging, body(imaging, "embedding", []float64{1e300}), BadField, "embedding"},
		{"embedding without encoder", imaging, body(imaging, "encoder", nil), BadField, "encoder"},
		{"movement", adt, body(adt, "type", "vanish"), BadField, "type"},
		{"admission without stay", adt, body(adt, "stay", nil), BadField, "stay"},
		{"merge into nobody", adt, body(adt, "type", "merge"), BadPatient, "into"},
		{"bed with a bell", adt, body(adt, "bed", "\a"), BadField, "bed"},
		{"negative age", adt, body(adt, "statics.age_years", -1), Implausible, "statics.age_years"},
		{"age of 200", adt, body(adt, "statics.age_years", 200), Implausible, "statics.age_years"},
		{"weight of 0", adt, body(adt, "statics.weight_kg", 0), Implausible, "statics.weight_kg"},
		{"height in metres", adt, body(adt, "statics.height_cm", 1.8), Implausible, "statics.height_cm"},
		{"sex", adt, body(adt, "statics.sex", "F"), BadField, "statics.sex"},
		{"age as text", adt, body(adt, "statics.age_years", "old"), BadField, "statics.age_years"},
		{"verb", commands, body(commands, "verb", "delete"), BadField, "verb"},
		{"no alert", commands, body(commands, "alert", nil), BadField, "alert"},
		{"no actor", commands, body(commands, "actor", nil), BadField, "actor"},
		{"snooze for ever", commands, body(commands, "until", nil), BadField, "until"},
		{"snooze without reason", commands, body(commands, "reason", nil), BadField, "reason"},
		{"snooze until whenever", commands, body(commands, "until", "whenever"), BadTime, "until"},
		{"torn Arrow", ecg, func(m *Message) { m.Value = m.Value[:len(m.Value)/2] }, Unreadable, "body"},
		{"no Arrow", ecg, raw("ECG"), Unreadable, "body"},
		{"no Arrow, long", ecg, raw(strings.Repeat("ECG!", 100)), Unreadable, "body"},
		{"rate of 0", ecg, strip(func(s *Strip) { s.RateHz = 0 }), BadField, "rate_hz"},
		{"rate NaN", ecg, strip(func(s *Strip) { s.RateHz = math.NaN() }), BadField, "rate_hz"},
		{"rate of 1 MHz", ecg, strip(func(s *Strip) { s.RateHz = 1e6 }), BadField, "rate_hz"},
		{"gain of 0", ecg, strip(func(s *Strip) { s.Gain = 0 }), BadField, "gain"},
		{"no samples", ecg, strip(func(s *Strip) { s.Samples = [][]int16{{}, {}} }), NoValue, "samples"},
		{"no leads", ecg, strip(func(s *Strip) { s.Leads, s.Samples = nil, nil }), BadField, "leads"},
		{"65 leads", ecg, strip(func(s *Strip) {
			s.Leads, s.Samples = nil, nil
			for i := range 65 {
				s.Leads, s.Samples = append(s.Leads, fmt.Sprint(i)), append(s.Samples, []int16{1})
			}
		}), BadField, "leads"},
		{"a lead twice", ecg, strip(func(s *Strip) { s.Leads[1] = s.Leads[0] }), BadField, "leads[1]"},
		{"strip without time", ecg, strip(func(s *Strip) { s.EventTime = nil }), BadField, "event_time"},
		{"strip over its limit", ecg, strip(func(s *Strip) { s.Samples = [][]int16{make([]int16, 1<<20+1), make([]int16, 1<<20+1)} }), TooLarge, "samples"},
	} {
		for _, e := range examples() {
			if e.Topic != c.topic {
				continue
			}
			m, err := EncodeEvent(e)
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(&m)
			// A spoilt patient is still the key, but where the key is the matter.
			if c.reason == BadPatient && strings.HasPrefix(c.field, "patient") {
				var head struct{ Patient any }
				_ = json.Unmarshal(m.Value, &head)
				if s, ok := head.Patient.(string); ok && s != "" {
					m.Key = []byte(s)
				}
			}
			got, p := DecodeEvent(&m)
			if got != nil || p == nil {
				t.Errorf("%s: accepted", c.name)
				continue
			}
			if p.Reason != c.reason || !strings.HasPrefix(p.Field, c.field) || p.Expected == "" || len(p.Found) > 450 {
				t.Errorf("%s: %+v, want %s at %s", c.name, p, c.reason, c.field)
			}
		}
	}
}

// What is only unusual is accepted.
func TestUnusualMessages(t *testing.T) {
	for name, m := range map[string]Message{
		"unknown fields":        {Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","values":{"spo2":97},"colour":{"of":["scrubs"]}}`)},
		"spaces":                {Topic: TopicVitals, Key: []byte("d:1"), Value: []byte("\n {\"patient\":\"d:1\" , \"source\":\"s\",\"values\":{\"spo2\":97}}\n")},
		"gzip":                  {Topic: TopicVitals, Key: []byte("d:1"), Value: zipped([]byte(`{"patient":"d:1","source":"s","values":{"spo2":97}}`)), Headers: []Header{{HeaderEncoding, "gzip"}}},
		"charset":               {Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","values":{"spo2":97}}`), Headers: []Header{{HeaderContentType, "Application/JSON; charset=utf-8"}}},
		"naive time":            {Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","event_time":"2101-10-20 19:08:00","values":{"spo2":97}}`)},
		"id with a slash":       {Topic: TopicVitals, Key: []byte("d:1/a b:c"), Value: []byte(`{"patient":"d:1/a b:c","source":"s","values":{"spo2":97}}`)},
		"note in six-byte JSON": {Topic: TopicNotes, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","kind":"x","text":"` + strings.Repeat(`\u00e9`, MaxNote/2) + `"}`)},
		"age over 89":           {Topic: TopicADT, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","type":"admit","stay":"1","statics":{"age_years":91.4}}`)},
		"discharge, no stay":    {Topic: TopicADT, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","type":"discharge","statics":{}}`)},
	} {
		if _, p := DecodeEvent(&m); p != nil {
			t.Errorf("%s: %v", name, p)
		}
	}
}
