package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// A demo is found without --brokers while it runs, and not when it has ended or was killed.
func TestAlertsOfARunningDemo(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", t.TempDir())
	house, err := boot.Start(t.Context(), boot.Config{Store: "miniredis", Partitions: 1, Workers: 1, Model: boot.NoModel, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	address := house.Cluster.Brokers[0]
	if got := boot.RunningDemos(); !slices.Contains(got, address) {
		t.Errorf("%v, want %s", got, address)
	}
	if code, _, stderr := vigil(t.Context(), "alerts", "export"); code != 0 || !strings.Contains(stderr, "found a demo at "+address) {
		t.Errorf("alerts export: %d %s", code, stderr)
	}
	// Another user of this machine does not know the password.
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if code, _, stderr := vigil(t.Context(), "alerts", "export", "--brokers", address); code != boot.ExitDependency || !strings.Contains(stderr, "another user's demo") {
		t.Errorf("alerts export of another user: %d %s", code, stderr)
	}
	t.Setenv("XDG_CACHE_HOME", cache)
	if err := house.Close(); err != nil {
		t.Fatal(err)
	}
	if got := boot.RunningDemos(); len(got) > 0 {
		t.Errorf("after its end: %v", got)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "vigil", "demos", "999999999-127.0.0.1-1")
	if err := os.WriteFile(left, []byte("127.0.0.1:1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := boot.RunningDemos(); len(got) > 0 {
		t.Errorf("of a killed one: %v", got)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed one left behind is still there")
	}
}
