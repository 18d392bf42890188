package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/jsonlines"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// broker is a Kafka for one test, with topics of 3 partitions.
func broker(t *testing.T) (c *kafka.Cluster, address string) {
	t.Helper()
	b, err := embedded.StartBroker(t.TempDir(), 0, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	c = &kafka.Cluster{Brokers: b.Addresses()}
	t.Cleanup(c.Close)
	if _, err := c.CreateTopics(t.Context(), 3, 1); err != nil {
		t.Fatal(err)
	}
	return c, b.Addresses()[0]
}

// piped runs the program with something on its standard input.
func piped(t *testing.T, in io.Reader, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, talk bytes.Buffer
	root := rootCommand(&out, &talk)
	root.SetIn(in)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return out.String(), talk.String(), err
}

// messagesOf are the records of a type in a topic.
func messagesOf(t *testing.T, c *kafka.Cluster, topic, kind string) (out []schemas.Message) {
	t.Helper()
	err := c.Each(t.Context(), topic, func(m *schemas.Message) error {
		if k, _ := m.Header(schemas.HeaderType); k == kind {
			out = append(out, *m)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The example of the README, run twice: one message, whose answer says its number.
func TestPublishOfTheREADME(t *testing.T) {
	found := regexp.MustCompile("(?s)```\necho '([^']*)' \\|\n  vigil (publish [^\n]*)\n```").FindStringSubmatch(readRoot(t, "README.md"))
	if found == nil {
		t.Fatal("the README has no example of vigil publish")
	}
	c, address := broker(t)
	args := strings.Fields(found[2])
	for i, a := range args {
		switch args[max(0, i-1)] {
		case "--brokers":
			args[i] = address
		case "--state":
			args[i] = filepath.Join(t.TempDir(), a)
		}
	}
	for run := range 2 {
		stdout, stderr, err := piped(t, strings.NewReader(found[1]+"\n"), args...)
		var a jsonlines.Answer
		if err != nil || json.Unmarshal([]byte(stdout), &a) != nil || !a.Accepted || a.Seq != 1 || a.Repeat != (run == 1) {
			t.Fatalf("run %d: %v, %q: %s", run, err, stdout, stderr)
		}
	}
	got := messagesOf(t, c, schemas.TopicVitals, schemas.TypeVitals)
	if len(got) != 1 || string(got[0].Key) != "site:42" || got[0].Partition != kafka.PartitionOf(got[0].Key, 3) {
		t.Errorf("the topic holds %+v", got)
	}
	if e, problem := schemas.DecodeEvent(&got[0]); problem != nil || e.Source != "my-gateway" || e.Seq != 1 {
		t.Errorf("%+v, %v", e, problem)
	}
}

// A file with a bad line: the good ones are in their topics, the bad one is a dead letter
// and the exit code says so. Published again, the file comes in once.
func TestPublishAFile(t *testing.T) {
	c, address := broker(t)
	file := filepath.Join(t.TempDir(), "unit.jsonl")
	text := `{"topic":"icu.vitals.v1","value":{"patient":"site:1","source":"gw","values":{"heart_rate":80}}}
{"topic":"icu.notes.v1","value":{"patient":"site:2","source":"gw","kind":"nursing","text":"Sleeps."}}
{"topic":"icu.vitals.v1","value":{"patient":"site 1","source":"gw","values":{"heart_rate":80}}}
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for run, want := range []string{"2 messages accepted (0 of them came before), 1 refused", "2 messages accepted (2 of them came before), 1 refused"} {
		code, stdout, stderr := vigil(t.Context(), "publish", file, "--brokers", address)
		if code != boot.ExitProblems || strings.Count(stdout, "\n") != 3 || !strings.Contains(stderr, want) {
			t.Fatalf("run %d: exit %d, %s%s", run, code, stdout, stderr)
		}
	}
	if v, n := messagesOf(t, c, schemas.TopicVitals, schemas.TypeVitals), messagesOf(t, c, schemas.TopicNotes, schemas.TypeNote); len(v) != 1 || len(n) != 1 {
		t.Errorf("%d vitals and %d notes", len(v), len(n))
	}
	letters := messagesOf(t, c, schemas.TopicDeadLetters, schemas.TypeDeadLetter)
	if len(letters) != 2 { // one a time that it was sent
		t.Fatalf("%d dead letters", len(letters))
	}
	d, err := schemas.DecodeDeadLetter(letters[0].Value)
	if err != nil || d.Reason != schemas.BadPatient || d.Topic != "jsonlines" || d.Offset != 2 || !strings.Contains(string(d.Payload), "site 1") {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := os.Stat(file + ".published"); err != nil {
		t.Error(err)
	}
}
