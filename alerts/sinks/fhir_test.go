package sinks

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// fhirServer keeps what is posted, as it came, and answers as a test says.
type fhirServer struct {
	bundles []string
	headers []http.Header
	status  int
	answer  string
	flag    string // of a search for the Flag
}

func (f *fhirServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, f.flag)
		return
	}
	body, _ := io.ReadAll(r.Body)
	f.bundles, f.headers = append(f.bundles, string(body)), append(f.headers, r.Header)
	w.WriteHeader(f.status)
	_, _ = io.WriteString(w, f.answer)
}

func openFHIR(t *testing.T, f *fhirServer, s FHIRSettings) *FHIR {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	s.URL = server.URL + "/r4/"
	sink, err := NewFHIR(s, Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Close() })
	return sink
}

// What is told again has the same bytes and the same conditions; the token goes with it; the Flag begins when its
// server says that it began, and one that a server does not know is told all the same.
func TestFHIRRepeats(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	notices := someNotices()[:8]
	for flag, since := range map[string]string{
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Flag","period":{"start":"2026-01-01T00:00:00.000Z"}}}]}`: `"period":{"end":"2026-01-01T00:07:00.000Z","start":"2026-01-01T00:00:00.000Z"}`,
		`{"resourceType":"Bundle"}`: `"period":{"end":"2026-01-01T00:07:00.000Z"}`,
		"<html>":                    `"period":{"end":"2026-01-01T00:07:00.000Z"}`,
	} {
		f := &fhirServer{status: http.StatusOK, flag: flag}
		sink := openFHIR(t, f, FHIRSettings{Access: Access{TokenFile: token}})
		for range 2 {
			if n, err := sink.Deliver(t.Context(), notices); n != len(notices) || err != nil {
				t.Fatal(n, err)
			}
		}
		if diff := cmp.Diff(f.bundles[:8], f.bundles[8:]); diff != "" {
			t.Errorf("the second time:\n%s", diff)
		}
		if last := f.bundles[7]; !strings.Contains(last, since) || strings.Count(last, `"ifNoneExist"`) != 1 || strings.Count(last, `"PUT"`) != 1 {
			t.Errorf("the end, where the server has %s: %s", flag, last)
		}
		if h := f.headers[0]; h.Get("Authorization") != "Bearer secret" || h.Get("Content-Type") != contentFHIR {
			t.Errorf("headers %v", h)
		}
	}
}

// What is wrong with the message is a refusal; what is wrong on the way passes, and none repeats the answer in its text.
func TestHTTPAnswers(t *testing.T) {
	for status, refused := range map[int]bool{400: true, 412: true, 413: true, 415: true, 422: true, 301: false, 401: false, 403: false, 404: false, 408: false, 409: false, 429: false, 500: false, 503: false} {
		f := &fhirServer{status: status, answer: "patient 42 is not known"}
		n, err := openFHIR(t, f, FHIRSettings{}).Deliver(t.Context(), someNotices()[:1])
		if n != 0 || err == nil || errors.Is(err, ErrRefused) != refused || strings.Contains(err.Error(), "42 is") {
			t.Errorf("HTTP %d: %d, %v", status, n, err)
		}
		var refusal *Refusal
		if errors.As(err, &refusal) && refusal.Answer != f.answer {
			t.Errorf("HTTP %d: the answer is kept as %q", status, refusal.Answer)
		}
	}
	// An address may have a secret in it.
	w, err := NewWebhook(WebhookSettings{URL: "http://127.0.0.1:1/geheim"}, Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Deliver(t.Context(), someNotices()[:1]); err == nil || strings.Contains(err.Error(), "geheim") {
		t.Errorf("%v", err)
	}
}

// DeviceAlert has the elements that the full ballots of R6 want, one resource of each alert.
func TestDeviceAlert(t *testing.T) {
	f := &fhirServer{status: http.StatusOK}
	sink := openFHIR(t, f, FHIRSettings{DeviceAlert: true})
	notices := someNotices()
	if n, err := sink.Deliver(t.Context(), notices); n != len(notices) || err != nil {
		t.Fatal(n, err)
	}
	for i, body := range f.bundles {
		var b struct {
			Entry []struct {
				Request  struct{ Method, URL string }
				Resource struct {
					ResourceType, Status string
					Presence             *bool
					Acknowledged         *bool
					Label                string
					Code, Subject        map[string]any
					Type, Priority       struct{ Text string }
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &b); err != nil || len(b.Entry) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		e, n := b.Entry[0], &notices[i]
		status := map[bool]string{true: "in-progress", false: "completed"}[n.Open()]
		kind := map[bool]string{true: "technical", false: "physiological"}[n.technical()]
		if r := e.Resource; e.Request.Method != "PUT" || !strings.HasPrefix(e.Request.URL, "DeviceAlert?identifier=") || r.ResourceType != "DeviceAlert" || r.Status != status ||
			r.Presence == nil || *r.Presence != n.Open() || *r.Acknowledged != n.acknowledged() || r.Type.Text != kind || r.Priority.Text != n.Severity || len(r.Code) == 0 || len(r.Subject) == 0 ||
			!strings.Contains(r.Label, "research software") {
			t.Errorf("notice %d: %s", i, body)
		}
	}
}

// What a file and a CloudEvent carry is an alert by the schema of alerts.
func TestBodiesKeepToTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "schemas", "alert.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	notices := someNotices()
	for i := range notices {
		body, err := notices[i].body()
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// A sink is for some alerts by what does not change in their lives, so that none begins and never ends; tests go to all.
func TestOnly(t *testing.T) {
	notices := someNotices()
	for _, c := range []struct {
		only Only
		want int
	}{
		{Only{}, 15},
		{Only{Kinds: []string{"risk"}}, 9 + 2},
		{Only{Tasks: []string{"news2", "no_data"}}, 4 + 2},
		{Only{Domains: []string{"site"}}, 11 + 2},
		{Only{Domains: []string{"nowhere"}}, 2},
	} {
		got := slices.DeleteFunc(slices.Clone(notices), func(n Notice) bool { return !c.only.Wants(&n) })
		if len(got) != c.want {
			t.Errorf("%+v lets %d through, want %d", c.only, len(got), c.want)
		}
	}
}
