package schemas

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func channel(t testing.TB, name string) Channel {
	t.Helper()
	c, ok := ChannelByName(name)
	if !ok {
		t.Fatalf("no channel %s", name)
	}
	return c
}

// What the channel table says of zeros, fractions and slips of a unit, value by value.
func TestRulesOfValues(t *testing.T) {
	for _, c := range []struct {
		channel string
		value   float64
		unit    string
		want    float32
		flags   Flag
		reason  Reason
	}{
		// A sensor without a patient sends 0.
		{"spo2", 0, "%", 0, 0, SensorZero}, {"spo2", 0, "", 0, 0, SensorZero}, {"spo2", math.Copysign(0, -1), "", 0, 0, SensorZero},
		{"systolic_arterial", 0, "mmHg", 0, 0, SensorZero}, {"diastolic_arterial", 0, "", 0, 0, SensorZero}, {"mean_arterial", 0, "kPa", 0, 0, SensorZero},
		{"systolic_cuff", 0, "", 0, 0, SensorZero}, {"diastolic_cuff", 0, "", 0, 0, SensorZero}, {"mean_cuff", 0, "", 0, 0, SensorZero},
		{"temperature", 0, "", 0, 0, SensorZero}, {"temperature", 0, "degF", 0, 0, SensorZero}, {"arterial_saturation", 0, "", 0, 0, SensorZero},
		// Asystole and apnoea are 0 too.
		{"heart_rate", 0, "bpm", 0, Suspect, ""}, {"respiratory_rate", 0, "", 0, Suspect, ""}, {"end_tidal_co2", 0, "", 0, Suspect, ""},
		{"oxygen_flow", 0, "", 0, 0, ""}, {"urine_output", 0, "", 0, 0, ""}, {"central_venous_pressure", 0, "", 0, 0, ""}, {"heart_rate", 30, "", 30, 0, ""},
		// Both forms of a fraction.
		{"spo2", 0.97, "", 97, Assumed, ""}, {"spo2", 0.97, "%", 97, Assumed, ""}, {"spo2", 1, "", 100, Assumed, ""}, {"spo2", 97, "", 97, 0, ""},
		{"spo2", 0.97, "1", 97, 0, ""}, {"spo2", 84, "%", 84, 0, ""}, {"spo2", 4, "", 4, 0, ""}, {"spo2", 0.04, "", 0, 0, Implausible}, {"spo2", 101, "", 0, 0, Implausible},
		{"fio2", 21, "%", 0.21, 0, ""}, {"fio2", 0.4, "%", 0.4, 0, ""}, {"fio2", 40, "%", 0.4, 0, ""}, {"fio2", 1, "", 1, 0, ""}, {"fio2", 100, "%", 1, 0, ""},
		{"fio2", 0.21, "", 0.21, 0, ""}, {"fio2", 50, "", 0.5, 0, ""}, {"fio2", 4, "%", 0, 0, Implausible}, {"fio2", 15, "%", 0, 0, Implausible}, {"fio2", 1000, "%", 0, 0, Implausible},
		{"fio2", 0, "", 0, 0, Implausible},
		// Fahrenheit in a Celsius field, and the reverse.
		{"temperature", 102.6, "Cel", 39.222222, Assumed, ""}, {"temperature", 102.6, "", 39.222222, Assumed, ""}, {"temperature", 38.9, "?F", 38.9, Assumed, ""},
		{"temperature", 38.9, "?C", 38.9, 0, ""}, {"temperature", 98.6, "degF", 37, 0, ""}, {"temperature", 20, "Cel", 20, 0, ""}, {"temperature", 48, "Cel", 0, 0, Implausible},
		{"temperature", 60, "Cel", 0, 0, Implausible}, {"temperature", 120, "Cel", 0, 0, Implausible}, {"temperature", 10, "degF", 0, 0, Implausible}, {"temperature", 370, "", 0, 0, Implausible},
		// A rate is never read in another unit.
		{"norepinephrine", 0.00012, "mg/kg/min", 0, 0, BadUnit}, {"norepinephrine", 8, "mcg/min", 0, 0, BadUnit}, {"norepinephrine", 0.12, "mcg/kg/min", 0.12, 0, ""},
		{"norepinephrine", 12000, "mcg/kg/min", 0, 0, Implausible}, {"phenylephrine", 80, "mcg/min", 0, 0, BadUnit},
		{"vasopressin", 2.4, "units/hour", 0.04, 0, ""}, {"vasopressin", 0.04, "units/min", 0.04, 0, ""},
		{"norepinephrine_whole", 8, "mcg/min", 8, 0, ""}, {"norepinephrine_whole", 0.6, "mg/h", 10, 0, ""}, {"norepinephrine_whole", 0.12, "mcg/kg/min", 0, 0, BadUnit},
		// Units as the libraries of UCUM have them.
		{"systolic_cuff", 16, "kPa", 120.0102, 0, ""}, {"systolic_cuff", 120, "Torr", 120, 0, ""}, {"systolic_cuff", 120, "MDC_DIM_MMHG", 120, 0, ""},
		{"heart_rate", 80, "{beats}/min", 80, 0, ""}, {"ionized_calcium", 2.4, "mEq/L", 1.2, 0, ""}, {"magnesium", 4, "mEq/L", 4.86, 0, ""},
		{"phosphate", 2, "mEq/L", 0, 0, BadUnit}, {"glucose", 9.99134, "mmol/L", 180, 0, ""}, {"urine_output", 1.5, "L", 1500, 0, ""},
	} {
		got, flags, problem := channel(t, c.channel).Convert(c.value, c.unit)
		var reason Reason
		if problem != nil {
			reason = problem.Reason
		}
		if reason != c.reason || flags != c.flags || math.Abs(float64(got-c.want)) > 1e-3 {
			t.Errorf("%s %v %q: %v, flags %v, %q; want %v, %v, %q", c.channel, c.value, c.unit, got, flags, reason, c.want, c.flags, c.reason)
		}
	}
}

