package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// benchPartitions of each topic.
const benchPartitions = 8

// realBench is one measurement: servers, a worker process, what it is asked.
type realBench struct {
	t            *testing.T
	program      string
	brokers      string // host:port
	redis        string // URL
	own          bool   // the Redis is of this run alone
	broker, memo process
	seconds      int
	profiles     string // folder of CPU profiles; empty: none
	table        *tabwriter.Writer
}

// benchRun is a load with topics and windows of its own.
type benchRun struct {
	cluster *kafka.Cluster
	prefix  string
	load    *benchLoad
	scores  *benchScores
	sent    int // ticks of each patient so far
	ctx     context.Context
	end     context.CancelFunc
	follows bool
}

// TestBenchReal is make bench-real: device ticks of 500 patients through a worker
// process, open-loop and from a backlog, each tick scored by NEWS2 exactly once. A
// smaller backlog comes first, so that the others find a broker that has been at work, as
// one at a hospital has, and not one whose code is still being compiled.
//
//	VIGIL_BENCH          ticks of the backlog; unset: no measurement. 1500000 fill every window
//	VIGIL_BENCH_RATES    ticks a second, default 500,2000,10000
//	VIGIL_BENCH_FULL     ticks a second on the windows that the backlog filled, default 2000; 0: none
//	VIGIL_BENCH_SECONDS  of each rate, default 20
//	VIGIL_BENCH_BROKERS  host:port of a Kafka that runs; real: one that deploy/dev/kafka.sh starts;
//	                     embedded: in a process of its own. Default: real where there is a Java, else embedded
//	VIGIL_BENCH_REDIS    a Redis that runs, redis://…; default: a redis-server of its own
//	VIGIL_BENCH_PROFILE  folder for CPU profiles of the worker
func TestBenchReal(t *testing.T) {
	backlog, err := strconv.Atoi(os.Getenv("VIGIL_BENCH"))
	if err != nil {
		t.Skip("a measurement of some minutes: make bench-real")
	}
	b := &realBench{t: t, program: binary(t), seconds: 20, profiles: os.Getenv("VIGIL_BENCH_PROFILE")}
	if n, err := strconv.Atoi(os.Getenv("VIGIL_BENCH_SECONDS")); err == nil {
		b.seconds = n
	}
	kind := b.startBrokers(os.Getenv("VIGIL_BENCH_BROKERS"))
	if b.redis = os.Getenv("VIGIL_BENCH_REDIS"); b.redis == "" {
		s, err := embedded.StartStore(t.Context(), t.TempDir(), embedded.KindRedis, "secret")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		t.Setenv(boot.RedisPasswordVariable, "secret")
		b.redis, b.own = "redis://"+s.Address+"/0", true
	}
	b.broker, b.memo = listener(b.brokers), listener(hostOf(t, b.redis))
	var out bytes.Buffer
	b.table = tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(&out, "%s; %d patients, 20 channels a tick, %d partitions, %d CPUs; every tick scored once\n", kind, benchPatients, benchPartitions, runtime.NumCPU())
	fmt.Fprintln(b.table, "load\tticks\tticks/s\tworker µs\tRedis µs\tbroker µs\tload µs\tp50 ms\tp90 ms\tp99 ms\tworker MB\tmost\tRedis MB\tfirst score s\tafter kill -9 s\t")
	rates := "500,2000,10000"
	if s, ok := os.LookupEnv("VIGIL_BENCH_RATES"); ok {
		rates = s
	}
	if backlog > 0 {
		r := b.begin("warm-up")
		b.drain(r, "warm-up", backlog/3)
		r.end()
		b.forget()
	}
	for _, text := range strings.FieldsFunc(rates, func(r rune) bool { return r == ',' }) {
		rate, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		r := b.begin(text)
		b.rate(r, text+"/s", rate)
		r.end()
	}
	if backlog > 0 {
		b.forget()
		r := b.begin("backlog")
		b.drain(r, "backlog", backlog)
		full := 2000
		if s, ok := os.LookupEnv("VIGIL_BENCH_FULL"); ok {
			if full, err = strconv.Atoi(s); err != nil {
				t.Fatal(err)
			}
		}
		if full > 0 {
			b.rate(r, fmt.Sprintf("%d h in windows, %d/s", min(48, r.sent/60), full), full)
		}
		r.end()
	}
	b.table.Flush()
	fmt.Print(out.String())
	b.idle()
}

// idlePartitions of a worker that has nothing to do.
const idlePartitions = 64

