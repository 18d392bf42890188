package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// subscriber runs deploy/examples/subscribe.py on a broker.
type subscriber struct{ python, broker string }

func newSubscriber(t *testing.T, broker string) subscriber {
	t.Helper()
	python := os.Getenv("VIGIL_PYTHON")
	if python == "" {
		t.Skip("needs Python with deploy/examples/requirements.txt: make test-subscriber")
	}
	return subscriber{python, broker}
}

func (s subscriber) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	script := filepath.Join(moduleRoot, "deploy/examples/subscribe.py")
	cmd := exec.Command(s.python, append([]string{script, "--brokers", s.broker}, args...)...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), talk.String()
}

// counts are what --summary prints.
func (s subscriber) counts(t *testing.T, wantCode int, args ...string) (counts map[string]int, stderr string) {
	t.Helper()
	code, stdout, stderr := s.run(t, append(args, "--from", "beginning", "--until-idle", "2", "--summary")...)
	if err := json.Unmarshal([]byte(stdout), &counts); err != nil || code != wantCode {
		t.Fatalf("exit %d, want %d: %q (%v) %s", code, wantCode, stdout, err, stderr)
	}
	return counts, stderr
}

// The subscriber in Python sees what `vigil demo --export` writes, each record once,
// also where it is in its topic twice; a record that does not keep to its schema is
// named.
func TestSubscriber(t *testing.T) {
	_, broker, redis := servers(t, embedded.KindMiniredis)
	s := newSubscriber(t, broker)
	export := t.TempDir()
	demo := demoJSON(t, "--brokers", broker, "--redis", redis, "--topic-prefix", "ward.", "--speed", "max",
		"--patients", "synth:0001,synth:0002,synth:0003", "--export", export)

	code, stdout, stderr := s.run(t, "--topic-prefix", "ward.", "--from", "beginning", "--until-idle", "2", "--json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if got, want := sortedLines(stdout), sortedLines(fileText(t, export, "scores.jsonl")+fileText(t, export, "alerts.jsonl")); !slices.Equal(got, want) {
		t.Errorf("%d lines, the export has %d; first difference %q", len(got), len(want), firstUnlike(got, want))
	}
	if !strings.Contains(stderr, schemas.Notice) {
		t.Errorf("it does not say what Vigil is not: %s", stderr)
	}
	alerts := 0
	for _, n := range demo.Alerts {
		alerts += n
	}
	calm, _ := s.counts(t, 0, "--topic-prefix", "ward.")
	if calm["scores"] != demo.Scores || calm["alerts"] != alerts || alerts == 0 || calm["claims"] == 0 || calm["repeats"]+calm["foreign"]+calm["invalid"] != 0 {
		t.Errorf("%v, the demo counts %d scores, %d alert revisions", calm, demo.Scores, alerts)
	}

	c := &kafka.Cluster{Brokers: []string{broker}, Prefix: "ward."}
	t.Cleanup(c.Close)
	for _, topic := range []string{schemas.TopicScores, schemas.TopicAlerts} {
		publishAgain(t, c, topic)
	}
	twice, _ := s.counts(t, 0, "--topic-prefix", "ward.")
	want := maps.Clone(calm)
	want["repeats"] = 2
	if !maps.Equal(twice, want) {
		t.Errorf("with a score and an alert published twice: %v, want %v", twice, want)
	}

	spoil(t, c)
	broken, said := s.counts(t, boot.ExitProblems, "--topic-prefix", "ward.")
	want["invalid"] = 1
	if !maps.Equal(broken, want) || !strings.Contains(said, "ward."+schemas.TopicAlerts+"/0 offset") || !strings.Contains(said, "$.phase") {
		t.Errorf("with an alert of no known phase: %v, want %v: %s", broken, want, said)
	}

	// A group goes on where its last run ended, to the record.
	first, second := "", ""
	for _, out := range []*string{&first, &second} {
		if code, *out, stderr = s.run(t, "--topic-prefix", "ward.", "--from", "beginning", "--group", "gateway", "--count", "7", "--json"); code != 0 && code != boot.ExitProblems {
			t.Fatalf("exit %d: %s", code, stderr)
		}
	}
	if lines := slices.Compact(sortedLines(first + second)); len(lines) != 14 {
		t.Errorf("two runs of 7 of a group give %d unlike records, want 14", len(lines))
	}
}