// The range for models lies within the plausible one, and a slip leaves no value that both
// units could mean.
func TestRangesOfOneTable(t *testing.T) {
	for i := 1; i < NumChannels(); i++ {
		info := Channel(i).Info()
		if m := info.Models; m != (Range{}) && (float64(m.Low) < info.Low-1e-6 || float64(m.High) > info.High+1e-6) {
			t.Errorf("%s: models read %v, plausible are %v to %v", info.Name, m, info.Low, info.High)
		}
		if info.Zero != ZeroCounts && info.Models.Has(0) && info.Models != (Range{}) {
			t.Errorf("%s: models read a 0 that a sensor may send", info.Name)
		}
		for _, s := range info.Slips {
			if _, ok := info.toCanonical(s.Low, s.Unit); !ok || s.High <= s.Low {
				t.Errorf("%s: slip %+v", info.Name, s)
			}
			for v := s.Low; v <= s.High; v += 0.1 {
				if out, _ := info.toCanonical(v, s.Unit); !info.plausible(float32(out)) {
					t.Errorf("%s: %v %s is %v", info.Name, v, s.Unit, out)
				}
			}
		}
	}
}

// The codes by which FHIR's vital signs profile and monitors name what NEWS2 reads.
func TestCodesOfVitalSigns(t *testing.T) {
	for code, want := range map[string]string{
		"9279-1": "respiratory_rate", "8867-4": "heart_rate", "2708-6": "spo2", "59408-5": "spo2", "8310-5": "temperature",
		"8459-0": "systolic_cuff", "8460-8": "systolic_cuff", "8461-6": "systolic_cuff", "8453-3": "diastolic_cuff", "8454-1": "diastolic_cuff", "8455-8": "diastolic_cuff",
		"8480-6": "systolic_cuff", "8462-4": "diastolic_cuff", "8478-0": "mean_cuff", "8302-2": "height", "29463-7": "weight",
		"3150-0": "fio2", "3150-6": "fio2", "3151-8": "oxygen_flow", "9269-2": "gcs_total", "9267-6": "gcs_eye", "9270-0": "gcs_verbal", "9268-4": "gcs_motor",
		"67775-7": "avpu", "76282-3": "heart_rate", "20564-1": "arterial_saturation", "2713-6": "arterial_saturation", "8331-1": "temperature",
	} {
		for _, system := range []string{"loinc", "http://loinc.org", "LN"} {
			if c, _, ok := ChannelByCode(system, code); !ok || c.Info().Name != want {
				t.Errorf("%s %s is %q, want %s", system, code, c.Info().Name, want)
			}
		}
	}
	for _, mdc := range mdcCodes {
		for _, system := range []string{"mdc", "MDC", "urn:iso:std:iso:11073:10101"} {
			for _, code := range []string{itoa(mdc.number), mdc.name} {
				if c, unit, ok := ChannelByCode(system, code); !ok || unit != "" || c.Info().Name != mdc.channel {
					t.Errorf("%s %s is %q, want %s", system, code, c.Info().Name, mdc.channel)
				}
			}
		}
	}
	for _, name := range []string{"respiratory_rate", "spo2", "fio2", "systolic_arterial", "systolic_cuff", "heart_rate", "gcs_total", "gcs_eye", "gcs_verbal", "gcs_motor", "temperature"} {
		if len(channel(t, name).Info().MDC) == 0 {
			t.Errorf("%s has no MDC code", name)
		}
	}
}

