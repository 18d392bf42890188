package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/embedded"
)

// process is one whose work is measured from outside, by the kernel's books.
type process struct{ pid int }

// clockTick is the unit of CPU time in /proc on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// cpu is the time that the process has had, user and system; 0 where it cannot be
// told (it runs elsewhere, or not on Linux).
func (p process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick
}

// memory is what the process has in memory now, and had at most, in MB.
func (p process) memory() (now, most int) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "VmRSS":
			now = kb / 1024
		case "VmHWM":
			most = kb / 1024
		}
	}
	return now, most
}

// listener finds the process of this machine that listens on an address; pid 0
// where there is none to be seen.
func listener(address string) process {
	_, port, err := net.SplitHostPort(address)
	n, convErr := strconv.Atoi(port)
	if err != nil || convErr != nil {
		return process{}
	}
	hexPort := strings.ToUpper(hex.EncodeToString([]byte{byte(n >> 8), byte(n)}))
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(table)
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], ":"+hexPort) {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	open, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range open {
		if target, err := os.Readlink(fd); err == nil && inodes[target] {
			pid, _ := strconv.Atoi(strings.Split(fd, "/")[2])
			return process{pid}
		}
	}
	return process{}
}

// brokerVariable makes this test binary an embedded broker with its files in the
// named folder, so that its work is a process's own.
const brokerVariable = "VIGIL_BENCH_AS_BROKER"

// TestAsBroker is no test: it is the broker process of the measurement.
func TestAsBroker(t *testing.T) {
	dir := os.Getenv(brokerVariable)
	if dir == "" {
		t.Skip("a part of make bench-real")
	}
	b, err := embedded.StartBroker(dir, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	fmt.Println("broker", b.Addresses()[0])
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it, or ends
}

func startBroker(t *testing.T) (address string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestAsBroker$", "-test.timeout", "0")
	cmd.Env = append(os.Environ(), brokerVariable+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "broker "); ok {
			go func() {
				for lines.Scan() {
				}
			}()
			return address
		}
	}
	t.Fatal("the broker process did not start")
	return ""
}
