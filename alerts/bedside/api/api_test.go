package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vigil-icu/vigil/schemas"
)

// filled is a route's path with a patient and an alert of unit A.
func filled(path string) string {
	return Base + strings.NewReplacer("{key}", keyOf("h:1"), "{id}", "alert-A").Replace(path)
}

// bodyOf is a body that a POST takes.
func bodyOf(r *route) string {
	if r.Method != http.MethodPost {
		return ""
	}
	if r.Path == "/session" {
		return `{"token":"nobody has this one"}`
	}
	return `{"reason":"physiotherapy","minutes":30}`
}

// Every route is walked by every role of every unit: who may not is refused, who may is let in, and of patients of
// other units nobody learns even that they are there.
func TestEveryRouteByEveryRole(t *testing.T) {
	w := newWorld(t, testTokens(t))
	w.open()
	cells := 0
	for i := range routes {
		r := &routes[i]
		ofPatient := strings.Contains(r.Path, "{")
		for _, role := range []Role{Nobody, Viewer, Clinician, Admin} {
			for _, unit := range []string{"", "A", "B"} {
				token := role.String() + unit
				if role == Nobody {
					token = ""
				}
				status, answer := w.ask(r.Method, filled(r.Path), token, bodyOf(r))
				cells++
				want := http.StatusOK
				switch {
				case r.Path == "/session" && r.Method == http.MethodPost:
					want = http.StatusUnauthorized // of a token that nobody has
				case r.Role == Nobody:
				case role == Nobody:
					want = http.StatusUnauthorized
				case role < r.Role:
					want = http.StatusForbidden
				case ofPatient && unit == "B":
					want = http.StatusNotFound
				case strings.HasSuffix(r.Path, "/strip"):
					want = http.StatusBadRequest // without a ref
				}
				if status != want {
					t.Errorf("%s %s as %s of unit %q: %d, want %d: %s", r.Method, r.Path, role, unit, status, want, answer)
				}
				if unit == "B" && strings.Contains(string(answer), "h:1") {
					t.Errorf("%s %s as %s of unit B tells of a patient of A: %s", r.Method, r.Path, role, answer)
				}
				if status >= 400 && (!json.Valid(answer) || strings.Contains(string(answer), "h:1")) {
					t.Errorf("%s %s: the refusal is no JSON, or names a patient: %s", r.Method, r.Path, answer)
				}
			}
		}
	}
	if cells < 200 {
		t.Errorf("%d cells: the walk is wrong", cells)
	}
	for _, c := range w.told {
		if !strings.HasPrefix(c.Actor, "clinician") && !strings.HasPrefix(c.Actor, "admin") {
			t.Errorf("%s answered an alert", c.Actor)
		}
	}
}

// What is refused holds for admins alone.
func TestPayloadsAreForAdmins(t *testing.T) {
	w := newWorld(t, testTokens(t))
	w.open()
	for role, want := range map[string]bool{"viewer": false, "clinician": false, "admin": true} {
		_, answer := w.ask("GET", Base+"/deadletters", role, "")
		if got := strings.Contains(string(answer), "secret"); got != want {
			t.Errorf("%s sees the payload: %t, want %t: %s", role, got, want, answer)
		}
	}
}

