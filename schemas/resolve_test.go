package schemas

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

func decodeVitals(t testing.TB, fields string) *Vitals {
	t.Helper()
	e, p := DecodeEvent(&Message{Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s",` + fields + `}`)})
	if p != nil {
		t.Fatalf("%s: %v", fields, p)
	}
	return e.Vitals
}

// One bad value leaves the others; each has its own problem, which names it.
func TestBadValuesLeaveTheOthers(t *testing.T) {
	for _, c := range []struct {
		fields string
		reason Reason
		field  string
	}{
		{`"values":{"spo2":97,"pulse":80}`, UnknownChannel, "values.pulse"},
		{`"values":{"spo2":97,"heart_rate":1000}`, Implausible, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":-1}`, Implausible, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":1e999}`, Implausible, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":null}`, NoValue, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":"fast"}`, BadField, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":"NaN"}`, BadField, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":[93]}`, BadField, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":{}}`, BadField, "values.heart_rate"},
		{`"values":{"spo2":97,"heart_rate":true}`, BadField, "values.heart_rate"},
		{`"values":{"spo2":97},"observations":[{"channel":"pulse","value":1}]`, UnknownChannel, "observations[0].channel"},
		{`"values":{"spo2":97},"observations":[{"value":1}]`, UnknownChannel, "observations[0].channel"},
		{`"values":{"spo2":97},"observations":[{"system":"loinc","code":"0-0","value":1}]`, UnknownChannel, "observations[0].code"},
		{`"values":{"spo2":97},"observations":[{"code":"8867-4","value":1}]`, UnknownChannel, "observations[0].channel"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":80,"unit":"mmHg"}]`, BadUnit, "observations[0].unit"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate"}]`, NoValue, "observations[0].value"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":null}]`, NoValue, "observations[0].value"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":"80 bpm"}]`, BadField, "observations[0].value"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","text":"fast"}]`, NoValue, "observations[0].text"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","text":">200"}]`, NoValue, "observations[0].text"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":80,"status":"maybe"}]`, BadField, "observations[0].status"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":80,"status":3}]`, BadField, "observations[0].status"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":80,"event_time":"noon"}]`, BadTime, "observations[0].event_time"},
		{`"values":{"spo2":97},"observations":[{"channel":"heart_rate","value":80,"ref":"` + strings.Repeat("x", 200) + `"}]`, BadField, "observations[0].ref"},
		{`"values":{"spo2":97},"observations":[7]`, BadField, "observations[0]"},
	} {
		obs, problems := decodeVitals(t, c.fields).Resolve(5, nil)
		if len(obs) != 1 || obs[0].Value != 97 || obs[0].EventTime != 5 {
			t.Errorf("%s: the good value became %+v", c.fields, obs)
		}
		if len(problems) != 1 || problems[0].Reason != c.reason || problems[0].Field != c.field || problems[0].Expected == "" {
			t.Errorf("%s: %+v, want %s at %s", c.fields, problems, c.reason, c.field)
		}
	}
}

func TestResolve(t *testing.T) {
	v := decodeVitals(t, `"event_time":"2026-01-01T00:00:00Z","values":{"spo2":97,"heart_rate":93.5},"observations":[
		{"system":"loinc","code":"8310-5","value":98.6,"unit":"[degF]","ref":"T:1"},
		{"system":"mimic-iii","code":"223761","value":98.6},
		{"system":"loinc","code":"14749-6","value":5.55},
		{"channel":"gcs_verbal","value":1,"text":"1.0 ET/Trach"},
		{"channel":"ventilated","value":2,"text":"CMV/ASSIST","event_time":"2026-01-01T00:01:00Z"},
		{"channel":"fio2","text":"40 %","status":"corrected"},
		{"channel":"heart_rate","status":"retracted","event_time":"2025-12-31T23:00:00Z"}]`)
	at, err := ParseTime("2026-01-01T00:00:00Z", nil)
	if err != nil {
		t.Fatal(err)
	}
	ch := func(name string) Channel {
		c, ok := ChannelByName(name)
		if !ok {
			t.Fatal(name)
		}
		return c
	}
	got, problems := v.Resolve(5, make([]Observation, 0, 9))
	want := []Observation{
		{Channel: ch("heart_rate"), EventTime: at, Value: 93.5}, // values by name
		{Channel: ch("spo2"), EventTime: at, Value: 97},
		{Channel: ch("temperature"), EventTime: at, Value: 37, Ref: "T:1"},
		{Channel: ch("temperature"), EventTime: at, Value: 37},
		{Channel: ch("glucose"), EventTime: at, Value: 99.98658},
		{Channel: ch("gcs_verbal"), EventTime: at, Value: 1, Flags: Untestable},
		{Channel: ch("ventilated"), EventTime: at + Minute, Value: 1},
		{Channel: ch("fio2"), EventTime: at, Value: 0.4, Flags: Corrected},
		{Channel: ch("heart_rate"), EventTime: at - Hour, Flags: Retracted},
	}
	if len(problems) > 0 {
		t.Error(problems)
	}
	near := cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-4 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Error(diff)
	}
}