// idle measures what a worker without a patient writes into the log and takes of a processor.
func (b *realBench) idle() {
	b.t.Helper()
	c := &kafka.Cluster{Brokers: strings.Split(b.brokers, ","), Prefix: fmt.Sprintf("bench%d-idle.", os.Getpid())}
	defer c.Close()
	if _, err := c.CreateTopics(b.t.Context(), idlePartitions, 1); err != nil {
		b.t.Fatal(err)
	}
	cmd, end := b.worker(c.Prefix)
	defer end()
	b.wait("an owner of every partition", func() bool {
		owned, err := c.Owned(b.t.Context(), boot.Group)
		return err == nil && len(owned) == idlePartitions && !slices.Contains(owned, false)
	})
	time.Sleep(10 * time.Second) // what a start writes
	bytes := func() (n int) {
		if err := c.Each(b.t.Context(), schemas.TopicLog, func(m *schemas.Message) error { n += len(m.Key) + len(m.Value); return nil }); err != nil {
			b.t.Fatal(err)
		}
		return n
	}
	worker := process{cmd.Process.Pid}
	written, busy, start := bytes(), worker.cpu(), time.Now()
	time.Sleep(time.Duration(b.seconds) * time.Second)
	busy = worker.cpu() - busy
	took := time.Since(start)
	fmt.Printf("idle, %d partitions: %.1f B/s into the log of each, %.1f %% of a core\n", idlePartitions,
		float64(bytes()-written)/took.Seconds()/idlePartitions, 100*busy.Seconds()/took.Seconds())
}

// startBrokers says for people which they are.
func (b *realBench) startBrokers(asked string) (kind string) {
	b.t.Helper()
	if asked == "" {
		asked = "embedded"
		if _, err := exec.LookPath("java"); err == nil {
			asked = "real"
		}
	}
	switch asked {
	case "embedded":
		b.brokers = startBroker(b.t)
		return "embedded broker"
	case "real":
		k, err := realkafka.Begin(filepath.Join(b.t.TempDir(), "kafka"), realkafka.Options{})
		if err != nil {
			b.t.Fatalf("%v (VIGIL_BENCH_BROKERS=embedded does without)", err)
		}
		b.t.Cleanup(func() { _ = k.Kill() })
		b.brokers = k.Address()
		return "real Kafka"
	}
	b.brokers = asked
	return "brokers " + asked
}

// begin makes topics under a prefix of the load's own.
func (b *realBench) begin(name string) *benchRun {
	b.t.Helper()
	r := &benchRun{prefix: fmt.Sprintf("bench%d-%s.", os.Getpid(), name), load: newBenchLoad(benchPartitions), scores: &benchScores{}}
	r.cluster = &kafka.Cluster{Brokers: strings.Split(b.brokers, ","), Prefix: r.prefix}
	r.ctx, r.end = context.WithCancel(b.t.Context())
	b.t.Cleanup(func() {
		r.end()
		r.cluster.Close()
	})
	if _, err := r.cluster.CreateTopics(b.t.Context(), benchPartitions, 1); err != nil {
		b.t.Fatal(err)
	}
	return r
}

// worker starts vigil serve; end stops it in good order.
func (b *realBench) worker(prefix string) (cmd *exec.Cmd, end func()) {
	b.t.Helper()
	args := []string{"serve", "--brokers", b.brokers, "--redis", b.redis, "--topic-prefix", prefix, "--id", "bench",
		"--model", "none", "--score-interval", "0s", "--inputs", "alerting"}
	if b.profiles != "" {
		args = append(args, "--profile", filepath.Join(b.profiles, prefix+"cpu.pprof"))
	}
	cmd = exec.Command(b.program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := false
	end = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
	}
	b.t.Cleanup(end)
	return cmd, end
}

// forget empties a Redis of the run's own: its memory is to be that of the windows in use.
func (b *realBench) forget() {
	b.t.Helper()
	if !b.own {
		return
	}
	o, err := redis.ParseURL(b.redis)
	if err != nil {
		b.t.Fatal(err)
	}
	o.Password = os.Getenv(boot.RedisPasswordVariable)
	c := redis.NewClient(o)
	defer c.Close()
	if err := c.FlushAll(b.t.Context()).Err(); err != nil {
		b.t.Fatal(err)
	}
}

// spent is CPU time of worker, store, broker, and of this process: the sender and the
// subscriber.
type spent [4]time.Duration

func (b *realBench) spent(worker process) spent {
	return spent{worker.cpu(), b.memo.cpu(), b.broker.cpu(), process{os.Getpid()}.cpu()}
}

