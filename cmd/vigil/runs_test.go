package main

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
)

// One run at a time: the same command again goes on where it ended, other options
// are refused with the mend, a named run begins behind the end of the one before.
func TestRunsOnOneState(t *testing.T) {
	if testing.Short() {
		t.Skip("plays three runs: left out with -short")
	}
	state := t.TempDir()
	args := []string{"--speed", "max", "--store", "miniredis", "--state", state, "--patients", "synth:0001,synth:0003", "--seed"}
	first := demoJSON(t, append(args, "1")...)
	again := demoJSON(t, append(args, "1")...)
	if again.Digest != first.Digest || again.Scores != first.Scores || again.FirstAlertMS != nil {
		t.Errorf("the same command again: %+v, want %+v", again, first)
	}
	code, _, stderr := vigil(t.Context(), append(append([]string{"demo"}, args...), "2")...)
	if code != boot.ExitFailure || !strings.Contains(stderr, "--run NAME") {
		t.Errorf("another run: exit %d: %s", code, stderr)
	}
	fresh := demoJSON(t, "--speed", "max", "--store", "miniredis", "--patients", "synth:0001,synth:0003", "--seed", "2", "--run", "second")
	named := demoJSON(t, append(args, "2", "--run", "second")...)
	if named.Digest != fresh.Digest || named.Events.Published != fresh.Events.Published || named.Patients != 2 {
		t.Errorf("a named run behind another: %+v, want %+v", named, fresh)
	}
	if back := demoJSON(t, append(append([]string{"--run", "second"}, args...), "2")...); back.Digest != named.Digest {
		t.Errorf("the named run again: %s, want %s", back.Digest, named.Digest)
	}
}