// Each ends with one clear line and its exit code.
func TestSubscriberErrors(t *testing.T) {
	_, broker := brokerAlone(t)
	for _, c := range []struct {
		name, broker, args string
		code               int
		words              []string
	}{
		{"no broker", "127.0.0.1:1", "", boot.ExitDependency, []string{"127.0.0.1:1", "refused", "--brokers"}},
		{"no topics", broker, "--topic-prefix nowhere.", boot.ExitDependency, []string{"nowhere.icu.scores.v1", "--topic-prefix", "vigil topics init"}},
		{"no schemas", broker, "--schemas /nowhere", boot.ExitUsage, []string{"--schemas", "score.schema.json"}},
		{"no count", broker, "--count 0", boot.ExitUsage, []string{"--count 0"}},
		{"unknown flag", broker, "--brokr x", boot.ExitUsage, []string{"--brokr"}},
		{"no password", broker, "--sasl plain --user me", boot.ExitUsage, []string{"me", "VIGIL_KAFKA_PASSWORD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := newSubscriber(t, c.broker).run(t, strings.Fields(c.args)...)
			line := lastLine(stderr)
			if code != c.code || stdout != "" || !strings.HasPrefix(line, "subscribe.py: ") {
				t.Errorf("exit %d, want %d: %q", code, c.code, stderr)
			}
			for _, word := range c.words {
				if !strings.Contains(line, word) {
					t.Errorf("%q does not say %q", line, word)
				}
			}
		})
	}
	t.Run("no library", func(t *testing.T) {
		s := newSubscriber(t, broker)
		bare := t.TempDir() // a Python that finds no packages
		if err := os.WriteFile(filepath.Join(bare, "confluent_kafka.py"), []byte("raise ModuleNotFoundError('no', name='confluent_kafka')\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PYTHONPATH", bare)
		code, _, stderr := s.run(t)
		if code != boot.ExitDependency || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "pip install -r") {
			t.Errorf("exit %d: %q", code, stderr)
		}
	})
}

// publishAgain writes the first output of a topic to its partition again, as a
// producer does that does not know of its own success.
func publishAgain(t *testing.T, c *kafka.Cluster, topic string) {
	t.Helper()
	done := errors.New("done")
	err := c.Each(t.Context(), topic, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeClaim {
			return nil
		}
		if _, err := c.NewProducer(c.Prefix+"again").Append(context.WithoutCancel(t.Context()), topic, m.Partition, []schemas.Message{*m}); err != nil {
			return err
		}
		return done
	})
	if !errors.Is(err, done) {
		t.Fatalf("no record of %s is there to publish again: %v", topic, err)
	}
}

// spoil writes an alert that does not keep to its schema.
func spoil(t *testing.T, c *kafka.Cluster) {
	t.Helper()
	bad := schemas.Message{
		Key: []byte("x"), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeAlert}},
		Value: []byte(`{"id":"x","revision":0,"n":1,"phase":"panic","kind":"score","task":"news2","severity":"high","patient":"x","stay":"x","as_of":"2026-01-01T00:00:00.000Z","value":7,"threshold":7,"reason":"","score":"","model":"","policy":"","flags":[]}`),
	}
	if _, err := c.NewProducer(c.Prefix+"spoil").Append(t.Context(), schemas.TopicAlerts, 0, []schemas.Message{bad}); err != nil {
		t.Fatal(err)
	}
}

func fileText(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sortedLines are the lines of a text in order, without their ends.
func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}

func firstUnlike(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return got[i]
		}
	}
	return ""
}