// micros is what was spent since, per tick.
func (s spent) micros(since spent, ticks int) (out [4]float64) {
	for i := range s {
		out[i] = float64((s[i] - since[i]).Microseconds()) / float64(ticks)
	}
	return out
}

// wait until f is true.
func (b *realBench) wait(what string, f func() bool) time.Time {
	b.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited 5 minutes for %s", what)
		}
	}
	return time.Now()
}

// follow takes the scores of a run, from the first on, by readers that are
// read_committed.
func (b *realBench) follow(r *benchRun) {
	if r.follows {
		return
	}
	r.follows = true
	go func() {
		err := r.cluster.Follow(r.ctx, schemas.TopicScores, true, func(m *schemas.Message) error { return r.scores.see(m, time.Now()) })
		if err != nil && r.ctx.Err() == nil {
			b.t.Error(err)
		}
	}()
}

// scored waits until each patient's ticks, all that were sent, have scores.
func (b *realBench) scored(r *benchRun) time.Time {
	b.t.Helper()
	return b.wait("the scores", func() bool { return r.scores.total.Load() >= int64(benchPatients*r.sent) })
}

// start sends a tick of each patient, starts a worker, and waits for all scores; first
// is how long the first took.
func (b *realBench) start(r *benchRun) (cmd *exec.Cmd, end func(), first time.Duration) {
	b.t.Helper()
	r.load.openLoop(r.ctx, b.t, r.cluster, 1e6, benchPatients, r.sent+1, time.Now())
	begun := time.Now()
	cmd, end = b.worker(r.prefix)
	first = b.wait("the first score", func() bool { return r.scores.total.Load() > int64(benchPatients*r.sent) }).Sub(begun)
	r.sent++
	b.scored(r)
	return cmd, end, first
}

// rate starts a worker, sends open-loop and measures from the intended times; then it
// kills the worker and starts it again.
func (b *realBench) rate(r *benchRun, name string, rate int) {
	b.follow(r)
	b.scored(r)
	cmd, _, first := b.start(r)
	worker := process{cmd.Process.Pid}
	before := b.spent(worker)
	n := rate * b.seconds / benchPatients * benchPatients
	start := time.Now().Add(100 * time.Millisecond)
	r.scores.expect(r.sent+1, n, rate, start)
	time.Sleep(time.Until(start))
	r.load.openLoop(r.ctx, b.t, r.cluster, rate, n, r.sent+1, start)
	r.sent += n / benchPatients
	done := b.scored(r)
	per := b.spent(worker).micros(before, n)
	now, most := worker.memory()
	store, _ := b.memo.memory()

	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	_, end, again := b.start(r)
	end()
	r.scores.check(b.t, r.sent)
	q := r.scores.quantiles(0.5, 0.9, 0.99)
	fmt.Fprintf(b.table, "%s\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t%.2f\t%.2f\t\n", name, n,
		float64(n)/done.Sub(start).Seconds(), per[0], per[1], per[2], per[3], q[0], q[1], q[2], now, most, store, first.Seconds(), again.Seconds())
}

// drain lets a worker find n ticks.
func (b *realBench) drain(r *benchRun, name string, n int) {
	n = n / benchPatients * benchPatients
	r.load.backlog(r.ctx, b.t, r.cluster, n)
	r.sent = n / benchPatients
	before := b.spent(process{})
	begun := time.Now()
	cmd, end := b.worker(r.prefix)
	written := func() (sum int64) {
		_, next, err := r.cluster.Ends(r.ctx, schemas.TopicScores)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, at := range next {
			sum += at
		}
		return sum - benchPartitions // one claim each
	}
	first := b.wait("the first score", func() bool { return written() > 0 }).Sub(begun)
	done := b.wait("the backlog", func() bool {
		time.Sleep(20 * time.Millisecond)
		return written() >= int64(n)
	})
	worker := process{cmd.Process.Pid}
	per := b.spent(worker).micros(before, n)
	now, most := worker.memory()
	store, _ := b.memo.memory()
	end()
	fmt.Fprintf(b.table, "%s\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t\t\t\t%d\t%d\t%d\t%.2f\t\t\n", name, n,
		float64(n)/done.Sub(begun).Seconds(), per[0], per[1], per[2], per[3], now, most, store, first.Seconds())
	b.follow(r)
	b.scored(r)
	r.scores.check(b.t, r.sent)
}

// hostOf is the host and port in a Redis URL.
func hostOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
