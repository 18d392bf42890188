package storetest

import (
	"bufio"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Server is a redis-server that runs as a child process of the test.
type Server struct {
	Addr string // host:port on the loopback
	cmd  *exec.Cmd
}

// Redis starts a redis-server without persistence on a free port and returns its address,
// host:port. The server ends with the test. Where there is none on PATH the test is skipped,
// so that the suite runs on a machine with only Go.
func Redis(t testing.TB) (addr string) {
	t.Helper()
	return StartRedis(t, t.TempDir(), "--save", "").Addr
}

// StartRedis starts a redis-server that keeps its files in dir, with options as on its
// command line ("--appendonly", "yes"). A second one with the same dir goes on from what the
// first had on disk when it was killed.
func StartRedis(t testing.TB, dir string, options ...string) *Server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not on PATH: the tests against a real Redis are left out")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: l.Addr().String()}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	s.cmd = exec.Command(path, append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir}, options...)...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	// The pipe is read to its end, or the server would block on it.
	var lines []string
	ready := make(chan bool, 1)
	go func() {
		told := false
		for scan := bufio.NewScanner(out); scan.Scan(); {
			if !told {
				lines = append(lines, scan.Text())
				told = strings.Contains(scan.Text(), "Ready to accept connections")
				if told {
					ready <- true
				}
			}
		}
		if !told {
			ready <- false
		}
	}()
	if !<-ready {
		t.Fatalf("redis-server ended before it was ready:\n%s", strings.Join(lines, "\n"))
	}
	return s
}

// Kill ends the server as kill -9 does, and waits until it is gone.
func (s *Server) Kill() {
	if s.cmd.ProcessState == nil {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
}
