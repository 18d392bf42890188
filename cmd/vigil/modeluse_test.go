package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// `vigil model use` lets the workers at work go on with another model, and those that come after
// them; a model that does not fit is refused before anything is sent.
func TestModelUse(t *testing.T) {
	c, broker, redis := servers(t, embedded.KindMiniredis)
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "2"); code != 0 {
		t.Fatal(stderr)
	}
	run := func(args ...string) (int, string, string) {
		return vigil(t.Context(), append(args, "--brokers", broker, "--redis", redis)...)
	}
	p := c.NewProducer("gateway")
	serve := func(args ...string) (stop func() string) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan string, 1)
		go func() {
			_, _, stderr := vigil(ctx, append(append([]string{"serve", "--brokers", broker, "--redis", redis}, args...), "--id", "w")...)
			ended <- stderr
		}()
		return func() string { cancel(); return <-ended }
	}
	stop := serve("--model", boot.NoModel)
	live(t, c, p, "ward:1", 1)
	waitModel(t, c, "ward:1", "")
	code, stdout, stderr := run("model", "use", fusion.Drawn)
	if code != 0 || !strings.Contains(stdout, "2 of 2 logs ask for it from here on") || !strings.Contains(stdout, "untrained") {
		t.Fatalf("exit %d: %s%s", code, stdout, stderr)
	}
	live(t, c, p, "ward:2", 1)
	waitModel(t, c, "ward:2", fusion.Untrained().Hash())
	stop()
	if code, stdout, stderr = run("model", "use", fusion.Drawn); code != 0 || !strings.Contains(stdout, "0 of 2 logs") {
		t.Fatalf("once more: exit %d: %s%s", code, stdout, stderr)
	}
	stop = serve("--model", boot.NoModel)
	live(t, c, p, "ward:3", 1)
	waitModel(t, c, "ward:3", fusion.Untrained().Hash())
	stop()

	// A model in the shadow is compared at the end, and one with which nothing can be is refused.
	stop = serve("--model", fusion.Drawn, "--shadow", fusion.OpenICU)
	for patient := range 6 {
		live(t, c, p, fmt.Sprintf("shadow:%d", patient), 1)
	}
	waitModel(t, c, "shadow:5", fusion.Untrained().Hash())
	if said := stop(); !strings.Contains(said, "shadow "+fusion.Shipped().Hash()[:12]) {
		t.Errorf("the end says nothing of the shadow: %s", said)
	}
	for _, model := range []string{boot.NoModel, fusion.OpenICU} {
		if code, _, stderr := run("serve", "--model", model, "--shadow", fusion.OpenICU); code != boot.ExitUsage || !strings.Contains(stderr, "--shadow") {
			t.Errorf("a shadow of itself, or of none: exit %d: %s", code, stderr)
		}
	}

	dir := t.TempDir()
	rule := filepath.Join(dir, "policy.yaml")
	text := strings.ReplaceAll(string(alerts.DefaultPolicyYAML()), "mortality", "mortalty")
	torn := filepath.Join(dir, "torn.safetensors")
	for file, content := range map[string]string{rule: text, torn: "torn"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, wrong := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{fusion.Drawn, "--policy", rule}, boot.ExitUsage, "did you mean mortality?"},
		{[]string{torn}, boot.ExitUsage, "vigil model verify"},
		{[]string{filepath.Join(dir, "none.safetensors")}, boot.ExitUsage, "none.safetensors"},
		{[]string{fusion.OpenICU, "--wait", "300ms"}, boot.ExitDependency, "is a worker running"},
	} {
		if code, _, stderr := run(append([]string{"model", "use"}, wrong.args...)...); code != wrong.code || !strings.Contains(stderr, wrong.want) {
			t.Errorf("%v: exit %d, want %d with %q: %s", wrong.args, code, wrong.code, wrong.want, stderr)
		}
	}
}

// waitModel waits for a score of the patient, and holds which model made it.
func waitModel(t *testing.T, c *kafka.Cluster, patient, hash string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		found, by := false, ""
		eachScore(t, c, func(s *schemas.Score) {
			if s.Patient == patient {
				found, by = true, s.Model
			}
		})
		if found {
			if by != hash {
				t.Fatalf("%s was scored by model %q, want %q", patient, by, hash)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has no score", patient)
		}
	}
}
