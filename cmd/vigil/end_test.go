package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
)

// A command that is told to end does so also where its broker is away: it says that it waits
// for it, ends within the promised time, and a second Ctrl-C ends it at once.
func TestCommandsEndWithoutBroker(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and waits for it: left out with -short")
	}
	path := binary(t)
	for _, args := range []string{
		"replay synth --speed 20",
		"replay synth --speed max --wait",
		"alerts tail",
		"demo --no-web --speed 20 --store miniredis",
	} {
		for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(args+" "+signal.String(), func(t *testing.T) {
				b, err := embedded.StartBroker(t.TempDir(), 0, "")
				if err != nil {
					t.Fatal(err)
				}
				c := &kafka.Cluster{Brokers: b.Addresses()}
				_, err = c.CreateTopics(t.Context(), 2, 1)
				c.Close()
				if err != nil {
					t.Fatal(err)
				}
				p := &program{t: t, path: path, args: append(strings.Fields(args), "--brokers", b.Addresses()[0])}
				p.start()
				p.until(30*time.Second, "the first words", func() bool { return p.talk.String() != "" || p.out.Len() > 0 })
				time.Sleep(time.Second) // until it is at work
				b.Close()
				if args != "alerts tail" {
					p.says(0, "fails, trying on")
				}
				begun := time.Now()
				_ = p.cmd.Process.Signal(signal)
				err = <-p.ended
				p.ended <- err
				if took := time.Since(begun); took > drainsWithin {
					t.Errorf("ended %s after %s, want within %s: %s", took, signal, drainsWithin, p.talk.String())
				}
				if code := p.cmd.ProcessState.ExitCode(); code != boot.ExitInterrupted {
					t.Errorf("exit %d (%v), want %d: %s", code, err, boot.ExitInterrupted, p.talk.String())
				}
			})
		}
	}
}

// A demo on a Kafka beside a worker that owns some of the partitions ends when all is scored,
// by whomever.
func TestDemoBesideAWorkerEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and waits for it: left out with -short")
	}
	path := binary(t)
	_, broker, redis := servers(t, "auto")
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "4"); code != 0 {
		t.Fatal(stderr)
	}
	worker := &program{t: t, path: path, args: []string{"serve", "--allow-runs", "--brokers", broker, "--redis", redis}}
	worker.start()
	worker.says(0, "Vigil")
	time.Sleep(2 * time.Second) // until it owns the partitions
	code, _, talk := vigil(t.Context(), "demo", "--brokers", broker, "--redis", redis, "--data", "../../testdata/mimic-iv",
		"--patients", "mimic-iv:90000002", "--speed", "max", "--no-web", "--summary", "json")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, talk)
	}
	worker.terminate()
}

// A demo whose embedded redis-server has died ends within the
// promised time when it is told to.
func TestDemoEndsWhoseStoreHasDied(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program and waits for it: left out with -short")
	}
	if _, err := exec.LookPath("redis-server"); err != nil || runtime.GOOS != "linux" {
		t.Skip("needs redis-server on PATH, and Linux to find the child")
	}
	p := &program{t: t, path: binary(t), args: []string{"demo", "--no-web", "--store", "redis", "--speed", "60", "--state", t.TempDir()}}
	p.start()
	child := 0
	p.until(60*time.Second, "a redis-server", func() bool {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.cmd.Process.Pid))
		for _, list := range lists {
			b, _ := os.ReadFile(list)
			for _, pid := range strings.Fields(string(b)) {
				if name, _ := os.ReadFile("/proc/" + pid + "/comm"); strings.HasPrefix(string(name), "redis-server") {
					child, _ = strconv.Atoi(pid)
				}
			}
		}
		return child > 0 && p.talk.String()+p.out.String() != ""
	})
	if err := syscall.Kill(child, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second) // until the work has met it
	begun := time.Now()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	err := <-p.ended
	p.ended <- err
	if took := time.Since(begun); took > drainsWithin {
		t.Errorf("ended %s after SIGTERM, want within %s: %s", took, drainsWithin, p.talk.String())
	}
}