// The description names every route and nothing else, and every answer is as it says.
func TestDescriptionHolds(t *testing.T) {
	w := newWorld(t, nil)
	w.record(&schemas.Record{Kind: schemas.KindObservations, Patient: "h:1", At: start, Available: start, Observations: []schemas.Observation{{Channel: 1, EventTime: start, Value: 80}}})
	w.open()
	_, text := w.ask("GET", Base+"/openapi.json", "", "")
	var described struct {
		OpenAPI string                               `json:"openapi"`
		Paths   map[string]map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(text, &described); err != nil || described.OpenAPI != "3.1.0" {
		t.Fatalf("%v, %q", err, described.OpenAPI)
	}
	operations := 0
	for _, methods := range described.Paths {
		operations += len(methods)
	}
	if operations != len(routes) {
		t.Errorf("%d operations are described, want %d", operations, len(routes))
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("api.json", document); err != nil {
		t.Fatal(err)
	}
	for i := range routes {
		r := &routes[i]
		if described.Paths[r.Path][strings.ToLower(r.Method)] == nil {
			t.Errorf("%s %s is not described", r.Method, r.Path)
			continue
		}
		if r.Answer == nil || strings.HasSuffix(r.Path, "/strip") {
			continue
		}
		status, answer := w.ask(r.Method, filled(r.Path), "", bodyOf(r))
		at := fmt.Sprintf("api.json#/paths/%s/%s/responses/200/content/application~1json/schema", strings.NewReplacer("~", "~0", "/", "~1").Replace(r.Path), strings.ToLower(r.Method))
		if status != http.StatusOK {
			at = "api.json#/components/schemas/Failure"
		}
		schema, err := compiler.Compile(at)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(answer)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s %s: %v\n%s", r.Method, r.Path, err, answer)
		}
	}
}

// Without tokens only this machine is answered, under a name of its own, and no page of another site may command.
func TestOnlyThisMachineWithoutTokens(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	for _, c := range []struct {
		name, remote, host, origin, method, path string
		want                                     int
	}{
		{"this machine", "127.0.0.1:5000", "127.0.0.1:80", "", "GET", "/health", 200},
		{"by its name", "[::1]:5000", "localhost:80", "", "GET", "/health", 200},
		{"another machine", "10.0.0.7:5000", "127.0.0.1:80", "", "GET", "/health", 403},
		{"another site's name for this machine", "127.0.0.1:5000", "evil.example:80", "", "GET", "/health", 403},
		{"another site's page", "127.0.0.1:5000", "127.0.0.1:80", "https://evil.example", "POST", "/alerts/alert-A/acknowledge", 403},
		{"own page", "127.0.0.1:5000", "127.0.0.1:80", "http://127.0.0.1:80", "POST", "/alerts/alert-A/acknowledge", 200},
	} {
		r := httptest.NewRequest(c.method, Base+c.path, strings.NewReader("{}"))
		r.RemoteAddr, r.Host = c.remote, c.host
		r.Header.Set("Content-Type", "application/json")
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		answer := httptest.NewRecorder()
		w.service.Handler().ServeHTTP(answer, r)
		if answer.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, answer.Code, c.want, answer.Body)
		}
		if csp := answer.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "require-trusted-types-for") {
			t.Errorf("%s: the policy of the page is %q", c.name, csp)
		}
	}
}

// A page logs in with a token and goes on with a cookie until it logs out.
func TestPageLogsIn(t *testing.T) {
	w := newWorld(t, testTokens(t))
	w.open()
	ask := func(method, path, body string, cookie *http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, Base+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if cookie != nil {
			r.AddCookie(cookie)
		}
		answer := httptest.NewRecorder()
		w.service.Handler().ServeHTTP(answer, r)
		return answer
	}
	if got := ask("POST", "/session", `{"token":"viewer-0123456789-x"}`, nil); got.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", got.Code)
	}
	in := ask("POST", "/session", `{"token":"viewer-0123456789-A"}`, nil)
	if in.Code != http.StatusOK || len(in.Result().Cookies()) != 1 {
		t.Fatalf("login: %d %s", in.Code, in.Body)
	}
	cookie := in.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("the cookie is %v", cookie)
	}
	if got := ask("GET", "/patients", "", cookie); got.Code != http.StatusOK || strings.Contains(got.Body.String(), "h:2") || !strings.Contains(got.Body.String(), "h:1") {
		t.Errorf("patients of unit A: %d %s", got.Code, got.Body)
	}
	ask("DELETE", "/session", "", cookie)
	if got := ask("GET", "/patients", "", cookie); got.Code != http.StatusUnauthorized {
		t.Errorf("after the logout: %d", got.Code)
	}
}

