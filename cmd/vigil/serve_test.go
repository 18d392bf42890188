package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// servers starts a broker and a store for processes beside this one. The store's password is in
// the environment.
func servers(t *testing.T, kind string) (c *kafka.Cluster, broker, redis string) {
	t.Helper()
	c, broker = brokerAlone(t)
	s, err := embedded.StartStore(t.Context(), t.TempDir(), kind, "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Setenv(boot.RedisPasswordVariable, "secret")
	return c, broker, "redis://" + s.Address + "/0"
}

// brokerAlone starts a broker for processes beside this one.
func brokerAlone(t *testing.T) (c *kafka.Cluster, broker string) {
	t.Helper()
	b, err := embedded.StartBroker(t.TempDir(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c = &kafka.Cluster{Brokers: b.Addresses()}
	t.Cleanup(c.Close)
	return c, b.Addresses()[0]
}

// eachScore reads the scores that are there so far.
func eachScore(t *testing.T, c *kafka.Cluster, see func(*schemas.Score)) {
	t.Helper()
	err := c.Each(t.Context(), schemas.TopicScores, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeScore {
			return nil
		}
		s, err := schemas.DecodeScore(m.Value)
		if err == nil {
			see(s)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// waitScored waits until the patient has scores of so many messages.
func waitScored(t *testing.T, c *kafka.Cluster, patient string, logN uint64) (bodies map[uint64]int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		bodies = map[uint64]int{}
		eachScore(t, c, func(s *schemas.Score) {
			if s.Patient == patient {
				bodies[s.N]++
			}
		})
		if uint64(len(bodies)) >= logN {
			return bodies
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d scores of %s, want %d", len(bodies), patient, logN)
		}
	}
}

// live sends one live vitals message, measured minute minutes after the first.
func live(t *testing.T, c *kafka.Cluster, p *kafka.Producer, patient string, seq int) {
	t.Helper()
	at := schemas.FromStd(time.Now())
	e := &schemas.Event{Topic: schemas.TopicVitals, Patient: patient, Source: "gateway", Seq: uint64(seq), HasSeq: true,
		Vitals: &schemas.Vitals{Head: schemas.Head{EventTime: &at}, Values: map[string]json.Number{"heart_rate": json.Number(fmt.Sprint(60 + seq))}}}
	m, err := schemas.EncodeEvent(e)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Append(t.Context(), m.Topic, kafka.PartitionOf(m.Key, n), []schemas.Message{m}); err != nil {
		t.Fatal(err)
	}
}

// waitLetter waits until the last dead letter of a partition has a text in it.
func waitLetter(t *testing.T, c *kafka.Cluster, partition int, text string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		m, found, err := c.LastThat(t.Context(), schemas.TopicDeadLetters, partition, func(m *schemas.Message) bool {
			kind, _ := m.Header(schemas.HeaderType)
			return kind == schemas.TypeDeadLetter
		})
		if err != nil {
			t.Fatal(err)
		}
		if found && strings.Contains(string(m.Value), text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the last dead letter, %v, is not of %s: %s", found, text, m.Value)
		}
	}
}

// A process serves, is killed, another goes on; a third ends on SIGTERM in good
// order. Each patient's first message is scored at once, each score once.
func TestServe(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and kills it: left out with -short")
	}
	c, broker, redis := servers(t, "auto")
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "4"); code != 0 {
		t.Fatal(stderr)
	}
	path := binary(t)
	w := &program{t: t, path: path, args: []string{"serve", "--brokers", broker, "--redis", redis}}
	p := c.NewProducer("gateway")
	w.start()
	live(t, c, p, "ward:1", 1)
	waitScored(t, c, "ward:1", 1)
	wantSaid(t, w, schemas.Notice)
	for line := range strings.Lines(w.talk.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("off a terminal it says what is no JSON object: %q", line)
		}
	}
	recorded := schemas.NewMark("a-run", 1, false)
	if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, []schemas.Message{recorded}); err != nil {
		t.Fatal(err)
	}
	waitLetter(t, c, 0, "runs_off")
	w.kill()
	live(t, c, p, "ward:2", 1)
	w.start()
	for patient, bodies := range map[string]map[uint64]int{"ward:1": waitScored(t, c, "ward:1", 1), "ward:2": waitScored(t, c, "ward:2", 1)} {
		for n, times := range bodies {
			if times != 1 {
				t.Errorf("%s: score %d is there %d times", patient, n, times)
			}
		}
	}
	w.drains("when all is done")

	// Other settings are refused, and taken where the logs are to ask for them.
	code, _, stderr := vigil(t.Context(), "serve", "--brokers", broker, "--redis", redis, "--score-interval", "5m")
	if code != boot.ExitDependency || !strings.Contains(stderr, "score_interval=1m0s, here: inputs=all score_interval=5m0s") || !strings.Contains(stderr, "--switch") {
		t.Fatalf("serve with another score interval: exit %d, %s", code, stderr)
	}
	w.args = append(w.args, "--score-interval", "5m", "--switch")
	w.start()
	live(t, c, p, "ward:3", 1)
	waitScored(t, c, "ward:3", 1)
	wantSaid(t, w, "switched")
	w.drains("when the logs were switched")
}

// The password of a Redis comes from the environment or a file, and one that is wrong or missing
// is one clear line.
func TestRedisPassword(t *testing.T) {
	_, broker, redis := servers(t, embedded.KindMiniredis)
	file := filepath.Join(t.TempDir(), "password")
	serve := func(env, inFile string) (code int, stderr string) {
		t.Setenv(boot.RedisPasswordVariable, env)
		args := []string{"serve", "--brokers", broker, "--redis", redis}
		if inFile != "" {
			if err := os.WriteFile(file, []byte(inFile+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "--redis-password-file", file)
		}
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
		defer stop()
		code, _, stderr = vigil(ctx, args...)
		return code, stderr
	}
	for _, c := range []struct{ env, file, want string }{
		{"secret", "", "vigil topics init"}, {"", "secret", "vigil topics init"}, {"wrong", "secret", "vigil topics init"},
		{"", "", boot.RedisPasswordVariable}, {"wrong", "", boot.RedisPasswordVariable},
	} {
		if code, stderr := serve(c.env, c.file); code != boot.ExitDependency || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "secret") {
			t.Errorf("environment %q, file %q: exit %d: %s", c.env, c.file, code, stderr)
		}
	}
}

// Topics that are not there are one clear line.
func TestServeWithoutTopics(t *testing.T) {
	_, broker, redis := servers(t, embedded.KindMiniredis)
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	code, _, stderr := vigil(ctx, "serve", "--brokers", broker, "--redis", redis)
	if code != boot.ExitDependency || !strings.Contains(stderr, "vigil topics init") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
