package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// working is a house with live topics, at work until the test ends.
func working(t *testing.T) (c *kafka.Cluster, address string) {
	t.Helper()
	house, err := boot.Start(t.Context(), boot.Config{State: t.TempDir(), Store: "miniredis", Partitions: 2, Workers: 1, LiveOnly: true, ScoreInterval: schemas.Second, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- house.Work(ctx) }()
	t.Cleanup(func() {
		stop()
		<-done
		_ = house.Close()
	})
	return house.Cluster, house.Cluster.Brokers[0]
}

// sent publishes lines of live messages with `vigil publish`.
func sent(t *testing.T, address string, lines ...string) {
	t.Helper()
	if _, stderr, err := piped(t, strings.NewReader(strings.Join(lines, "\n")+"\n"), "publish", "-", "--brokers", address, "--state", filepath.Join(t.TempDir(), "state")); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// A person sees what was refused, each fault with its own reason, mends it and sends it again: it is scored, and
// what had gone on does not come twice.
func TestRefusedMessagesAreMendedAndSentAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a worker: left out with -short")
	}
	c, address := working(t)
	now := schemas.Time(time.Now().UnixMilli())
	sent(t, address,
		fmt.Sprintf(`{"topic":"icu.adt.v1","value":{"patient":"h:1","source":"his","event_time":"%s","type":"admit","stay":"s1"}}`, now),
		fmt.Sprintf(`{"topic":"icu.vitals.v1","value":{"patient":"h:1","source":"gw","event_time":"%s","values":{"hart_rate":131,"spo2":97},"observations":[{"channel":"temperature","value":37,"unit":"furlong"}]}}`, now))
	letters := func() []schemas.Message { return messagesOf(t, c, schemas.TopicDeadLetters, schemas.TypeDeadLetter) }
	eventually(t, "the dead letter", func() bool { return len(letters()) == 1 })

	ctx, cancel := context.WithCancel(t.Context())
	var out, talk safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"deadletters", "tail", "--all", "--reason", "bad_unit", "--source", "gw", "--brokers", address}, &out, &talk)
	}()
	eventually(t, "its line", func() bool { return strings.Contains(out.String(), "\n") })
	cancel()
	if code := <-ended; code != boot.ExitInterrupted {
		t.Errorf("tail ends with %d: %s", code, talk.String())
	}
	line := regexp.MustCompile(`^\d{4}-\S+Z (icu\.vitals\.v1/\d/\d+) gw unknown_channel: values\.hart_rate: found "hart_rate", expected .*heart_rate\?; also bad_unit: observations\[0\]\.unit: found "furlong" \(the rest of it went on\)\n$`).FindStringSubmatch(out.String())
	if line == nil {
		t.Fatalf("tail prints %q", out.String())
	}
	id := line[1]

	code, shown, stderr := vigil(t.Context(), "deadletters", "show", id, "--brokers", address)
	for _, word := range []string{"when", "gw, icu.vitals.v1", "went on", "unknown_channel", "values.hart_rate", "heart_rate?", "bad_unit", "observations[0].unit", `"furlong"`, "one of the units", "vigil channels", "sha256", `"hart_rate":131`} {
		if !strings.Contains(shown, word) {
			t.Errorf("show does not say %q: exit %d\n%s%s", word, code, shown, stderr)
		}
	}
	if strings.Count(shown, "\nmend ") != 2 {
		t.Errorf("two faults are not two reasons:\n%s", shown)
	}
	if code, _, stderr := vigil(t.Context(), "deadletters", "replay", id, "--brokers", address); code != boot.ExitProblems || !strings.Contains(stderr, "refused again") || !strings.Contains(stderr, "(and 1 more)") {
		t.Errorf("what is not mended: exit %d: %s", code, stderr)
	}

	_, body, _ := vigil(t.Context(), "deadletters", "show", id, "--payload", "--brokers", address)
	if strings.Contains(body, "spo2") || !strings.Contains(body, "hart_rate") || !strings.Contains(body, "furlong") {
		t.Fatalf("to be mended is %s", body)
	}
	file := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(file, []byte(strings.NewReplacer("hart_rate", "heart_rate", "furlong", "Cel").Replace(body)), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := vigil(t.Context(), "deadletters", "replay", id, "--body", file, "--brokers", address); code != 0 || !strings.Contains(stdout, "sent again") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	eventually(t, "a score of the mended values", func() (found bool) {
		eachScore(t, c, func(s *schemas.Score) {
			has := func(channel string, value float32) bool {
				return slices.ContainsFunc(s.NEWS2.Inputs, func(in schemas.NEWS2Input) bool {
					return in.Channel == channel && in.Value == value && in.EventTime == now.Floor16()
				})
			}
			found = found || has("heart_rate", 131) && has("temperature", 37) && has("spo2", 97)
		})
		return found
	})
	if n := len(letters()); n != 1 {
		t.Errorf("%d dead letters after the mend", n)
	}
	if code, _, stderr := vigil(t.Context(), "deadletters", "show", "icu.vitals.v1/0/999", "--brokers", address); code != boot.ExitUsage || !strings.Contains(stderr, "tail --all") {
		t.Errorf("an id of none: exit %d: %s", code, stderr)
	}
}

// What is recorded, what came by a door and what is cut is not sent among live messages.
func TestWhatIsNotSentAgain(t *testing.T) {
	c, _ := broker(t)
	whole := schemas.DeadLetter{Reason: schemas.UnknownChannel, Field: "values.pulse", Topic: schemas.TopicVitals, Offset: 7, Source: "gw", Length: 4, Payload: []byte("{  }")}
	for _, k := range []struct {
		name   string
		change func(*schemas.DeadLetter)
		word   string
	}{
		{"of a data set", func(d *schemas.DeadLetter) { d.Source = "mimic-iv@12ab" }, "vigil replay"},
		{"of another run", func(d *schemas.DeadLetter) { d.Reason = schemas.WrongRun }, "vigil replay"},
		{"of a door", func(d *schemas.DeadLetter) { d.Topic = "jsonlines" }, "vigil publish"},
		{"of the log", func(d *schemas.DeadLetter) { d.Topic = schemas.TopicLog }, "show"},
		{"cut", func(d *schemas.DeadLetter) { d.Length = 1 << 20 }, "--body"},
		{"without a patient", func(*schemas.DeadLetter) {}, "bad_key"},
		{"partial, of unnamed values", func(d *schemas.DeadLetter) { d.Partial, d.Field = true, "event_time of spo2" }, "--body"},
	} {
		d := whole
		k.change(&d)
		_, err := (&refused{id: "x", DeadLetter: d}).mend(t.Context(), c, nil, time.UTC)
		if err == nil || !strings.Contains(err.Error(), k.word) {
			t.Errorf("%s: %v does not say %q", k.name, err, k.word)
		}
	}
}

// Each reason that a dead letter can have says how to mend it.
func TestEveryReasonHasAMend(t *testing.T) {
	found := regexp.MustCompile(`(?m)^\t\w+ +Reason = "(\w+)"`).FindAllStringSubmatch(readRoot(t, "schemas/problem.go"), -1)
	if len(found) != len(mends) {
		t.Errorf("%d reasons, %d mends", len(found), len(mends))
	}
	for _, m := range found {
		if mends[schemas.Reason(m[1])] == "" {
			t.Errorf("no mend of %s", m[1])
		}
	}
}
