package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Kinds of an embedded store.
const (
	KindRedis     = "redis"     // a redis-server as a child process, with files
	KindMiniredis = "miniredis" // a Redis inside this process, in memory only
)

// Store is an embedded Redis.
type Store struct {
	Kind    string // KindRedis or KindMiniredis
	Address string // host:port
	URL     string // with the password, for redisstore.Open
	mini    *miniredis.Miniredis
	child   *exec.Cmd
	ended   chan struct{} // closed when the child is gone
	release func()        // lets the thread go that keeps the child alive
}

// StartStore starts a store of a kind: redis, which keeps its files in dir, miniredis, or auto,
// which is redis if there is a redis-server on PATH and miniredis if not. Miniredis keeps
// nothing, so that the worker rebuilds it from the log at each start. Whoever asks the store
// needs the password, so that no other user of the machine reads a patient in it; it must be
// of letters and digits. An error says what to install or which flag mends it.
func StartStore(ctx context.Context, dir, kind, password string) (*Store, error) {
	path, err := exec.LookPath("redis-server")
	switch {
	case kind == KindMiniredis || kind == "auto" && err != nil:
		return startMini(password)
	case err != nil:
		return nil, errors.New("there is no redis-server on PATH: install it (apt-get install redis-server, brew install redis) or use --store miniredis")
	}
	if err := private(dir); err != nil {
		return nil, fmt.Errorf("store files: %w; choose another folder with --state", err)
	}
	return startRedis(ctx, path, dir, password)
}

// startMini starts a Redis inside this process.
func startMini(password string) (*Store, error) {
	m := miniredis.NewMiniRedis()
	m.RequireAuth(password)
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("miniredis does not start: %w", err)
	}
	return &Store{Kind: KindMiniredis, Address: m.Addr(), URL: storeURL(password, m.Addr()), mini: m}, nil
}

// startRedis runs the server as a child on a free port. Another program may take the port
// between the asking and the using, so it tries three times.
func startRedis(ctx context.Context, path, dir, password string) (*Store, error) {
	repair(dir)
	var last error
	for range 3 {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		s, err := runRedis(ctx, path, dir, password, port)
		if err == nil {
			return s, nil
		}
		last = err
	}
	return nil, last
}

// freePort asks the system for a port of the loopback interface that nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("no free port for the store: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// repair cuts an append-only file back to its last whole transaction, as it may be torn after
// kill -9. Left to itself, redis-server would bring half of one to life at the next start.
func repair(dir string) {
	check, err := exec.LookPath("redis-check-aof")
	if err != nil {
		return
	}
	manifest, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.manifest"))
	if err != nil {
		return
	}
	for _, file := range manifest {
		cmd := exec.Command(check, "--fix", file)
		cmd.Stdin = strings.NewReader("y\ny\n")
		_ = cmd.Run() // a file that it cannot mend is the server's to refuse
	}
}

// storeURL is how a client reaches a store.
func storeURL(password, address string) string { return "redis://:" + password + "@" + address + "/0" }

// runRedis runs the server on a port and returns when it answers, within 20 s. The password
// goes in by the standard input, since everybody on the machine sees the arguments.
func runRedis(ctx context.Context, path, dir, password string, port int) (*Store, error) {
	var talk bytes.Buffer
	cmd := exec.Command(path, "-", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--appendonly", "yes",
		"--appendfsync", "everysec", "--save", "", "--daemonize", "no", "--loglevel", "warning", "--maxmemory-policy", "noeviction")
	cmd.Stdin = strings.NewReader("requirepass " + password + "\n")
	cmd.Stdout, cmd.Stderr = &talk, &talk
	s := &Store{Kind: KindRedis, Address: "127.0.0.1:" + strconv.Itoa(port), child: cmd, ended: make(chan struct{})}
	s.URL = storeURL(password, s.Address)
	if err := s.startChild(); err != nil {
		return nil, fmt.Errorf("redis-server does not start: %w", err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Address, Password: password, MaxRetries: -1})
	defer client.Close()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		if client.Ping(ctx).Err() == nil {
			return s, nil
		}
		select {
		case <-s.ended:
			return nil, fmt.Errorf("redis-server ended at its start: %s; look at the files in %s or choose another folder with --state", lastLine(talk.String()), dir)
		case <-deadline.C:
			s.Close()
			return nil, fmt.Errorf("redis-server does not answer after 20 s: %s", lastLine(talk.String()))
		case <-ctx.Done():
			s.Close()
			return nil, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// startChild starts the server so that it ends with this process, even on kill -9. The kernel
// signals a child when the thread that made it ends, so that thread is kept until Close.
func (s *Store) startChild() error {
	started := make(chan error, 1)
	hold := make(chan struct{})
	var once sync.Once
	s.release = func() { once.Do(func() { close(hold) }) }
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		s.child.SysProcAttr = dieWithParent()
		err := s.child.Start()
		started <- err
		if err != nil {
			close(s.ended)
			return
		}
		go func() {
			_ = s.child.Wait()
			close(s.ended)
		}()
		<-hold
	}()
	return <-started
}

// lastLine is the last line of what a server has said, where the reason of its end stands.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// Close stops the store in good order within 5 s, and kills it if it takes longer.
func (s *Store) Close() {
	if s.mini != nil {
		s.mini.Close()
		return
	}
	_ = s.child.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(5 * time.Second):
		_ = s.child.Process.Kill()
		<-s.ended
	}
	s.release()
}
