package sinks

import (
	"strings"
	"testing"
	"time"
)

// The template is a file of sinks as it is, and every sink in it is good once its comment signs are gone.
func TestTemplate(t *testing.T) {
	c, err := Parse(Template())
	if err != nil || len(c.Sinks) != 1 || c.Sinks[0].Kind() != "file" {
		t.Fatalf("%+v (%v)", c, err)
	}
	all := strings.ReplaceAll(string(Template()), "\n  # - ", "\n  - ")
	all = strings.ReplaceAll(all, "\n  #   ", "\n    ")
	if c, err = Parse([]byte(all)); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i := range c.Sinks {
		kinds = append(kinds, c.Sinks[i].Kind())
	}
	if got := strings.Join(kinds, " "); got != "file fhir hl7 webhook alertmanager meds" {
		t.Errorf("the template has %s", got)
	}
	if s := c.Sinks[1]; s.DeadLetterAfter != 24*time.Hour || s.RefusedAfter != time.Minute || s.Timeout != 10*time.Second || s.Begin != BeginNow {
		t.Errorf("settings %+v", s)
	}
	if s := c.Sinks[0]; s.DeadLetterAfter != 24*time.Hour || s.RefusedAfter != time.Minute || s.Timeout != 10*time.Second {
		t.Errorf("what is left out is %+v", s)
	}
}

// A mistake is told with what was found and what is wanted, and where; no secret is repeated.
func TestMistakesInTheFile(t *testing.T) {
	for _, c := range []struct{ sink, want string }{
		{`{name: Ward, file: {path: x}}`, "small letters"},
		{`{name: a}`, "0 kinds: want one of alertmanager, fhir, file, hl7, meds, webhook"},
		{`{name: a, file: {path: x}, meds: {folder: y}}`, "2 kinds"},
		{`{name: a, file: {}}`, "path: name a file"},
		{`{name: a, meds: {}}`, "folder: name one"},
		{`{name: a, begin: yesterday, file: {path: x}}`, `begin: found "yesterday", want now or beginning`},
		{`{name: a, timeout: 10, file: {path: x}}`, `timeout: found "10", want a time such as 30s`},
		{`{name: a, timeout: 1h, file: {path: x}}`, "5m at most"},
		{`{name: a, dead_letter_after: -1s, file: {path: x}}`, "dead_letter_after"},
		{`{name: a, only: {kinds: [risks]}, file: {path: x}}`, `found "risks", want risk, score, technical`},
		{`{name: a, fhir: {url: "ftp://x"}}`, "http:// or https://"},
		{`{name: a, fhir: {url: "https://me:geheim@x"}}`, "put a bearer token into a file"},
		{`{name: a, fhir: {url: "http://fhir.example", token_file: t}}`, "want https://"},
		{`{name: a, fhir: {url: "https://fhir.example", cert: c}}`, "cert and key go together"},
		{`{name: a, fhir: {url: "https://fhir.example", systems: {site: mrn}}}`, "want a URI"},
		{`{name: a, hl7: {address: engine, messages: [oru_r01]}}`, "want host:port"},
		{`{name: a, hl7: {address: "engine:1"}}`, "want a list of oru_r01, oru_r40"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r01, oru_r01]}}`, "each once"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r40], sender: "A|B"}}`, "no |"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r40], receiver: A}}`, "application^facility"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r01], codes: {news2: N}}}`, "code^text^system"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r40], priority: high}}`, "none or severity"},
		{`{name: a, hl7: {address: "engine:1", messages: [oru_r40], answer: never}}`, "application or accept"},
		{`{name: a, webhook: {url: "https://x", format: xml}}`, "cloudevents or alertmanager"},
		{`{name: a, alertmanager: {url: "https://x", repeat: 1h}}`, "three repeats"},
		{`{name: a, alertmanager: {url: "https://x", labels: {severity: x}}}`, "none of"},
		{`{name: a, alertmanager: {url: "https://x", lables: {x: y}}}`, `did you mean "labels"`},
		{`{name: a, file: {path: x}}, {name: a, file: {path: y}}`, "there is a sink \"a\" before"},
	} {
		_, err := Parse([]byte("version: 1\nsinks: [" + c.sink + "]\n"))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "line") {
			t.Errorf("%s: %v, want %q and a line", c.sink, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error has the secret: %v", c.sink, err)
		}
	}
	for text, want := range map[string]string{"": "empty", "version: 2\n": "version 2", "version: 1\n": "0 of them"} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
