package record_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// Messages that went wrong at some site (all values invented), and what the log has of them.
func TestMessagesOfSites(t *testing.T) {
	zone := time.FixedZone("site", -5*3600)
	now, err := schemas.ParseTime("2026-11-30T15:29:25Z", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, fields, want string }{
		{"SpO2 by FHIR's code", `"event_time":"2026-11-30T15:29:20Z","observations":[{"system":"loinc","code":"2708-6","value":84,"unit":"%"},
			{"system":"loinc","code":"9279-1","value":16,"unit":"/min"},{"system":"loinc","code":"8867-4","value":82,"unit":"/min"}]`,
			"spo2 84, respiratory_rate 16, heart_rate 82"},
		{"by the codes of a monitor", `"event_time":"2026-11-30T15:29:20Z","observations":[{"system":"mdc","code":"150456","value":84,"unit":"MDC_DIM_PERCENT"},
			{"system":"urn:iso:std:iso:11073:10101","code":"MDC_ECG_HEART_RATE","value":82,"unit":"MDC_DIM_BEAT_PER_MIN"}]`, "spo2 84, heart_rate 82"},
		{"SpO2 as a fraction", `"event_time":"2026-11-30T15:29:20Z","values":{"spo2":0.97}`, "spo2 97 assumed_unit"},
		{"leads off", `"event_time":"2026-11-30T15:29:20Z","values":{"heart_rate":0,"respiratory_rate":0,"spo2":0,"systolic_arterial":0,"temperature":36.5}`,
			"heart_rate 0 possible_disconnection, respiratory_rate 0 possible_disconnection, temperature 36.5; values.spo2 sensor_zero, values.systolic_arterial sensor_zero"},
		{"a verbal response that is not testable", `"event_time":"2026-11-30T15:29:20Z","observations":[{"channel":"gcs_eye","text":"None"},{"channel":"gcs_verbal","text":"NT"},{"channel":"gcs_motor","text":"2"}]`,
			"gcs_eye 1, gcs_verbal 1 untestable, gcs_motor 2"},
		{"Fahrenheit in a Celsius field", `"event_time":"2026-11-30T15:29:20Z","observations":[{"channel":"temperature","value":102.2,"unit":"Cel"}]`, "temperature 39 assumed_unit"},
		{"no oxygen, in words", `"event_time":"2026-11-30T15:29:20Z","observations":[{"channel":"fio2","text":"Room air"},{"channel":"oxygen_flow","text":"None"}]`, "fio2 0.21, oxygen_flow 0"},
		{"two sources of oxygen", `"event_time":"2026-11-30T15:29:20Z","observations":[{"channel":"oxygen_flow","value":12},{"channel":"oxygen_flow","value":0}]`, "oxygen_flow 12"},
		{"local time", `"event_time":"2026-11-30 10:29:20","values":{"heart_rate":80}`, "heart_rate 80"},
		{"a zone behind a space", `"event_time":"2026-11-30 15:29:20.872044+00:00","values":{"heart_rate":80}`, "heart_rate 80"},
		{"a short zone", `"event_time":"2026-11-30 15:29:20+00","values":{"heart_rate":80}`, "heart_rate 80"},
	} {
		m := &schemas.Message{Topic: schemas.TopicVitals, Key: []byte("h:1"), Value: []byte(`{"patient":"h:1","source":"gw","seq":1,` + c.fields + `}`)}
		e := record.Encoder{Zone: zone}
		event, problem := e.Decode(m, now)
		if problem != nil {
			t.Errorf("%s: %v", c.name, problem)
			continue
		}
		made, problems := e.Record(event, m, now)
		if made == nil {
			t.Errorf("%s: %v", c.name, problems)
			continue
		}
		var got, bad []string
		for _, o := range made.Observations {
			got = append(got, strings.Join(o.Flags.Words([]string{o.Channel.Info().Name, fmt.Sprint(o.Value)}), " "))
			if o.EventTime/schemas.Second != now/schemas.Second-5 {
				t.Errorf("%s: at %v", c.name, o.EventTime)
			}
		}
		for _, p := range problems {
			bad = append(bad, p.Field+" "+string(p.Reason))
		}
		if text := strings.TrimSuffix(strings.Join(got, ", ")+"; "+strings.Join(bad, ", "), "; "); text != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, text, c.want)
		}
		// The fast way makes the same of it, or leaves it.
		short := new(schemas.Record)
		if e.RecordShort(schemas.NewShortReader(), m, now, short) && fmt.Sprint(short.Observations) != fmt.Sprint(made.Observations) {
			t.Errorf("%s: the short reader has %v", c.name, short.Observations)
		}
	}
}
