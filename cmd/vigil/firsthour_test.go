package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The first hour of a stranger: the commands that the README names and what they answer stand in testdata/firsthour.txt, side
// by side.
func TestFirstHour(t *testing.T) {
	if testing.Short() {
		t.Skip("watches a unit for some seconds: left out with -short")
	}
	root, err := filepath.Abs(moduleRoot)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: []string{"testdata/firsthour.txt"},
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"until": until},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PORT", freePort(t))
			e.Setenv("ROOT", root)
			return nil
		},
	})
}

// until runs a command until it has said what a pattern asks for, again where it ends before, and interrupts it then. What the
// pattern's brackets hold becomes a variable:
//
//	until NAME PATTERN command...
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: until NAME PATTERN command...")
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	deadline := time.Now().Add(time.Minute)
	for {
		var out safeBuffer
		cmd := exec.Command(args[2], args[3:]...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), &out, &out
		ts.Check(cmd.Start())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }()
		for running := true; running; {
			select {
			case <-ended:
				running = false
			case <-time.After(50 * time.Millisecond):
			}
			if found := pattern.FindStringSubmatch(out.String()); found != nil {
				if running {
					_ = cmd.Process.Signal(os.Interrupt)
					<-ended
				}
				ts.Setenv(args[0], found[len(found)-1])
				return
			}
			if time.Now().After(deadline) {
				_ = cmd.Process.Kill()
				<-ended
				ts.Fatalf("%s says nothing like %s within a minute: %s", strings.Join(args[2:], " "), args[1], out.String())
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// What a script of the first hour names as the README's commands are in the README.
func TestFirstHourIsTheREADMEs(t *testing.T) {
	readme := readRoot(t, "README.md")
	script := readFile(t, "testdata", "firsthour.txt")
	for _, word := range []string{"vigil demo", "vigil alerts tail", "vigil alerts ack", "vigil deadletters tail", "vigil channels", "vigil completion bash"} {
		if !strings.Contains(readme, word) || !bytes.Contains(script, []byte(strings.TrimPrefix(word, "vigil "))) {
			t.Errorf("%q is not in both, the README and the script of the first hour", word)
		}
	}
}
