package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
)

// site is what a hospital has: a Kafka, a Redis, and workers as processes of their
// own, each of which a test may kill.
type site struct {
	t          *testing.T
	path       string // of the program
	brokers    string // host:port, a comma between them
	prefix     string
	partitions int
	redis      *redisServer
	link       *realkafka.Link // the workers' way to Redis
	cluster    *kafka.Cluster
	workers    []*program
}

func newSite(t *testing.T, brokers string, partitions, workers int, flags ...string) *site {
	t.Helper()
	s := &site{t: t, path: binary(t), brokers: brokers, partitions: partitions, prefix: fmt.Sprintf("n%d.", time.Now().UnixNano()), redis: startRedis(t)}
	s.link = realkafka.NewLink(t, s.redis.address())
	s.cluster = &kafka.Cluster{Brokers: strings.Split(brokers, ","), Prefix: s.prefix}
	t.Cleanup(s.cluster.Close)
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", brokers, "--topic-prefix", s.prefix, "--partitions", strconv.Itoa(partitions),
		"--replication", strconv.Itoa(len(s.cluster.Brokers))); code != 0 {
		t.Fatal(stderr)
	}
	for i := range workers {
		w := &program{t: t, path: s.path, args: append([]string{"serve", "--id", workerID(i), "--brokers", brokers, "--topic-prefix", s.prefix, "--redis", "redis://" + s.link.Address() + "/0", "--allow-runs"}, flags...)}
		w.start()
		s.workers = append(s.workers, w)
	}
	return s
}

// workerID is the --id of worker i.
func workerID(i int) string { return string(rune('a' + i)) }

// vigil runs the program in this process against the site.
func (s *site) vigil(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	return vigil(ctx, append(args, "--brokers", s.brokers, "--topic-prefix", s.prefix)...)
}

// program is a worker or a replayer that can be killed and begun again.
type program struct {
	t     *testing.T
	path  string
	args  []string
	cmd   *exec.Cmd
	out   *bytes.Buffer
	talk  *safeBuffer
	ended chan error
}

func (p *program) start() {
	p.t.Helper()
	p.cmd, p.out, p.talk, p.ended = exec.Command(p.path, p.args...), &bytes.Buffer{}, &safeBuffer{}, make(chan error, 1)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.talk
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, ended := p.cmd, p.ended
	go func() { ended <- cmd.Wait() }()
	p.t.Cleanup(func() { _ = cmd.Process.Kill() })
}

// kill is kill -9.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	p.ended <- <-p.ended
}

// terminate is SIGTERM; it waits for the end.
func (p *program) terminate() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.ended <- <-p.ended
}

func (p *program) pause()  { _ = p.cmd.Process.Signal(syscall.SIGSTOP) }
func (p *program) resume() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }

// alive says whether the process still runs.
func (p *program) alive() bool {
	select {
	case err := <-p.ended:
		p.ended <- err
		return false
	default:
		return true
	}
}

// until waits, for so long at most, until something holds, while the process runs.
func (p *program) until(within time.Duration, what string, holds func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(20 * time.Millisecond) {
		if !p.alive() {
			p.t.Fatalf("it ended before %s: %s", what, p.talk.String())
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s for %s: %s", within, what, p.talk.String())
		}
	}
}

// redisServer is a redis-server as its packages set it up, but for an append-only
// file written every second.
type redisServer struct {
	t    *testing.T
	dir  string
	port string
	cmd  *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	if !redisHere() {
		t.Skip("no redis-server on PATH: apt-get install redis-server")
	}
	r := &redisServer{t: t, dir: t.TempDir(), port: freePort(t)}
	r.start()
	t.Cleanup(func() { r.kill() })
	return r
}

func (r *redisServer) address() string { return net.JoinHostPort("127.0.0.1", r.port) }

func (r *redisServer) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", "--port", r.port, "--bind", "127.0.0.1", "--dir", r.dir, "--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	c := r.client()
	defer c.Close()
	for deadline := time.Now().Add(20 * time.Second); c.Ping(context.Background()).Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("redis-server does not answer after 20 s")
		}
	}
}

func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: r.address(), MaxRetries: -1})
}

func (r *redisServer) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// tear cuts bytes off the append-only file, as a power loss does.
func (r *redisServer) tear(n int64) {
	r.t.Helper()
	files, _ := filepath.Glob(filepath.Join(r.dir, "appendonlydir", "*.incr.aof"))
	if len(files) == 0 {
		r.t.Fatal("redis-server writes no append-only file")
	}
	file := files[len(files)-1]
	info, err := os.Stat(file)
	if err == nil {
		err = os.Truncate(file, max(0, info.Size()-n))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// scored waits until the workers have scored what is in the log now.
func (s *site) scored(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		at, err := s.cluster.Committed(ctx, boot.Group, "icu.log.v1")
		if err != nil {
			return err
		}
		_, next, err := s.cluster.Ends(ctx, "icu.log.v1")
		if err != nil {
			return err
		}
		done := true
		for p := range next {
			done = done && at[p] >= next[p]
		}
		if done {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("scored to %v, the log ends at %v: %w", at, next, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
