package schemas

import (
	"fmt"
	"strings"
	"testing"
)

// A problem of an unknown channel or code names what was probably meant, and nothing where
// nothing is near: a wrong guess sends people the wrong way.
func TestUnknownChannelsNameTheNearest(t *testing.T) {
	for fields, want := range map[string]string{
		`"values":{"hart_rate":80}`:                                                  "heart_rate?",
		`"values":{"heart_rat":80}`:                                                  "heart_rate?",
		`"values":{"HeartRate":80}`:                                                  "heart_rate?",
		`"values":{"haert_rate":80}`:                                                 "heart_rate?",
		`"values":{"HR":80}`:                                                         "heart_rate?",
		`"values":{"pulse":80}`:                                                      "heart_rate?",
		`"values":{"SaO2":80}`:                                                       "arterial_saturation?",
		`"values":{"respiration_rate":80}`:                                           "respiratory_rate?",
		`"values":{"aura":80}`:                                                       "",
		`"values":{"x":80}`:                                                          "",
		`"observations":[{"channel":"temprature","value":37}]`:                       "temperature?",
		`"observations":[{"system":"loinc","code":"8867-5","value":80}]`:             "8867-4, heart_rate?",
		`"observations":[{"system":"snomed","code":"8867-4","value":80}]`:            "loinc has this code: heart_rate?",
		`"observations":[{"system":"LIONC","code":"1-1","value":80}]`:                "system loinc?",
		`"observations":[{"system":"MDC","code":"MDC_ECG_HART_RATE","value":80}]`:    "MDC_ECG_HEART_RATE, heart_rate?",
		`"observations":[{"system":"mimic-iv","code":"220046","value":80}]`:          "",
		`"observations":[{"system":"loinc","code":"0000-0","value":80}]`:             "",
		`"values":{"` + strings.Repeat("heart_rate_", 20) + `":80}`:                  "",
		`"observations":[{"system":"mimic-iv","code":"211","value":80}]`:             "mimic-iii has this code: heart_rate?",
		`"observations":[{"system":"physionet2012","code":"heart_rate","value":80}]`: "",
	} {
		_, problems := decodeVitals(t, fields).Resolve(0, nil)
		if len(problems) != 1 || problems[0].Reason != UnknownChannel {
			t.Fatalf("%s: %v", fields, problems)
		}
		said := problems[0].Expected
		if want == "" && strings.Contains(said, "?") || !strings.HasSuffix(said, want) {
			t.Errorf("%s: expected %q, want it to end with %q", fields, said, want)
		}
	}
}

// Thousands of unknown names in one message are guessed a few times only.
func TestGuessesOfAMessageAreBounded(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf(`"heart_rat%d":80`, i))
	}
	_, problems := decodeVitals(t, `"values":{`+strings.Join(names, ",")+`}`).Resolve(0, nil)
	guessed := 0
	for _, p := range problems {
		if strings.HasSuffix(p.Expected, "?") {
			guessed++
		}
	}
	if len(problems) != 100 || guessed != mostGuessed {
		t.Errorf("%d problems, %d of them guessed", len(problems), guessed)
	}
}

// Of names that are equally near, people mean the one that begins as what they wrote; one that is too far is none.
func TestNearestName(t *testing.T) {
	for name, want := range map[string]string{"sped": "speed", "sead": "seed", "spxxd": "", "": "", "speed": "speed"} {
		if got := Nearest(name, []string{"seed", "speed", "for"}); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b    string
		most, d int
	}{{"abc", "abc", 0, 0}, {"abc", "acb", 2, 1}, {"abc", "abcd", 2, 1}, {"abc", "xyz", 2, 3}, {"", "ab", 2, 2}, {"abcdef", "badcfe", 3, 3}, {"kitten", "sitting", 3, 3}} {
		if d := distance(c.a, c.b, c.most); d != c.d {
			t.Errorf("%s to %s, at most %d: %d, want %d", c.a, c.b, c.most, d, c.d)
		}
	}
}
