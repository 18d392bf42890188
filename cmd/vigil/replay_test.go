package main

import (
	"bufio"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/jsonlines"
	"github.com/vigil-icu/vigil/schemas"
)

// few are two patients of the invented unit, as flags.
var few = []string{"--patients", "synth:0001,synth:0003", "--seed", "1", "--speed", "max"}

// What replay publishes and serve scores elsewhere is what the demo does in one
// process, also when the replay is cut off and begun again, and with three workers.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("plays a unit twice: left out with -short")
	}
	want := demoJSON(t, append([]string{"--store", "miniredis"}, few...)...)
	_, broker, redis := servers(t, "auto")
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "3"); code != 0 {
		t.Fatal(stderr)
	}
	serving, stop := context.WithCancel(t.Context())
	served := make(chan string, 1)
	go func() {
		_, _, stderr := vigil(serving, "serve", "--allow-runs", "--brokers", broker, "--redis", redis, "--workers", "3")
		served <- stderr
	}()
	defer func() {
		stop()
		<-served
	}()
	args := append([]string{"replay", "synth", "--brokers", broker}, few...)

	cut, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if code, _, stderr := vigil(cut, args...); code != boot.ExitInterrupted {
		t.Errorf("cut off: exit %d: %s", code, stderr)
	}
	code, stdout, stderr := vigil(t.Context(), append(args, "--wait")...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	got := decodeSummary(t, stdout)
	if got.Digest != want.Digest || got.Scores != want.Scores || got.Events.Published != want.Events.Published || got.Model != want.Model || got.Broker != "kafka" {
		t.Errorf("replayed: %+v\nwant      %+v", got, want)
	}
	if code, _, stderr := vigil(t.Context(), append(args, "--seed", "2")...); code != boot.ExitFailure || !strings.Contains(stderr, "--run NAME") {
		t.Errorf("another run on these topics: exit %d: %s", code, stderr)
	}
}

// A run that nobody goes on with holds up others, until it is ended where it stands: then the next
// one is scored.
func TestAnAbandonedRunIsEnded(t *testing.T) {
	c, broker, redis := servers(t, embedded.KindMiniredis)
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "2"); code != 0 {
		t.Fatal(stderr)
	}
	serving, stop := context.WithCancel(t.Context())
	served := make(chan struct{})
	go func() {
		vigil(serving, "serve", "--allow-runs", "--brokers", broker, "--redis", redis)
		close(served)
	}()
	defer func() {
		stop()
		<-served
	}()
	const patients = "synth:0001,synth:0003"
	cut, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	go func() { // it is left as soon as something of it is there
		for cut.Err() == nil {
			if _, next, err := c.Ends(cut, schemas.TopicADT); err == nil && next[0]+next[1] > 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	if code, _, stderr := vigil(cut, "replay", "synth", "--brokers", broker, "--patients", patients, "--speed", "1"); code != boot.ExitInterrupted {
		t.Fatalf("cut off: exit %d: %s", code, stderr)
	}
	other := []string{"replay", "synth", "--brokers", broker, "--patients", patients, "--seed", "2", "--run", "second", "--speed", "max", "--wait"}
	code, _, stderr := vigil(t.Context(), other...)
	_, after, found := strings.Cut(stderr, "vigil replay --end ")
	if code != boot.ExitFailure || !found {
		t.Fatalf("another run: exit %d: %s", code, stderr)
	}
	run, _, _ := strings.Cut(after, ")")
	for _, c := range []struct {
		run, want string
		code      int
	}{{"no-such", run, boot.ExitFailure}, {run, "ends at playing time", 0}, {run, "had ended before", 0}} {
		if code, _, stderr := vigil(t.Context(), "replay", "--end", c.run, "--brokers", broker); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("ending run %q: exit %d: %s", c.run, code, stderr)
		}
	}
	ctx, timeout := context.WithTimeout(t.Context(), 60*time.Second)
	defer timeout()
	code, stdout, stderr := vigil(ctx, other...)
	if code != 0 || decodeSummary(t, stdout).Scores == 0 {
		t.Fatalf("another run behind the end: exit %d: %s", code, stderr)
	}
}

// To stdout: every message of the run, one JSON object a line.
func TestReplayToStdout(t *testing.T) {
	code, stdout, stderr := vigil(t.Context(), append([]string{"replay", "synth", "--to", "stdout"}, few...)...)
	if code != 0 || !strings.Contains(stderr, schemas.Notice) {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	topics := map[string]int{}
	for lines := bufio.NewScanner(strings.NewReader(stdout)); lines.Scan(); {
		var l jsonlines.Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%v in %.200s", err, lines.Text())
		}
		if (len(l.Value) > 0) == (len(l.Base64) > 0) || !strings.HasPrefix(l.Key, "synth:") || l.Headers[schemas.HeaderRun] == "" {
			t.Fatalf("line %.300s", lines.Text())
		}
		topics[l.Topic]++
	}
	if topics[schemas.TopicVitals] < 1000 || topics[schemas.TopicECG] < 100 || topics[schemas.TopicADT] < 2 {
		t.Errorf("messages by topic: %v", topics)
	}
}
