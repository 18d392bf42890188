package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// secured is a Kafka with TLS, users and access lists. vigil may do all; guest only
// what a test grants.
type secured struct {
	t     *testing.T
	kafka *realkafka.Kafka
	port  int
	dir   string // of password files
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	port := realkafka.FreePort()
	s := &secured{t: t, port: port, dir: t.TempDir(), kafka: realkafka.Start(t, realkafka.Options{Secure: true, Port: port})}
	for _, password := range []string{"vigil-secret", "guest-secret", "wrong"} {
		if err := os.WriteFile(filepath.Join(s.dir, password), []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// as are the flags of a user; mechanism is that of --sasl.
func (s *secured) as(mechanism, user, password string) []string {
	return []string{"--brokers", fmt.Sprintf("localhost:%d", s.port), "--tls-ca", s.kafka.CA,
		"--sasl", mechanism, "--user", user, "--password-file", filepath.Join(s.dir, password)}
}

// right is one thing that a user may do.
type right struct {
	resource  kafkago.ResourceType
	name      string // with everything that begins so
	operation kafkago.ACLOperationType
}

// rights are those that the README lists for a worker, under a prefix.
func rights(prefix string) []right {
	return []right{
		{kafkago.ResourceTypeTopic, prefix, kafkago.ACLOperationTypeDescribe},
		{kafkago.ResourceTypeTopic, prefix, kafkago.ACLOperationTypeRead},
		{kafkago.ResourceTypeTopic, prefix, kafkago.ACLOperationTypeWrite},
		{kafkago.ResourceTypeGroup, prefix + boot.Group, kafkago.ACLOperationTypeRead},
		{kafkago.ResourceTypeTransactionalID, prefix + boot.Group, kafkago.ACLOperationTypeWrite},
	}
}

// grant gives rights to guest, by the listener of the machine itself.
func (s *secured) grant(rights []right) {
	s.t.Helper()
	c := &kafkago.Client{Addr: kafkago.TCP(fmt.Sprintf("127.0.0.1:%d", s.port+2)), Timeout: 30 * time.Second}
	var entries []kafkago.ACLEntry
	for _, r := range rights {
		entries = append(entries, kafkago.ACLEntry{
			ResourceType: r.resource, ResourceName: r.name, ResourcePatternType: kafkago.PatternTypePrefixed,
			Principal: "User:guest", Host: "*", Operation: r.operation, PermissionType: kafkago.ACLPermissionTypeAllow,
		})
	}
	answer, err := c.CreateACLs(s.t.Context(), &kafkago.CreateACLsRequest{ACLs: entries})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, err := range answer.Errors {
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestRealAccess is a Kafka as a hospital has it. Every way in works; who is refused is
// told so, and what for, never that a topic is not there.
func TestRealAccess(t *testing.T) {
	s := startSecured(t)
	t.Run("ways in", s.waysIn)
	t.Run("refused", s.refused)
	t.Run("rights", s.missingRights)
}

func (s *secured) waysIn(t *testing.T) {
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		code, stdout, stderr := vigil(t.Context(), append([]string{"topics", "init", "--topic-prefix", mechanism + ".", "--partitions", "2"}, s.as(mechanism, "vigil", "vigil-secret")...)...)
		if code != 0 || !strings.Contains(stdout, "11 topics made") {
			t.Errorf("%s: exit %d: %s%s", mechanism, code, stdout, stderr)
		}
	}
}

func (s *secured) refused(t *testing.T) {
	secure, plain := fmt.Sprintf("localhost:%d", s.port), fmt.Sprintf("localhost:%d", s.port+2)
	for _, c := range []struct {
		name  string
		flags []string
		words []string
	}{
		{"wrong password, plain", s.as("plain", "vigil", "wrong"), []string{"refuses", "SASL", "password"}},
		{"wrong password, scram-sha-256", s.as("scram-sha-256", "vigil", "wrong"), []string{"refuses", "SASL", "password"}},
		{"wrong password, scram-sha-512", s.as("scram-sha-512", "vigil", "wrong"), []string{"refuses", "SASL", "password"}},
		{"unknown user", s.as("scram-sha-512", "nobody", "wrong"), []string{"refuses", "SASL", "user"}},
		{"no user", []string{"--brokers", secure, "--tls-ca", s.kafka.CA}, []string{secure, "--sasl"}},
		{"no TLS", []string{"--brokers", secure}, []string{secure, "--tls"}},
		{"unknown authority", []string{"--brokers", secure, "--tls"}, []string{secure, "certificate", "--tls-ca"}},
		{"TLS where there is none", []string{"--brokers", plain, "--tls"}, []string{plain, "TLS"}},
	} {
		for _, command := range [][]string{{"topics", "check"}, {"serve", "--redis", "redis://127.0.0.1:1/0"}} {
			t.Run(c.name+", "+command[0], func(t *testing.T) {
				t.Parallel()
				wantRefused(t, append(command[:len(command):len(command)], c.flags...), c.words)
			})
		}
	}
}

// wantRefused runs a command that must end by itself, with exit 3 and one line that
// has the words and does not speak of topics that are not there.
func wantRefused(t *testing.T, args, words []string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	code, _, stderr := vigil(ctx, args...)
	line := lastLine(stderr)
	if code != boot.ExitDependency || !strings.HasPrefix(line, "vigil: ") || strings.Contains(strings.ToLower(line), "not found") || strings.Contains(line, "there is no topic") || strings.Contains(line, "topics init") {
		t.Errorf("exit %d, want %d and one line: %s", code, boot.ExitDependency, stderr)
	}
	for _, word := range words {
		if !strings.Contains(line, word) {
			t.Errorf("%q does not say %q", line, word)
		}
	}
}

// missingRights takes one right after the other from a worker, each time under a prefix
// of its own; with all of them it scores.
func (s *secured) missingRights(t *testing.T) {
	st, err := embedded.StartStore(t.Context(), t.TempDir(), embedded.KindMiniredis, "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	t.Setenv(boot.RedisPasswordVariable, "secret")
	worker := func(prefix string) []string {
		return append([]string{"serve", "--allow-runs", "--redis", "redis://" + st.Address + "/0", "--topic-prefix", prefix}, s.as("scram-sha-512", "guest", "guest-secret")...)
	}
	all := len(rights(""))
	words := [][]string{
		nil, // Read or Write carry Describe
		{"icu.", "Topic Authorization", "Read"},
		{"icu.", "Topic Authorization", "Write"},
		{"vigil", "Group Authorization", "Read"},
		{"vigil", "Transactional ID Authorization", "Write"},
	}
	for i := range all + 1 {
		prefix := "r" + strconv.Itoa(i) + "."
		if code, _, stderr := vigil(t.Context(), append([]string{"topics", "init", "--topic-prefix", prefix, "--partitions", "2"}, s.as("plain", "vigil", "vigil-secret")...)...); code != 0 {
			t.Fatal(stderr)
		}
		if i < all {
			s.grant(slices.Delete(rights(prefix), i, i+1))
		} else {
			s.grant(rights(prefix))
		}
	}
	t.Run("none", func(t *testing.T) {
		wantRefused(t, append([]string{"serve", "--redis", "redis://" + st.Address + "/0", "--topic-prefix", "plain."}, s.as("scram-sha-512", "guest", "guest-secret")...), []string{"plain.icu.", "Topic Authorization", "Describe"})
	})
	for i, missing := range words {
		if missing != nil {
			t.Run(fmt.Sprintf("without %v on %v", rights("")[i].operation, rights("")[i].resource), func(t *testing.T) {
				wantRefused(t, worker("r"+strconv.Itoa(i)+"."), missing)
			})
		}
	}
	t.Run("doctor", func(t *testing.T) {
		for prefix, want := range map[string]string{"r2.": "missing: Write on r2.icu.", "r" + strconv.Itoa(all) + ".": "read, write and describe"} {
			_, stdout, stderr := vigil(t.Context(), append([]string{"doctor", "--redis", "redis://" + st.Address + "/0", "--topic-prefix", prefix}, s.as("scram-sha-512", "guest", "guest-secret")...)...)
			if !strings.Contains(stdout, "rights: "+want) {
				t.Errorf("%s: want rights: %s in %s%s", prefix, want, stdout, stderr)
			}
		}
	})
	t.Run("all", func(t *testing.T) {
		prefix := "r" + strconv.Itoa(all) + "."
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan string, 1)
		go func() {
			code, _, stderr := vigil(ctx, worker(prefix)...)
			ended <- fmt.Sprintf("exit %d: %s", code, stderr)
		}()
		args := append([]string{"replay", "synth", "--patients", "synth:0001", "--speed", "max", "--wait", "--topic-prefix", prefix}, s.as("scram-sha-256", "vigil", "vigil-secret")...)
		code, stdout, stderr := vigil(t.Context(), args...)
		stop()
		said := <-ended
		if code != 0 {
			t.Fatalf("exit %d: %s; the worker: %s", code, stderr, said)
		}
		if got := decodeSummary(t, stdout); got.Scores == 0 {
			t.Errorf("no scores: %+v", got)
		}
		if !strings.Contains(said, schemas.Notice) {
			t.Errorf("the worker: %s", said)
		}
	})
}
