package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// safeBuffer is a buffer that may be read while the program writes.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// An invented unit is watched as a user would: plain lines, the first alert, other
// commands beside it, Ctrl-C.
func TestDemoBesideOtherCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("watches a unit for some seconds: left out with -short")
	}
	port := freePort(t)
	broker := "127.0.0.1:" + port
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, talk safeBuffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"demo", "--port", port, "--store", "miniredis"}, &out, &talk) }()

	var line string
	for deadline := time.Now().Add(15 * time.Second); line == ""; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no alert within 15 s: %s %s", out.String(), talk.String())
		}
		code, stdout, _ := vigil(t.Context(), "alerts", "export", "--brokers", broker)
		if code == 0 {
			line, _, _ = strings.Cut(stdout, "\n")
		}
	}
	var a schemas.Alert
	if err := json.Unmarshal([]byte(line), &a); err != nil || a.ID == "" || a.Patient == "" {
		t.Errorf("alerts export prints %q: %v", line, err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, words := range [][]string{{schemas.Notice, "http://127.0.0.1:"}, {schemas.Notice, "kfake", "miniredis", broker}} {
		for _, word := range words {
			if !strings.Contains(lines[i], word) {
				t.Errorf("line %d does not say %q: %s", i+1, word, lines[i])
			}
		}
	}
	if !strings.Contains(out.String(), " start ") {
		t.Errorf("no plain line of the alert: %s", out.String())
	}
	if code, stdout, stderr := vigil(t.Context(), "topics", "check", "--brokers", broker); code != 0 || !strings.Contains(stdout, "11 topics ok") {
		t.Errorf("topics check: %d %s %s", code, stdout, stderr)
	}
	if code, stdout, _ := vigil(t.Context(), "topics", "init", "--brokers", broker); code != 0 || !strings.Contains(stdout, "0 topics made, 11 were there") {
		t.Errorf("topics init: %d %s", code, stdout)
	}
	if code, stdout, _ := vigil(t.Context(), "topics", "check", "--brokers", broker, "--topic-prefix", "ward."); code != boot.ExitProblems || strings.Count(stdout, "is missing") != 11 {
		t.Errorf("topics check of another prefix: %d %s", code, stdout)
	}
	short, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if code, stdout, _ := vigil(short, "alerts", "tail", "--all", "--brokers", broker); code != boot.ExitInterrupted || !strings.Contains(stdout, "NEWS2") {
		t.Errorf("alerts tail: %d %.200s", code, stdout)
	}
	interrupt()
	select {
	case code := <-ended:
		if code != boot.ExitInterrupted {
			t.Errorf("Ctrl-C ends with %d: %s", code, talk.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Ctrl-C does not end the demo within 20 s")
	}
}

// With every pathway set to healthy the unit gives scores and no alert.
func TestHealthyUnitGivesNoAlert(t *testing.T) {
	if testing.Short() {
		t.Skip("plays twelve hours of a unit: left out with -short")
	}
	s := demoJSON(t, "--healthy", "--speed", "max", "--store", "miniredis")
	if len(s.Alerts) != 0 || s.FirstAlertMS != nil || s.Patients != 12 {
		t.Errorf("a healthy unit: %d patients, alerts %v", s.Patients, s.Alerts)
	}
}
