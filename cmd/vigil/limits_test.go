package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/schemas"
)

// The table is printed, each line can be given to serve as it stands, and a mistake is told.
func TestLimitsAreListedAndTakenByServe(t *testing.T) {
	code, stdout, stderr := vigil(t.Context(), "limits", "--json")
	var lines []limitLine
	if err := json.Unmarshal([]byte(stdout), &lines); err != nil || code != 0 || len(lines) != len(schemas.AllLimits()) {
		t.Fatalf("exit %d, %v: %s%s", code, err, stdout, stderr)
	}
	args := []string{"serve", "--brokers", "127.0.0.1:1", "--redis", "redis://127.0.0.1:1/0"}
	for _, l := range lines {
		args = append(args, "--limit", l.Name+"="+l.Least)
	}
	if code, _, stderr = vigil(t.Context(), args...); code != boot.ExitDependency {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for text, want := range map[string]string{"senders=9999": "want 1 to 256", "sender=3": "did you mean senders?", "senders": "NAME=VALUE"} {
		if code, _, stderr = vigil(t.Context(), append(args[:5:5], "--limit", text)...); code != boot.ExitUsage || !strings.Contains(stderr, want) || !strings.Contains(stderr, "vigil limits") {
			t.Errorf("%s: exit %d: %s", text, code, stderr)
		}
	}
	if _, table, _ := vigil(t.Context(), "limits"); !strings.Contains(table, "BEYOND IT") || !strings.Contains(table, "31 days") {
		t.Errorf("the table:\n%s", table)
	}
}

// The memory of a worker is printed without any server, and goes by the limits.
func TestMemoryIsExplained(t *testing.T) {
	last := ""
	for _, limit := range []string{"hour-values=4000", "hour-values=60"} {
		code, stdout, stderr := vigil(t.Context(), "serve", "--explain-memory", "--limit", limit)
		_, sum, ok := strings.Cut(stdout, "In use at most: ")
		if code != 0 || !ok || !strings.Contains(stdout, "being decompressed") || strings.Contains(stdout, "wait for marks") {
			t.Fatalf("exit %d: %s%s", code, stdout, stderr)
		}
		if sum == last {
			t.Errorf("another limit, the same sum: %s", sum)
		}
		last = sum
	}
	if _, stdout, _ := vigil(t.Context(), "serve", "--explain-memory", "--allow-runs"); !strings.Contains(stdout, "wait for marks") {
		t.Errorf("runs are taken and not in the sum:\n%s", stdout)
	}
}

// A limit that is set holds where messages come in, what is beyond stands in the status line, and
// the log asks for it from then on.
func TestServeGoesByTheLimitsOfASite(t *testing.T) {
	c, broker, redis := servers(t, embedded.KindMiniredis)
	if _, err := c.CreateTopics(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	config := boot.Config{Kafka: boot.Kafka{Brokers: []string{broker}}, Redis: boot.Redis{URL: redis, PasswordInEnv: "secret"}, Workers: 1, Model: boot.NoModel}
	if err := config.Limits.Set("vitals-bytes=1KiB"); err != nil {
		t.Fatal(err)
	}
	house, err := boot.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- house.Work(ctx) }()
	p := c.NewProducer("gateway")
	for i, size := range []int{1 << 10, 1<<10 + 1} {
		body := fmt.Sprintf(`{"patient":"ward:%d","source":"gateway","values":{"heart_rate":80}}`, i)
		m := schemas.Message{Topic: schemas.TopicVitals, Key: fmt.Appendf(nil, "ward:%d", i), Value: []byte(body + strings.Repeat(" ", size-len(body)))}
		if _, err := p.Append(t.Context(), m.Topic, 0, []schemas.Message{m}); err != nil {
			t.Fatal(err)
		}
	}
	waitLetter(t, c, 0, `"too_large"`)
	waitScored(t, c, "ward:0", 1)
	if got := house.Status(); !strings.Contains(got, "1 messages beyond a limit (too_large)") {
		t.Errorf("status: %s", got)
	}
	stop()
	<-over
	if err := house.Close(); err != nil {
		t.Error(err)
	}
	ctx, stop = context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	code, _, stderr := vigil(ctx, "serve", "--brokers", broker, "--redis", redis, "--model", boot.NoModel)
	if code != boot.ExitDependency || !strings.Contains(stderr, "vitals-bytes=1KiB") || !strings.Contains(stderr, "--switch") {
		t.Errorf("a worker with the shipped limit: exit %d: %s", code, stderr)
	}
}