// Views of a patient and answers stand in the audit log, a page that stays open once; where it cannot be
// written nothing is shown and no answer goes out.
func TestNothingWithoutAudit(t *testing.T) {
	w := newWorld(t, testTokens(t))
	w.open()
	for range 3 {
		w.ask("GET", filled("/patients/{key}"), "viewer", "")
	}
	w.ask("POST", filled("/alerts/{id}/snooze"), "clinician", `{"reason":"physio","minutes":5}`)
	w.ask("POST", filled("/alerts/{id}/snooze"), "viewer", `{"reason":"physio","minutes":5}`)
	var got []string
	for _, e := range w.audited {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Who, e.What, e.Patient, e.Alert, e.Detail))
	}
	want := "viewer view h:1  ; clinician snooze h:1 alert-A physio; viewer refused   POST /alerts/{id}/snooze"
	if strings.Join(got, "; ") != want {
		t.Errorf("audited %q, want %q", strings.Join(got, "; "), want)
	}
	w.refuse = errors.New("disk full")
	told := len(w.told)
	for _, c := range [][3]string{{"GET", "/patients/{key}/stay", ""}, {"GET", "/stream", ""}, {"POST", "/alerts/{id}/acknowledge", "{}"}} {
		if status, answer := w.ask(c[0], filled(c[1]), "adminA", c[2]); status != http.StatusServiceUnavailable {
			t.Errorf("%s %s without an audit log: %d %s", c[0], c[1], status, answer)
		}
	}
	if len(w.told) != told {
		t.Error("an answer went out without a record of it")
	}
}

// Answers that say too little are refused with what is wanted.
func TestAnswersThatSayTooLittle(t *testing.T) {
	w := newWorld(t, nil)
	w.open()
	w.alert("h:2", "alert-B", 2, schemas.PhaseEnd, start+2*schemas.Minute)
	w.until(func() bool { a, _ := w.service.live.alert("alert-B", Principal{Role: Viewer}); return !a.Open })
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"/alerts/alert-A/snooze", `{"minutes":5}`, 400},
		{"/alerts/alert-A/snooze", `{"reason":"x"}`, 400},
		{"/alerts/alert-A/verdict", `{}`, 400},
		{"/alerts/alert-A/acknowledge", `{"who":"x"}`, 400},
		{"/alerts/alert-A/acknowledge", `{}{}`, 400},
		{"/alerts/alert-A/acknowledge", ``, 400},
		{"/alerts/none/acknowledge", `{}`, 404},
		{"/alerts/alert-B/acknowledge", `{}`, 409},
		{"/alerts/alert-B/verdict", `{"reason":"useful"}`, 200},
		{"/alerts/alert-A/acknowledge", `{}`, 200},
	} {
		if status, answer := w.ask("POST", Base+c.path, "", c.body); status != c.want {
			t.Errorf("%s %s: %d, want %d: %s", c.path, c.body, status, c.want, answer)
		}
	}
}

// A file of tokens that cannot be meant is refused with its line.
func TestTokensAreRead(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	good, err := ParseTokens([]byte("tokens:\n  - {name: ward, role: viewer, units: [MICU], sha256: " + sum + "}\n"))
	if err != nil || len(good) != 1 || good[0].Role != Viewer || good[0].Units[0] != "MICU" {
		t.Errorf("%v, %v", good, err)
	}
	for text, want := range map[string]string{
		"":           "empty",
		"tokens: []": "no token",
		"tokens:\n  - {name: w, role: nurse, sha256: " + sum + "}":                                                   "line 2",
		"tokens:\n  - {role: admin, sha256: " + sum + "}":                                                            "name is missing",
		"tokens:\n  - {name: w, role: admin, sha256: abc}":                                                           "64 hex digits",
		"tokens:\n  - {name: w, rolle: admin, sha256: " + sum + "}":                                                  "role",
		"tokens:\n  - {name: w, role: admin, sha256: " + sum + "}\n  - {name: v, role: viewer, sha256: " + sum + "}": "same hash",
	} {
		if _, err := ParseTokens([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
	for _, text := range []string{"", "viewer", "viewer:short", "none:0123456789abcdef"} {
		if _, err := OneToken(text); err == nil {
			t.Errorf("%q was taken for a token", text)
		}
	}
}