func TestNumericBatch(t *testing.T) {
	at, n, bad := Time(1767225600000), json.Number("98.6"), json.Number("NaN")
	head := Head{Patient: "d:1", Source: "s"}
	body, err := EncodeNumericBatch(&Vitals{Head: head, Observations: []VitalsObservation{
		{Channel: "temperature", Value: &n, Unit: "degF", EventTime: &at, Ref: "T:1"},
		{Channel: "spo2", Value: &n, EventTime: &at},
		{Channel: "spo2", Value: &bad, EventTime: &at},
	}})
	if err != nil {
		t.Fatal(err)
	}
	decode := func(body []byte) (*Event, *Problem) {
		return DecodeEvent(&Message{Topic: TopicVitals, Key: []byte("d:1"), Value: body, Headers: []Header{{HeaderContentType, ContentArrow}}})
	}
	e, p := decode(body)
	if p != nil {
		t.Fatal(p)
	}
	if e.EventTime != at {
		t.Errorf("event time %v", e.EventTime)
	}
	obs, problems := e.Vitals.Resolve(0, nil)
	if len(obs) != 2 || math.Abs(float64(obs[0].Value)-37) > 1e-5 || obs[0].Ref != "T:1" || obs[1].Value != 98.6 || obs[1].EventTime != at {
		t.Errorf("%+v", obs)
	}
	if len(problems) != 1 || problems[0].Reason != Implausible || problems[0].Field != "observations[2].value" {
		t.Errorf("%+v", problems)
	}

	// Rows of another writer: nulls, invalid UTF-8, a time that cannot be.
	meta, err := headMeta(&head)
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, NumericSchema(meta))
	defer b.Release()
	for i, row := range []struct {
		channel string
		at      int64
		null    bool
	}{{"spo2", int64(at), false}, {"spo2", int64(at), true}, {"sp\xffo2", int64(at), false}, {"spo2", math.MaxInt64, false}} {
		b.Field(0).(*array.StringBuilder).Append(row.channel)
		b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(row.at))
		if row.null {
			b.Field(2).AppendNull()
		} else {
			b.Field(2).(*array.Float64Builder).Append(float64(90 + i))
		}
		b.Field(3).AppendNull()
		b.Field(4).AppendNull()
	}
	record := b.NewRecord()
	defer record.Release()
	if body, err = writeArrow(record.Schema(), record.Columns(), 4); err != nil {
		t.Fatal(err)
	}
	if e, p = decode(body); p != nil {
		t.Fatal(p)
	}
	obs, problems = e.Vitals.Resolve(0, nil)
	if len(obs) != 1 || len(problems) != 3 || problems[0].Reason != NoValue || problems[1].Reason != Unreadable || problems[2].Reason != BadTime {
		t.Errorf("%+v, %+v", obs, problems)
	}
}

// Every way of tearing a strip and every spoilt byte of one ends in an event or
// a problem: no panic, no wild allocation.
func TestSpoiltArrow(t *testing.T) {
	for _, e := range examples() {
		if e.Strip == nil {
			continue
		}
		m, err := EncodeEvent(e)
		if err != nil {
			t.Fatal(err)
		}
		whole := m.Value
		for n := range whole {
			m.Value = whole[:n]
			if _, p := DecodeEvent(&m); p == nil && n < len(whole)-8 {
				t.Errorf("cut to %d of %d bytes: accepted", n, len(whole))
			}
		}
		spoilt := append([]byte(nil), whole...)
		m.Value = spoilt
		for i := range spoilt {
			for _, b := range [...]byte{0, 1, 0x7f, 0x80, 0xff} {
				spoilt[i] = b
				if got, p := DecodeEvent(&m); (got == nil) == (p == nil) {
					t.Fatalf("byte %d as %#x: event %v, problem %v", i, b, got, p)
				}
			}
			spoilt[i] = whole[i]
		}
	}
}

