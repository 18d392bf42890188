package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// hook is a receiver of webhooks that shows what it was told, each revision once, and can be away or refuse.
type hook struct {
	mu     sync.Mutex
	status int
	shown  []string
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var event struct{ ID, Notice string }
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil || event.Notice != schemas.Notice {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if h.status == http.StatusOK && !slices.Contains(h.shown, event.ID) {
		h.shown = append(h.shown, event.ID)
	}
	w.WriteHeader(h.status)
}

func (h *hook) set(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

func (h *hook) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.shown)
}

// A demo's alerts reach a file and a receiver that refuses at first: its alerts become dead letters, which are told again
// by hand. Both end with what the demo published.
func TestSinks(t *testing.T) {
	_, broker, redis := servers(t, "miniredis")
	dir := t.TempDir()
	receiver := &hook{status: http.StatusUnprocessableEntity}
	server := httptest.NewServer(receiver)
	defer server.Close()
	file := filepath.Join(dir, "sinks.yaml")
	archive := filepath.Join(dir, "alerts.jsonl")
	config := fmt.Sprintf(`version: 1
sinks:
  - {name: archive, begin: beginning, file: {path: %q}}
  - {name: hook, begin: beginning, refused_after: 0s, webhook: {url: %q}}
`, archive, server.URL)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	said := func(want int, words string, args ...string) string {
		t.Helper()
		code, stdout, stderr := vigil(t.Context(), args...)
		if all := stdout + stderr; code != want || !strings.Contains(all, words) {
			t.Fatalf("vigil %s: exit %d, want %d and %q: %s", strings.Join(args, " "), code, want, words, all)
		}
		return stdout
	}
	said(0, "hook: webhook to "+server.URL, "sinks", "check", file)
	said(boot.ExitProblems, "HTTP 422", "sinks", "test", "hook", "--config", file)
	said(boot.ExitUsage, "there is no sink \"hok\"; the file has archive, hook", "sinks", "test", "hok", "--config", file)
	said(boot.ExitUsage, "vigil sinks init", "sinks", "run", "--config", filepath.Join(dir, "none.yaml"))
	for _, kind := range sinkKinds {
		said(0, kind[0]+" ", "sinks", "list")
	}

	demo := demoJSON(t, "--brokers", broker, "--redis", redis, "--speed", "max", "--patients", "synth:0001,synth:0002")
	alerts := 0
	for _, n := range demo.Alerts {
		alerts += n
	}
	run := func(until func() bool) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		ended := make(chan int, 1)
		var stderr string
		go func() {
			var code int
			code, _, stderr = vigil(ctx, "sinks", "run", "--config", file, "--brokers", broker)
			ended <- code
		}()
		for !until() {
			select {
			case code := <-ended:
				t.Fatalf("vigil sinks run ends with %d: %s", code, stderr)
			default:
			}
		}
		stop()
		if code := <-ended; code != boot.ExitInterrupted {
			t.Fatalf("vigil sinks run ends with %d: %s", code, stderr)
		}
		if strings.Contains(stderr, "synth:0") || !strings.Contains(stderr, schemas.Notice) {
			t.Errorf("the log names a patient, or does not say what Vigil is not: %s", stderr)
		}
	}
	run(func() bool {
		text := said(0, "archive", "sinks", "list", "--config", file, "--brokers", broker)
		return strings.Count(text, "  0 records behind  ") == 2 && strings.Contains(text, fmt.Sprintf("behind  %d\n", alerts))
	})
	if text := fileText(t, dir, "alerts.jsonl"); strings.Count(text, "\n") != alerts || alerts == 0 {
		t.Errorf("the file has %d lines, the demo counts %d revisions", strings.Count(text, "\n"), alerts)
	}
	letters := said(0, "refused", "deadletters", "show", firstLetter(t, broker), "--brokers", broker)
	if !strings.Contains(letters, "vigil sinks resend") {
		t.Errorf("the dead letter does not say how to mend it: %s", letters)
	}
	said(boot.ExitUsage, "`vigil sinks resend hook` tells it again", "deadletters", "replay", firstLetter(t, broker), "--brokers", broker)

	said(boot.ExitProblems, "HTTP 422", "sinks", "resend", "hook", "--config", file, "--brokers", broker)
	receiver.set(http.StatusServiceUnavailable)
	said(boot.ExitDependency, "HTTP 503", "sinks", "resend", "hook", "--config", file, "--brokers", broker)
	receiver.set(http.StatusOK)
	said(boot.ExitUsage, "no dead letter", "sinks", "resend", "hook", "--config", file, "--brokers", broker, "--id", "x")
	said(0, fmt.Sprintf("%d dead letters, %d revisions told", alerts, alerts), "sinks", "resend", "hook", "--config", file, "--brokers", broker)
	if receiver.count() != alerts {
		t.Errorf("the receiver shows %d revisions, want %d", receiver.count(), alerts)
	}
	said(0, "has taken the end of a test alert", "sinks", "test", "hook", "--config", file)
}

// firstLetter is the id of a dead letter of a sink.
func firstLetter(t *testing.T, broker string) (id string) {
	t.Helper()
	c := &kafka.Cluster{Brokers: []string{broker}}
	defer c.Close()
	err := c.Each(t.Context(), schemas.TopicDeadLetters, func(m *schemas.Message) error {
		if name, _ := m.Header(schemas.HeaderID); strings.HasSuffix(name, "/hook") {
			id = name
		}
		return nil
	})
	if err != nil || id == "" {
		t.Fatalf("no dead letter of the hook (%v)", err)
	}
	return id
}

// The file that init writes is good, and is not overwritten.
func TestSinksInit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sinks.yaml")
	if code, stdout, stderr := vigil(t.Context(), "sinks", "init", file); code != 0 || !strings.Contains(stdout, "vigil sinks check") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := vigil(t.Context(), "sinks", "check", file); code != 0 || !strings.Contains(stdout, "archive: file to alerts.jsonl") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	if code, _, _ := vigil(t.Context(), "sinks", "init", file); code != boot.ExitUsage {
		t.Errorf("exit %d where the file is there already", code)
	}
}