// LOINC codes end with a check digit (Luhn), which finds a slip of the pen.
func TestCheckDigits(t *testing.T) {
	for key := range byCode {
		if key.system != "loinc" || key.code == "3150-6" {
			continue
		}
		number, digit, _ := strings.Cut(key.code, "-")
		sum := 0
		for i := range len(number) {
			d := int(number[len(number)-1-i] - '0')
			if i%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		if want := fmt.Sprint((10 - sum%10) % 10); digit != want {
			t.Errorf("%s ends with %s, want %s", key.code, digit, want)
		}
	}
}

// Words that a sender writes where a number is meant.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		channel, text string
		want          float64
		flags         Flag
		ok            bool
	}{
		{"gcs_verbal", "NT", 1, Untestable, true}, {"gcs_verbal", "nt", 1, Untestable, true}, {"gcs_verbal", "not testable", 1, Untestable, true}, {"gcs_verbal", "1T", 1, Untestable, true},
		{"gcs_verbal", "1 T", 1, Untestable, true}, {"gcs_verbal", "1NT", 1, Untestable, true}, {"gcs_verbal", "ET/Trach", 1, Untestable, true}, {"gcs_verbal", "1 (T)", 1, Untestable, true},
		{"gcs_verbal", "1 not testable (tube)", 1, Untestable, true}, {"gcs_verbal", "5 talks", 5, 0, true}, {"gcs_verbal", "LA6560-2", 4, 0, true},
		{"gcs_total", "10T", 10, Untestable, true}, {"gcs_total", "3T", 3, Untestable, true}, {"gcs_total", "11 T", 11, Untestable, true}, {"gcs_total", "11 ET/Trach", 11, Untestable, true},
		{"gcs_total", "14", 14, 0, true}, {"gcs_total", "NT", 0, 0, false},
		{"gcs_total", "E4V5M6", 15, 0, true}, {"gcs_total", "e1 vt m2", 4, Untestable, true}, {"gcs_total", "E2VNTM5", 8, Untestable, true}, {"gcs_total", "E5V5M6", 0, 0, false},
		{"gcs_total", "E4V5", 0, 0, false}, {"gcs_total", "E4V5M6X", 0, 0, false}, {"gcs_total", "E", 0, 0, false},
		{"gcs_eye", "NT", 0, 0, false}, {"gcs_motor", "NT", 0, 0, false}, {"gcs_motor", "2", 2, 0, true}, {"gcs_eye", "None", 1, 0, true}, {"gcs_motor", "LA6567-7", 6, 0, true},
		{"avpu", "LA17108-4", 1, 0, true}, {"avpu", "LA6560-2", 1, 0, true}, {"avpu", "LA9343-0", 3, 0, true}, {"avpu", "C", 1, 0, true},
		{"oxygen_flow", "Room air", 0, 0, true}, {"oxygen_flow", "RA", 0, 0, true}, {"oxygen_flow", "None", 0, 0, true}, {"oxygen_flow", "on air", 0, 0, true}, {"oxygen_flow", "1,5 L/min", 1.5, 0, true}, {"temperature", "38,6", 38.6, 0, true}, {"platelets", "1,200", 0, 0, false}, {"temperature", "38,6,1", 0, 0, false}, {"oxygen_flow", "2 L/min", 2, 0, true},
		{"fio2", "room air", 0.21, 0, true}, {"fio2", "RA", 0.21, 0, true}, {"fio2", "none", 0.21, 0, true}, {"fio2", "40 %", 40, 0, true}, {"ventilated", "none", 0, 0, true},
	} {
		got, flags, ok := channel(t, c.channel).ParseText(c.text)
		if got != c.want || flags != c.flags || ok != c.ok {
			t.Errorf("%s %q = %v, %v, %v; want %v, %v, %v", c.channel, c.text, got, flags, ok, c.want, c.flags, c.ok)
		}
	}
	if _, flags, _ := channel(t, "gcs_total").Read(10, true, "10T"); flags != Untestable {
		t.Error("10 beside 10T is not untestable")
	}
}

