package sinks

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/schemas"
)

const testSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// posted is a request that a receiver got.
type posted struct {
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Secret  string            `json:"secret"`
}

// postAll has a webhook post notices and returns what came.
func postAll(t *testing.T, s WebhookSettings, now time.Time, notices []Notice) (came []posted) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p := posted{Headers: map[string]string{}, Body: string(body), Secret: testSecret}
		for name := range r.Header {
			p.Headers[name] = r.Header.Get(name)
		}
		came = append(came, p)
	}))
	defer server.Close()
	s.URL, s.Source = server.URL, "urn:vigil:alerts"
	s.SecretFile = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(s.SecretFile, []byte(testSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := NewWebhook(s, Environment{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if n, err := w.Deliver(t.Context(), notices); n != len(notices) || err != nil {
		t.Fatalf("%d of %d: %v", n, len(notices), err)
	}
	return came
}

// The libraries of CloudEvents and Standard Webhooks read what is posted, and the alert in it is the one of the topic.
func TestWebhookIsGoodToItsLibraries(t *testing.T) {
	python := os.Getenv("VIGIL_SINKS_PYTHON")
	if python == "" {
		t.Skip("needs Python with alerts/sinks/testdata/requirements.txt: make test-sinks")
	}
	notices := someNotices()
	var in bytes.Buffer
	for _, p := range postAll(t, WebhookSettings{Format: formatCloudEvents}, time.Now(), notices) {
		if err := json.NewEncoder(&in).Encode(p); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), python, "-B", filepath.Join("testdata", "webhook.py"))
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(notices) {
		t.Fatalf("%d events, want %d", len(lines), len(notices))
	}
	for i, line := range lines {
		var event struct {
			ID, Source, Type, Subject, Notice string
			Time                              time.Time
			Data                              schemas.Alert
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		n := notices[i]
		n.Notice = schemas.Notice
		if event.ID != n.Key() || event.Type != schemas.TypeAlert || event.Subject != n.ID || event.Notice != schemas.Notice || event.Time.UnixMilli() != int64(n.Told) {
			t.Errorf("event %+v of %s", event, n.Key())
		}
		if diff := cmp.Diff(n.Alert, event.Data); diff != "" {
			t.Errorf("(- told, + read):\n%s", diff)
		}
	}
}

// The signature is that of Standard Webhooks, computed apart (openssl dgst -sha256 -mac HMAC), and nothing of the patient
// stands in a header.
func TestWebhookSigns(t *testing.T) {
	notices := TestNotices("hook", time.UnixMilli(1767225600123))[:1]
	for format, want := range map[string]string{formatCloudEvents: "application/cloudevents+json; charset=utf-8", formatAlertmanager: "application/json"} {
		got := postAll(t, WebhookSettings{Format: format}, time.Unix(1767225601, 0), notices)[0]
		if got.Headers["Content-Type"] != want || got.Headers["Webhook-Id"] != notices[0].Key() || got.Headers["Webhook-Timestamp"] != "1767225601" || !strings.HasPrefix(got.Headers["Webhook-Signature"], "v1,") {
			t.Errorf("%s: headers %v", format, got.Headers)
		}
		for name, value := range got.Headers {
			if strings.Contains(value, testPatient) {
				t.Errorf("%s: header %s names a patient", format, name)
			}
		}
		if !strings.Contains(got.Body, schemas.Notice) || !strings.Contains(got.Body, "TEST") {
			t.Errorf("%s: %s", format, got.Body)
		}
	}
}

// Vector of the specification's own example: an id, a time, a body and a secret give this signature.
func TestSignatureOfTheStandard(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := readSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	w := &Webhook{secret: key, now: func() time.Time { return time.Unix(1614265330, 0) }}
	headers := map[string]string{}
	w.sign(headers, "msg_p5jXN8AQM9LWM0D4loKWxJek", []byte(`{"test": 2432232314}`))
	if got := headers["Webhook-Signature"]; got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature %s", got)
	}
}
