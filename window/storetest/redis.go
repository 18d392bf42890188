package storetest

import (
	"bufio"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Redis starts a redis-server on a free port of the loopback, without a file,
// and returns its address. Where there is none on PATH the test is skipped.
func Redis(t testing.TB, options ...string) (addr string) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not on PATH: the tests against a real Redis are left out")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	args := append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, options...)
	cmd := exec.Command(path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, lines := make(chan bool, 1), []string{}
	go func() {
		scan := bufio.NewScanner(out)
		for scan.Scan() {
			if strings.Contains(scan.Text(), "Ready to accept connections") {
				ready <- true
				for scan.Scan() {
				}
				return
			}
			lines = append(lines, scan.Text())
		}
		ready <- false
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if !<-ready {
		t.Fatalf("redis-server ended before it was ready:\n%s", strings.Join(lines, "\n"))
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