// Two devices of one channel at one time.
func TestDevices(t *testing.T) {
	const at = `"event_time":"2026-01-01T00:00:00Z"`
	for _, c := range []struct {
		fields string
		want   []float32
		ref    string
	}{
		{at + `,"observations":[{"channel":"oxygen_flow","value":12,"ref":"main"},{"channel":"oxygen_flow","value":0,"ref":"additional"}]`, []float32{12}, "main"},
		{at + `,"observations":[{"system":"mimic-iii","code":"227287","value":0,"ref":"additional"},{"system":"mimic-iii","code":"223834","value":12,"ref":"main"}]`, []float32{12}, "main"},
		{at + `,"values":{"oxygen_flow":2},"observations":[{"channel":"oxygen_flow","value":6,"ref":"mask"},{"channel":"oxygen_flow","value":6}]`, []float32{14}, "mask"},
		{at + `,"observations":[{"channel":"oxygen_flow","value":12},{"channel":"oxygen_flow","value":0,"event_time":"2026-01-01T00:01:00Z"}]`, []float32{12, 0}, ""},
		{at + `,"observations":[{"channel":"ventilated","value":1},{"channel":"ventilated","value":0}]`, []float32{1}, ""},
		{at + `,"observations":[{"channel":"norepinephrine","value":0.25},{"channel":"norepinephrine","value":0.5}]`, []float32{0.75}, ""},
		{at + `,"observations":[{"channel":"heart_rate","value":80},{"channel":"heart_rate","value":82}]`, []float32{80, 82}, ""},
		{at + `,"observations":[{"channel":"oxygen_flow","status":"retracted"},{"channel":"oxygen_flow","value":3}]`, []float32{0, 3}, ""},
	} {
		obs, problems := decodeVitals(t, c.fields).Resolve(0, nil)
		var got []float32
		for _, o := range obs {
			got = append(got, o.Value)
		}
		if len(problems) > 0 || !slices.Equal(got, c.want) || c.ref != "" && obs[0].Ref != c.ref {
			t.Errorf("%s: %+v, %v; want %v", c.fields, obs, problems, c.want)
		}
	}
}

