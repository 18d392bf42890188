package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// bad is one kind of bad record: what is sent in place of a good message of the
// patient, and the reason that its dead letter gives.
type bad struct {
	name   string
	reason schemas.Reason
	make   func(patient string) schemas.Message
}

const badTime = "2126-01-01T00:10:00.000Z"

// run headers of the test's run.
const badRun = "bad@1"

func recordedAt(play string) []schemas.Header {
	return []schemas.Header{{Key: schemas.HeaderRun, Value: badRun}, {Key: schemas.HeaderPlay, Value: play}}
}

// body fills a JSON text: $P is the patient, $T the time.
func body(topic, text string) func(string) schemas.Message {
	return func(patient string) schemas.Message {
		text := strings.NewReplacer("$P", patient, "$T", badTime).Replace(text)
		return schemas.Message{Topic: topic, Key: []byte(patient), Value: []byte(text), Headers: recordedAt("600000")}
	}
}

// vitalsWith is a good vitals message but for some fields.
func vitalsWith(fields string) func(string) schemas.Message {
	return body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":9,"available_time":"$T","event_time":"$T","has_adt":true,`+fields+`}`)
}

// headers changes the headers of a good vitals message.
func headers(change func(m *schemas.Message)) func(string) schemas.Message {
	return func(patient string) schemas.Message {
		m := vitalsWith(`"values":{"heart_rate":80}`)(patient)
		change(&m)
		return m
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// strip is an ECG message, good but for a change.
func strip(change func(s *schemas.Strip)) func(string) schemas.Message {
	return func(patient string) schemas.Message {
		at, _ := schemas.ParseTime(badTime, nil)
		s := &schemas.Strip{Head: schemas.Head{EventTime: &at, HasADT: true}, RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{{1, 2, 3}}}
		change(s)
		m, err := schemas.EncodeEvent(&schemas.Event{Topic: schemas.TopicECG, Patient: patient, Source: "test@1", Seq: 9, HasSeq: true, Run: badRun, Play: 600000, AvailableTime: at, Strip: s})
		if err != nil {
			panic(err)
		}
		return m
	}
}

func kindsOfBad() []bad {
	note := func(fields string) func(string) schemas.Message {
		return body(schemas.TopicNotes, `{"patient":"$P","source":"test@1","seq":9,"available_time":"$T","event_time":"$T",`+fields+`}`)
	}
	image := func(fields string) func(string) schemas.Message {
		return body(schemas.TopicImaging, `{"patient":"$P","source":"test@1","seq":9,"available_time":"$T","event_time":"$T",`+fields+`}`)
	}
	adt := func(fields string) func(string) schemas.Message {
		return body(schemas.TopicADT, `{"patient":"$P","source":"test@1","seq":9,"available_time":"$T","event_time":"$T",`+fields+`}`)
	}
	command := func(fields string) func(string) schemas.Message {
		return body(schemas.TopicCommands, `{"patient":"$P","source":"test@1","seq":9,"available_time":"$T",`+fields+`}`)
	}
	many := strings.Repeat(`{"channel":"heart_rate","value":80},`, 20_001)
	return []bad{
		{"wrong unit", schemas.BadUnit, vitalsWith(`"observations":[{"channel":"heart_rate","value":80,"unit":"furlong"}]`)},
		{"unknown channel in values", schemas.UnknownChannel, vitalsWith(`"values":{"hart_rate":80}`)},
		{"unknown channel", schemas.UnknownChannel, vitalsWith(`"observations":[{"channel":"aura","value":1}]`)},
		{"unknown code", schemas.UnknownChannel, vitalsWith(`"observations":[{"system":"loinc","code":"0000-0","value":1}]`)},
		{"unknown code system", schemas.UnknownChannel, vitalsWith(`"observations":[{"system":"snomed","code":"1","value":1}]`)},
		{"neither channel nor code", schemas.UnknownChannel, vitalsWith(`"observations":[{"value":1}]`)},
		{"NaN", schemas.Unreadable, vitalsWith(`"values":{"heart_rate":NaN}`)},
		{"Infinity", schemas.Unreadable, vitalsWith(`"values":{"heart_rate":Infinity}`)},
		{"beyond float64", schemas.Implausible, vitalsWith(`"values":{"heart_rate":1e999}`)},
		{"huge", schemas.Implausible, vitalsWith(`"values":{"heart_rate":1e30}`)},
		{"negative", schemas.Implausible, vitalsWith(`"values":{"heart_rate":-5}`)},
		{"implausible after conversion", schemas.Implausible, vitalsWith(`"observations":[{"channel":"temperature","value":370,"unit":"degF"}]`)},
		{"a word for a number", schemas.BadField, vitalsWith(`"values":{"heart_rate":"fast"}`)},
		{"a boolean for a number", schemas.BadField, vitalsWith(`"values":{"heart_rate":true}`)},
		{"null for a number", schemas.NoValue, vitalsWith(`"values":{"heart_rate":null}`)},
		{"an object for a list", schemas.BadField, vitalsWith(`"observations":{"channel":"heart_rate"}`)},
		{"no value", schemas.NoValue, vitalsWith(`"observations":[{"channel":"heart_rate"}]`)},
		{"a text without a number", schemas.NoValue, vitalsWith(`"observations":[{"channel":"heart_rate","text":"see note"}]`)},
		{"nothing in it", schemas.NoValue, vitalsWith(`"values":{}`)},
		{"too many observations", schemas.TooLarge, vitalsWith(`"observations":[` + strings.TrimSuffix(many, ",") + `]`)},
		{"unknown status", schemas.BadField, vitalsWith(`"observations":[{"channel":"heart_rate","value":80,"status":"maybe"}]`)},
		{"overlong ref", schemas.BadField, vitalsWith(`"observations":[{"channel":"heart_rate","value":80,"ref":"` + strings.Repeat("r", 200) + `"}]`)},
		{"unreadable time of an observation", schemas.BadTime, vitalsWith(`"observations":[{"channel":"heart_rate","value":80,"event_time":"teatime"}]`)},
		{"unknown provenance", schemas.BadField, vitalsWith(`"provenance":["hearsay"],"values":{"heart_rate":80}`)},
		{"empty body", schemas.Unreadable, body(schemas.TopicVitals, ``)},
		{"null body", schemas.Unreadable, body(schemas.TopicVitals, `null`)},
		{"array body", schemas.Unreadable, body(schemas.TopicVitals, `[1,2]`)},
		{"string body", schemas.Unreadable, body(schemas.TopicVitals, `"hello"`)},
		{"torn JSON", schemas.Unreadable, body(schemas.TopicVitals, `{"patient":"$P","source":"te`)},
		{"two objects", schemas.Unreadable, body(schemas.TopicVitals, `{"patient":"$P"}{"patient":"$P"}`)},
		{"invalid UTF-8", schemas.Unreadable, body(schemas.TopicVitals, "{\"patient\":\"$P\",\"source\":\"te\xffst\",\"values\":{\"heart_rate\":80}}")},
		{"no patient", schemas.BadPatient, body(schemas.TopicVitals, `{"source":"test@1","available_time":"$T","values":{"heart_rate":80}}`)},
		{"patient is a number", schemas.BadField, body(schemas.TopicVitals, `{"patient":7,"source":"test@1","available_time":"$T","values":{"heart_rate":80}}`)},
		{"patient without domain", schemas.BadPatient, body(schemas.TopicVitals, `{"patient":"17","source":"test@1","available_time":"$T","values":{"heart_rate":80}}`)},
		{"overlong patient", schemas.BadPatient, body(schemas.TopicVitals, `{"patient":"d:`+strings.Repeat("x", 200)+`","source":"test@1","available_time":"$T","values":{"heart_rate":80}}`)},
		{"control character in patient", schemas.BadPatient, body(schemas.TopicVitals, `{"patient":"d:a\u0007b","source":"test@1","available_time":"$T","values":{"heart_rate":80}}`)},
		{"no source", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","available_time":"$T","values":{"heart_rate":80}}`)},
		{"overlong source", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"`+strings.Repeat("s", 200)+`","available_time":"$T","values":{"heart_rate":80}}`)},
		{"sequence 0", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":0,"available_time":"$T","values":{"heart_rate":80}}`)},
		{"negative sequence", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":-1,"available_time":"$T","values":{"heart_rate":80}}`)},
		{"fractional sequence", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":1.5,"available_time":"$T","values":{"heart_rate":80}}`)},
		{"sequence is a text", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":"one","available_time":"$T","values":{"heart_rate":80}}`)},
		{"unreadable time", schemas.BadTime, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":9,"available_time":"yesterday","values":{"heart_rate":80}}`)},
		{"time is a number", schemas.BadTime, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":9,"available_time":1767225600,"values":{"heart_rate":80}}`)},
		{"year 9999", schemas.BadTime, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":9,"available_time":"9999-01-01T00:00:00Z","values":{"heart_rate":80}}`)},
		{"recorded without available time", schemas.BadField, body(schemas.TopicVitals, `{"patient":"$P","source":"test@1","seq":9,"values":{"heart_rate":80}}`)},
		{"empty key", schemas.BadKey, headers(func(m *schemas.Message) { m.Key = nil })},
		{"key of another patient", schemas.BadKey, headers(func(m *schemas.Message) { m.Key = []byte("bad:other") })},
		{"unknown schema version", schemas.UnknownType, headers(func(m *schemas.Message) {
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderType, Value: "vigil.vitals.v9"})
		})},
		{"type of another topic", schemas.UnknownType, headers(func(m *schemas.Message) {
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderType, Value: schemas.TypeNote})
		})},
		{"compression bomb", schemas.TooLarge, headers(func(m *schemas.Message) {
			m.Value = zipped(bytes.Repeat([]byte(" "), 64<<20))
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderEncoding, Value: "gzip"})
		})},
		{"torn gzip", schemas.Unreadable, headers(func(m *schemas.Message) {
			m.Value = zipped(m.Value)[:20]
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderEncoding, Value: "gzip"})
		})},
		{"no gzip at all", schemas.Unreadable, headers(func(m *schemas.Message) {
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderEncoding, Value: "gzip"})
		})},
		{"unknown compression", schemas.BadField, headers(func(m *schemas.Message) {
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderEncoding, Value: "br"})
		})},
		{"no playing time", schemas.BadField, headers(func(m *schemas.Message) { m.Headers = m.Headers[:1] })},
		{"negative playing time", schemas.BadField, headers(func(m *schemas.Message) { m.Headers[1].Value = "-4" })},
		{"run without a name", schemas.BadField, headers(func(m *schemas.Message) { m.Headers[0].Value = "" })},
		{"another run", schemas.WrongRun, headers(func(m *schemas.Message) { m.Headers[0].Value = "other@2" })},
		{"beyond the mark that follows", schemas.Future, headers(func(m *schemas.Message) { m.Headers[1].Value = "999999999" })},
		{"behind an earlier record", schemas.OutOfOrder, headers(func(m *schemas.Message) { m.Headers[1].Value = "1500" })},
		{"live, time from next year", schemas.Future, func(patient string) schemas.Message {
			m := vitalsWith(`"values":{"heart_rate":80}`)(patient)
			m.Headers = nil
			return m
		}},
		{"torn Arrow", schemas.Unreadable, func(p string) schemas.Message {
			m := strip(func(*schemas.Strip) {})(p)
			m.Value = m.Value[:len(m.Value)/2]
			return m
		}},
		{"JSON for Arrow", schemas.Unreadable, body(schemas.TopicECG, `{"patient":"$P"}`)},
		{"Arrow with wrong columns", schemas.BadField, func(p string) schemas.Message {
			m := vitalsWith(`"values":{"heart_rate":80}`)(p)
			m.Value = strip(func(*schemas.Strip) {})(p).Value
			m.Headers = append(m.Headers, schemas.Header{Key: schemas.HeaderContentType, Value: schemas.ContentArrow})
			return m
		}},
		{"strip without leads", schemas.BadField, strip(func(s *schemas.Strip) { s.Leads, s.Samples = nil, nil })},
		{"strip without samples", schemas.NoValue, strip(func(s *schemas.Strip) { s.Samples = [][]int16{{}} })},
		{"rate 0", schemas.BadField, strip(func(s *schemas.Strip) { s.RateHz = 0 })},
		{"gain NaN", schemas.BadField, strip(func(s *schemas.Strip) { s.Gain = math.NaN() })},
		{"strip without time", schemas.BadField, strip(func(s *schemas.Strip) { s.EventTime = nil })},
		{"a note over its limit", schemas.TooLarge, note(`"kind":"nursing","text":"` + strings.Repeat("long ", 1<<18) + `"`)},
		{"an empty note", schemas.NoValue, note(`"kind":"nursing","text":"  "`)},
		{"a note of no kind", schemas.BadField, note(`"text":"hello"`)},
		{"an image of nothing", schemas.NoValue, image(`"modality":"DX"`)},
		{"an image without modality", schemas.BadField, image(`"reference":"x"`)},
		{"an embedding of nobody", schemas.BadField, image(`"modality":"DX","embedding":[1,2]`)},
		{"an overlong embedding", schemas.TooLarge, image(`"modality":"DX","encoder":"e","embedding":[` + strings.TrimSuffix(strings.Repeat("1,", 5000), ",") + `]`)},
		{"unknown movement", schemas.BadField, adt(`"type":"teleport","statics":{}`)},
		{"admit without stay", schemas.BadField, adt(`"type":"admit","statics":{}`)},
		{"negative age", schemas.Implausible, adt(`"type":"admit","stay":"s","statics":{"age_years":-3}`)},
		{"negative weight", schemas.Implausible, adt(`"type":"admit","stay":"s","statics":{"weight_kg":-70}`)},
		{"unknown sex", schemas.BadField, adt(`"type":"admit","stay":"s","statics":{"sex":"yes"}`)},
		{"merge into nobody", schemas.BadPatient, adt(`"type":"merge","statics":{}`)},
		{"unknown verb", schemas.BadField, command(`"verb":"shout","alert":"a","actor":"n"`)},
		{"command without alert", schemas.BadField, command(`"verb":"acknowledge","actor":"n"`)},
		{"snooze without end", schemas.BadField, command(`"verb":"snooze","alert":"a","actor":"n","reason":"r"`)},
		{"command of nobody", schemas.BadField, command(`"verb":"acknowledge","alert":"a"`)},
	}
}