func TestContentHash(t *testing.T) {
	hash := func(fields string) uint64 {
		e, p := DecodeEvent(&Message{Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1",` + fields + `}`)})
		if p != nil {
			t.Fatal(p)
		}
		return ContentHash(e)
	}
	one := hash(`"source":"a","values":{"spo2":97,"heart_rate":80}`)
	for _, same := range []string{
		`"source":"b","values":{"heart_rate":80,"spo2":97}`, `"source":"a","seq":4,"values":{"spo2":97,"heart_rate":80}`,
		`"source":"a","available_time":"2026-01-01T00:00:00Z","provenance":["invented"],"has_adt":true,"values":{"spo2":97,"heart_rate":80}`,
	} {
		if hash(same) != one {
			t.Errorf("%s is told from the first", same)
		}
	}
	seen := map[uint64]string{one: "the first"}
	for _, other := range []string{
		`"source":"a","values":{"spo2":97,"heart_rate":81}`, `"source":"a","values":{"spo2":97}`,
		`"source":"a","event_time":"2026-01-01T00:00:00Z","values":{"spo2":97,"heart_rate":80}`,
		`"source":"a","event_time":"1970-01-01T00:00:00Z","values":{"spo2":97,"heart_rate":80}`,
		`"source":"a","observations":[{"channel":"spo2","value":97}]`, `"source":"a","observations":[{"channel":"spo2","text":"97"}]`,
		`"source":"a","observations":[{"channel":"spo2","value":97,"ref":"x"}]`, `"source":"a","observations":[{"channel":"spo2","value":97,"unit":"x"}]`,
		`"source":"a","observations":[{"channel":"spo2","value":97},{"channel":"spo2","value":97}]`,
	} {
		h := hash(other)
		if seen[h] != "" {
			t.Errorf("%s is not told from %s", other, seen[h])
		}
		seen[h] = other
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // empty: refused
	}{
		{"2026-01-31T08:15:00Z", "2026-01-31T08:15:00.000Z"}, {"2026-01-31T08:15:00.1239+01:00", "2026-01-31T07:15:00.123Z"},
		{"2101-10-20 19:08:00", "2101-10-20T19:08:00.000Z"}, {"1899-12-31T23:59:59.999Z", "1899-12-31T23:59:59.999Z"},
		{"1799-12-31T23:59:59Z", ""}, {"2401-01-01T00:00:00Z", ""}, {"", ""}, {"2026-02-30T00:00:00Z", ""}, {"1769847300", ""},
	} {
		got, err := ParseTime(c.text, nil)
		if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
			t.Errorf("%q: %v, %v, want %q", c.text, got, err, c.want)
		}
		if err != nil {
			continue
		}
		b, err := json.Marshal(got)
		var back Time
		if err != nil || json.Unmarshal(b, &back) != nil || back != got {
			t.Errorf("%q comes back as %v from %s", c.text, back, b)
		}
	}
	zone := time.FixedZone("site", 3600)
	if got, err := ParseTime("2026-01-31 08:15:00", zone); err != nil || got.String() != "2026-01-31T07:15:00.000Z" {
		t.Error(got, err)
	}
}

func ExampleVitals_Resolve() {
	m := Message{Topic: TopicVitals, Key: []byte("mercy:42"), Value: []byte(`{"patient":"mercy:42","source":"monitor-7","seq":1,
		"event_time":"2026-01-31T08:15:00Z","values":{"heart_rate":93.1,"spo2":970},
		"observations":[{"system":"loinc","code":"8310-5","value":98.6,"unit":"[degF]"}]}`)}
	event, problem := DecodeEvent(&m)
	if problem != nil {
		fmt.Println(problem)
		return
	}
	observations, problems := event.Vitals.Resolve(event.EventTime, nil)
	for _, o := range observations {
		info := o.Channel.Info()
		fmt.Printf("%s %.*f %s\n", info.Name, info.Decimals, o.Value, info.Unit)
	}
	for i := range problems {
		fmt.Println(problems[i].Error())
	}
	// Output:
	// heart_rate 93 /min
	// temperature 37.0 Cel
	// implausible: values.spo2: found "970", expected 0 to 100 %
}
