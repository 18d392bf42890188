package codes

import (
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// resolved reads the values of a message by a site's own codes: "channel value" each, or the problem.
func resolved(t *testing.T, file, fields string) (out []string) {
	t.Helper()
	own, _, err := Parse([]byte("version: 1\ncodes:\n" + file))
	if err != nil {
		t.Fatal(err)
	}
	m := &schemas.Message{Topic: schemas.TopicVitals, Key: []byte("site:1"), Value: []byte(`{"patient":"site:1","source":"s","event_time":"2030-01-01T08:00:00Z",` + fields + `}`)}
	e, p := schemas.DecodeEvent(m)
	if p != nil {
		t.Fatal(p)
	}
	obs, problems := e.Vitals.ResolveBy(own, 0, nil)
	for _, o := range obs {
		out = append(out, o.Channel.Info().Name+" "+strconv.FormatFloat(float64(o.Value), 'g', -1, 32))
	}
	for _, p := range problems {
		out = append(out, string(p.Reason)+" "+p.Field)
	}
	return out
}

func TestOwnCodesAreLaidOverTheTable(t *testing.T) {
	for name, c := range map[string]struct{ file, fields, want string }{
		"a code of an own system":          {"  - {system: my-lab, code: K, channel: potassium}\n", `"observations":[{"system":"my-lab","code":"K","value":4.5}]`, "potassium 4.5"},
		"a name in place of a channel's":   {"  - {name: hr_bed, channel: heart_rate}\n", `"values":{"hr_bed":80}`, "heart_rate 80"},
		"a name in an observation":         {"  - {name: hr_bed, channel: heart_rate}\n", `"observations":[{"channel":"hr_bed","value":80}]`, "heart_rate 80"},
		"a unit where none is told":        {"  - {system: my-lab, code: CREA, channel: creatinine, unit: umol/L}\n", `"observations":[{"system":"my-lab","code":"CREA","value":88.42}]`, "creatinine 1"},
		"the unit that is told goes first": {"  - {system: my-lab, code: CREA, channel: creatinine, unit: umol/L}\n", `"observations":[{"system":"my-lab","code":"CREA","value":2,"unit":"mg/dL"}]`, "creatinine 2"},
		"a factor is for any number":       {"  - {system: m, code: T, channel: temperature, factor: 0.1}\n", `"observations":[{"system":"m","code":"T","value":371,"unit":"dC"}]`, "temperature 37.1"},
		"a code of the table means else":   {"  - {system: loinc, code: 8867-4, channel: respiratory_rate}\n", `"observations":[{"system":"http://loinc.org","code":"8867-4","value":18}]`, "respiratory_rate 18"},
		"what is not laid over":            {"  - {name: hr_bed, channel: heart_rate}\n", `"values":{"heart_rate":70,"nosuch":1}`, "heart_rate 70; unknown_channel values.nosuch"},
		"implausible values stay refused":  {"  - {name: hr_bed, channel: heart_rate, factor: 100}\n", `"values":{"hr_bed":80}`, "implausible values.hr_bed"},
	} {
		if got := strings.Join(resolved(t, c.file, c.fields), "; "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestBadFilesOfCodes(t *testing.T) {
	for file, want := range map[string]string{
		"":                       "empty",
		"version: 2\n":           "version 2",
		"version: 1\ncode: []\n": `line 2: there is no key "code" here; did you mean "codes"?`,
		"version: 1\ncodes: [{system: a, code: b, channel: hart_rate}]":                                                                 "line 2: codes[0]: there is no channel \"hart_rate\"; did you mean heart_rate?",
		"version: 1\ncodes: [{system: a, channel: heart_rate}]":                                                                         "want a code with its system",
		"version: 1\ncodes: [{name: x, code: b, channel: heart_rate}]":                                                                  "either a name",
		"version: 1\ncodes: [{name: spo2, channel: heart_rate}]":                                                                        "is that of a channel",
		"version: 1\ncodes: [{name: x, channel: potassium, unit: kg}]":                                                                  `unit "kg" cannot be converted for potassium: want one of the units mmol/L`,
		"version: 1\ncodes: [{name: x, channel: spo2, factor: 0}]":                                                                      "factor 0",
		"version: 1\ncodes:\n  - {name: x, channel: spo2}\n  - {name: x, channel: spo2}\n":                                              "line 4: codes[1]: x stands in line 3 already",
		"version: 1\ncodes:\n  - {system: loinc, code: a, channel: spo2}\n  - {system: \"http://loinc.org\", code: a, channel: spo2}\n": "in line 3 already",
	} {
		if _, _, err := Parse([]byte(file)); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "codes: ") {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
	if Near("mimic-vi") != "mimic-iv" || Near("my-lab") != "" || Near("LN") != "" {
		t.Errorf("near: %q %q %q", Near("mimic-vi"), Near("my-lab"), Near("LN"))
	}
}