// neighbour is a good message: a movement, or vitals that score differently by
// their heart rate.
func neighbour(patient string, seq, minute int, heart int, move string) schemas.Message {
	at, _ := schemas.ParseTime("2126-01-01T00:00:00Z", nil)
	at += schemas.Time(minute) * schemas.Minute
	e := &schemas.Event{Patient: patient, Source: "test@1", Seq: uint64(seq), HasSeq: true, Run: badRun, Play: int64(1000 + 60_000*minute), AvailableTime: at}
	head := schemas.Head{EventTime: &at, HasADT: true}
	if move != "" {
		e.Topic, e.ADT = schemas.TopicADT, &schemas.ADT{Head: head, Type: move, Stay: "s-" + patient}
	} else {
		e.Topic, e.Vitals = schemas.TopicVitals, &schemas.Vitals{Head: head, Values: map[string]json.Number{"heart_rate": json.Number(strconv.Itoa(heart)), "spo2": "97"}}
	}
	m, err := schemas.EncodeEvent(e)
	if err != nil {
		panic(err)
	}
	return m
}

// played is what a run of the neighbours gave.
type played struct {
	scores  map[string][]string             // patient: bodies
	letters map[string][]schemas.DeadLetter // topic/partition/offset
	places  map[int]string                  // kind of bad: where it was sent
	lengths map[int]int                     // kind of bad: bytes of its body
}