// A rate in a unit without weight is another channel's.
func TestRatesWithoutWeight(t *testing.T) {
	for unit, want := range map[string]string{
		"mcg/kg/min": "norepinephrine", "ug/kg/min": "norepinephrine", "": "norepinephrine", "mg/kg/min": "norepinephrine", "units/min": "norepinephrine",
		"mcg/min": "norepinephrine_whole", " MCG/MIN ": "norepinephrine_whole", "mg/h": "norepinephrine_whole",
	} {
		if got := channel(t, "norepinephrine").For(unit); got.Info().Name != want {
			t.Errorf("%q: %s, want %s", unit, got.Info().Name, want)
		}
	}
	if got := channel(t, "vasopressin").For("mcg/min"); got.Info().Name != "vasopressin" {
		t.Error(got.Info().Name)
	}
	obs, problems := decodeVitals(t, `"observations":[{"system":"mimic-iv","code":"221906","value":8,"unit":"mcg/min"},{"channel":"norepinephrine","value":0.00012,"unit":"mg/kg/min"}]`).Resolve(0, nil)
	if len(obs) != 1 || obs[0].Channel.Info().Name != "norepinephrine_whole" || obs[0].Value != 8 || len(problems) != 1 || problems[0].Reason != BadUnit {
		t.Errorf("%+v %+v", obs, problems)
	}
}

