package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// What somebody types into the scripts of deploy/dev on a machine without Java, Maven
// and redis-server, and what they are told: one line, and nothing is left behind.
func TestDevScripts(t *testing.T) {
	bare := t.TempDir()
	for _, tool := range []string{"bash", "env", "cat", "sed", "grep", "head", "tail", "mkdir", "dirname", "rm", "seq", "sleep"} {
		path, err := exec.LookPath(tool)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bare, tool))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	stub := func(name, text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/usr/bin/env bash\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	java17 := stub("java", `echo 'openjdk version "17.0.16" 2025-07-15' >&2`)
	java8 := stub("java", `echo 'java version "1.8.0_401"' >&2`)
	for _, c := range []struct {
		name, args string
		also       string // folder on PATH beside the bare one
		code       int
		words      []string
	}{
		{"no Java", "kafka.sh start", "", boot.ExitDependency, []string{"no java", "apt-get install default-jre-headless"}},
		{"old Java", "kafka.sh start", java8, boot.ExitDependency, []string{"version 1", "wants 17", "apt-get install"}},
		{"no Maven", "kafka.sh start", java17, boot.ExitDependency, []string{"no mvn", "apt-get install maven"}},
		{"no Redis", "redis.sh start", "", boot.ExitDependency, []string{"no redis-server", "apt-get install redis-server"}},
		{"no Kafka there", "kafka.sh status", "", boot.ExitDependency, []string{"no Kafka in", "kafka.sh start"}},
		{"no Redis there", "redis.sh status", "", boot.ExitDependency, []string{"no Redis runs in", "redis.sh start"}},
		{"unknown command", "kafka.sh strat", "", boot.ExitUsage, []string{"strat", "start, stop"}},
		{"unknown flag", "kafka.sh start --broker 3", "", boot.ExitUsage, []string{"--broker", "--help"}},
		{"flag without value", "kafka.sh start --port", "", boot.ExitUsage, []string{"--port wants a value"}},
		{"two commands", "kafka.sh start stop", "", boot.ExitUsage, []string{"one command"}},
		{"unknown command for Redis", "redis.sh strat", "", boot.ExitUsage, []string{"strat", "--help"}},
		{"two commands for Redis", "redis.sh start stop", "", boot.ExitUsage, []string{"one command"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			words := strings.Fields(c.args)
			dir := filepath.Join(t.TempDir(), "data")
			script, err := filepath.Abs(filepath.Join(moduleRoot, "deploy/dev", words[0]))
			if err != nil {
				t.Fatal(err)
			}
			args := words[1:]
			if c.name != "flag without value" {
				args = append(args, "--dir", dir)
			}
			cmd := exec.Command(script, args...)
			cmd.Env = []string{"PATH=" + c.also + ":" + bare, "VIGIL_KAFKA_LIB=" + filepath.Join(t.TempDir(), "lib")}
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdout, err := cmd.Output()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.code || len(stdout) > 0 {
				t.Errorf("%v, want exit %d: %s%s", err, c.code, stdout, stderr.String())
			}
			line := strings.TrimSpace(stderr.String())
			if strings.Contains(line, "\n") || !strings.HasPrefix(line, words[0]+": ") {
				t.Errorf("not one line of %s: %q", words[0], line)
			}
			for _, word := range c.words {
				if !strings.Contains(line, word) {
					t.Errorf("%q does not say %q", line, word)
				}
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s is left behind", dir)
			}
		})
	}
}