// playBad plays good neighbours of each kind, with the bad records between them or
// without.
func playBad(t *testing.T, kinds []bad, with bool) played {
	t.Helper()
	ctx := t.Context()
	house, err := boot.Start(ctx, boot.Config{State: t.TempDir(), Store: "miniredis", Partitions: 4, Workers: 1, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	producer := house.Cluster.NewProducer("test")
	out := played{map[string][]string{}, map[string][]schemas.DeadLetter{}, map[int]string{}, map[int]int{}}
	send := func(partition int, m schemas.Message) int64 {
		at, err := producer.Append(ctx, m.Topic, partition, []schemas.Message{m})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for i := range kinds {
		patient := fmt.Sprintf("bad:%03d", i)
		partition := kafka.PartitionOf([]byte(patient), house.Partitions)
		send(partition, neighbour(patient, 1, 0, 0, "admit"))
		send(partition, neighbour(patient, 1, 5, 75, ""))
		if with {
			m := kinds[i].make(patient)
			out.lengths[i] = len(m.Value)
			out.places[i] = schemas.Place(m.Topic, partition, send(partition, m))
		}
		send(partition, neighbour(patient, 2, 20, 135, ""))
		send(partition, neighbour(patient, 2, 30, 0, "discharge"))
	}
	const end = 10_000_000
	for _, topic := range schemas.RawTopics {
		for partition := range house.Partitions {
			m := schemas.NewMark(badRun, end, true)
			m.Topic = topic
			send(partition, m)
		}
	}
	working, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- house.Work(working) }()
	if err := house.Drain(ctx, end); err != nil {
		t.Fatal(err)
	}
	stop()
	<-done
	if err := house.Cluster.Each(ctx, schemas.TopicScores, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeScore {
			out.scores[string(m.Key)] = append(out.scores[string(m.Key)], string(m.Value))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := house.Cluster.Each(ctx, schemas.TopicDeadLetters, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeDeadLetter {
			d, err := schemas.DecodeDeadLetter(m.Value)
			if err != nil {
				return err
			}
			if d.Partition != m.Partition {
				t.Errorf("a dead letter of partition %d lies in %d", d.Partition, m.Partition)
			}
			place := schemas.Place(d.Topic, d.Partition, d.Offset)
			out.letters[place] = append(out.letters[place], *d)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// Each kind of bad record gives one dead letter that says what is wrong, and leaves
// its neighbours' scores as they are.
func TestBadRecordsBetweenGoodNeighbours(t *testing.T) {
	kinds := kindsOfBad()
	if len(kinds) < 60 {
		t.Fatalf("%d kinds, want at least 60", len(kinds))
	}
	clean, spoilt := playBad(t, kinds, false), playBad(t, kinds, true)
	if len(clean.letters) != 0 {
		t.Fatalf("the run without bad records has dead letters: %v", clean.letters)
	}
	for i, k := range kinds {
		letters := spoilt.letters[spoilt.places[i]]
		if len(letters) != 1 {
			t.Errorf("%s: %d dead letters, want 1", k.name, len(letters))
			continue
		}
		d := letters[0]
		if d.Reason != k.reason || d.Field == "" || d.Found == "" || d.Expected == "" || d.Partial || d.Length != spoilt.lengths[i] || len(d.SHA256) != 64 || len(d.Payload) > 64<<10 {
			t.Errorf("%s: reason %s (want %s), field %q, found %.80q, expected %q, partial %v", k.name, d.Reason, k.reason, d.Field, d.Found, d.Expected, d.Partial)
		}
		patient := fmt.Sprintf("bad:%03d", i)
		if len(clean.scores[patient]) < 2 || !slices.Equal(clean.scores[patient], spoilt.scores[patient]) {
			t.Errorf("%s: the neighbours' scores change: %d without it, %d with it", k.name, len(clean.scores[patient]), len(spoilt.scores[patient]))
		}
	}
	if len(spoilt.letters) != len(kinds) {
		t.Errorf("%d dead letters in all, want %d", len(spoilt.letters), len(kinds))
	}
}