func TestTimesOfOtherForms(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-30 15:29:20.872044+00:00":         "2026-11-30T15:29:20.872Z",
		"2026-11-30 15:29:20.872044+00":            "2026-11-30T15:29:20.872Z",
		"2026-11-30T15:29:20+0000":                 "2026-11-30T15:29:20.000Z",
		"2026-11-30 15:29:20 UTC":                  "2026-11-30T15:29:20.000Z",
		"2026-11-30 15:29:20 +0100":                "2026-11-30T14:29:20.000Z",
		"2026-11-30 15:29:20 -05:00":               "2026-11-30T20:29:20.000Z",
		"2026-11-30T15:29:20Z[UTC]":                "2026-11-30T15:29:20.000Z",
		"2026-11-30T15:29:20+01:00[Europe/Berlin]": "2026-11-30T14:29:20.000Z",
		"2026-11-30T15:29:20 gmt":                  "2026-11-30T15:29:20.000Z",
		"2026-11-30T16:29:20+0100":                 "2026-11-30T15:29:20.000Z",
		"2026-11-30 10:29:20-05":                   "2026-11-30T15:29:20.000Z",
		"2026-11-30t15:29:20z":                     "2026-11-30T15:29:20.000Z",
		"2026-11-30 15:29:20z":                     "2026-11-30T15:29:20.000Z",
		"2026-11-30T15:29Z":                        "2026-11-30T15:29:00.000Z",
		"2026-11-30 15:29:20.5":                    "2026-11-30T15:29:20.500Z",
		"2026-11-30T15:29":                         "2026-11-30T15:29:00.000Z",
		"2026-11-30":                               "2026-11-30T00:00:00.000Z",
	} {
		if got, err := ParseTime(text, nil); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"2026-11-30T15:29:20+1", "2026-11-30  15:29:20", "2026-11-30x15:29:20Z", "2026-12-31 24:00:00", "2026-11-30T15:29:20+00:00Z", "20261130", "", "z"} {
		if got, err := ParseTime(text, nil); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// The clocks of a site: what they show once, twice and never.
func TestSiteZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ local, now, want string }{
		{"2026-07-01 12:00:00", "2026-07-01T10:00:05Z", "2026-07-01T10:00:00.000Z"},
		{"2026-01-01T12:00:00", "2026-01-01T11:00:05Z", "2026-01-01T11:00:00.000Z"},
		{"2026-07-01T12:00:00Z", "2026-07-01T12:00:05Z", "2026-07-01T12:00:00.000Z"},
		{"2026-03-29 01:59:59", "2026-03-29T01:00:00Z", "2026-03-29T00:59:59.000Z"},
		{"2026-03-29 02:30:00", "2026-03-29T01:30:05Z", "2026-03-29T01:30:00.000Z"}, // left out: the device was not set forward
		{"2026-03-29 03:00:00", "2026-03-29T01:00:05Z", "2026-03-29T01:00:00.000Z"},
		{"2026-10-25 01:59:00", "2026-10-25T00:00:00Z", "2026-10-24T23:59:00.000Z"},
		{"2026-10-25 02:10:00", "2026-10-25T00:10:05Z", "2026-10-25T00:10:00.000Z"}, // twice: it is the first time
		{"2026-10-25 02:10:00", "2026-10-25T01:10:05Z", "2026-10-25T01:10:00.000Z"}, // and the second
		{"2026-10-25 02:10:00", "2026-10-25T01:06:00Z", "2026-10-25T01:10:00.000Z"}, // a clock 4 minutes fast
		{"2026-10-25 03:00:00", "2026-10-25T02:00:05Z", "2026-10-25T02:00:00.000Z"},
	} {
		now, err := ParseTime(c.now, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := &Message{Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","event_time":"` + c.local + `","available_time":"` + c.local +
			`","observations":[{"channel":"heart_rate","value":80,"event_time":"` + c.local + `"},7]}`)}
		e, problem := DecodeEventIn(m, berlin, now, nil)
		if problem != nil {
			t.Fatal(problem)
		}
		if got := []string{e.EventTime.String(), e.AvailableTime.String(), e.Vitals.Observations[0].EventTime.String()}; got[0] != c.want || got[1] != c.want || got[2] != c.want {
			t.Errorf("%s at %s is %v, want %s", c.local, c.now, got, c.want)
		}
	}
	m := &Message{Topic: TopicCommands, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","verb":"snooze","alert":"a","actor":"b","reason":"c","until":"2026-07-01T12:00:00"}`)}
	if e, problem := DecodeEventIn(m, berlin, 0, nil); problem != nil || e.Command.Until.String() != "2026-07-01T10:00:00.000Z" {
		t.Error(e, problem)
	}
	if got, err := ParseTime("2026-10-25 02:10:00", berlin); err != nil || got.String() != "2026-10-25T00:10:00.000Z" {
		t.Error(got, err)
	}
}

// A text that is a number and a unit is converted where the message names no other unit.
func TestTextWithItsUnit(t *testing.T) {
	for body, want := range map[string]float32{
		`{"channel":"temperature","text":"101.3 F"}`:               38.5,
		`{"channel":"temperature","text":"101,3 °F"}`:              38.5,
		`{"channel":"temperature","text":"38.5"}`:                  38.5,
		`{"channel":"temperature","text":"38.5 C"}`:                38.5,
		`{"channel":"temperature","text":"101.3","unit":"degF"}`:   38.5,
		`{"channel":"systolic_cuff","text":"16 kPa"}`:              120.0102,
		`{"channel":"temperature","text":"101.3 F","unit":"degF"}`: 0,
		`{"channel":"temperature","text":"101.3 apples"}`:          0,
		`{"channel":"potassium","text":"20 kcl"}`:                  0,
		`{"channel":"temperature","text":"500 F"}`:                 0,
		`{"system":"loinc","code":"8310-5","text":"311.65 K"}`:     38.5,
		`{"system":"mimic-iii","code":"223761","text":"101.3"}`:    38.5, // a Fahrenheit item
		`{"system":"mimic-iii","code":"223761","text":"38.5 C"}`:   38.5, // as assumed
	} {
		e, p := DecodeEvent(&Message{Topic: TopicVitals, Key: []byte("d:1"), Value: []byte(`{"patient":"d:1","source":"s","observations":[` + body + `]}`)})
		if p != nil {
			t.Fatal(p)
		}
		got, problems := e.Vitals.Resolve(0, nil)
		switch {
		case want == 0 && len(problems) == 1:
		case want == 0 || len(got) != 1 || math.Abs(float64(got[0].Value-want)) > 1e-3:
			t.Errorf("%s: %+v, %v; want %v", body, got, problems, want)
		}
	}
}
