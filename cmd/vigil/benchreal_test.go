package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest"
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
	broker, memo process
	seconds      int
	profiles     string // folder of CPU profiles; empty: none
	table        *tabwriter.Writer
}

// TestBenchReal is make bench-real: device ticks of 500 patients through a worker
// process, open-loop and from a backlog, each tick scored by NEWS2 exactly once.
//
//	VIGIL_BENCH          ticks of the backlog; unset: no measurement
//	VIGIL_BENCH_RATES    ticks a second, default 500,2000,10000
//	VIGIL_BENCH_SECONDS  of each rate, default 20
//	VIGIL_BENCH_BROKERS  a Kafka that runs; default: an embedded broker in a process of its own
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
	if b.brokers = os.Getenv("VIGIL_BENCH_BROKERS"); b.brokers == "" {
		b.brokers = startBroker(t)
	}
	if b.redis = os.Getenv("VIGIL_BENCH_REDIS"); b.redis == "" {
		s, err := embedded.StartStore(t.Context(), t.TempDir(), embedded.KindRedis)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		b.redis = "redis://" + s.Address + "/0"
	}
	b.broker, b.memo = listener(b.brokers), listener(strings.Split(strings.TrimPrefix(b.redis, "redis://"), "/")[0])
	var out bytes.Buffer
	b.table = tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(&out, "%d patients, 20 channels a tick, %d partitions, %d CPUs; every tick scored once\n", benchPatients, benchPartitions, runtime.NumCPU())
	fmt.Fprintln(b.table, "load\tticks\tticks/s\tworker µs\tRedis µs\tbroker µs\tp50 ms\tp90 ms\tp99 ms\tworker MB\tmost\tRedis MB\tfirst score s\tafter kill -9 s\t")
	rates := "500,2000,10000"
	if s, ok := os.LookupEnv("VIGIL_BENCH_RATES"); ok {
		rates = s
	}
	for _, text := range strings.FieldsFunc(rates, func(r rune) bool { return r == ',' }) {
		rate, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		b.rate(rate)
	}
	if backlog > 0 {
		b.drain(backlog)
	}
	b.table.Flush()
	fmt.Print(out.String())
}

// topics are made under a prefix of the load's own.
func (b *realBench) topics(name string) (c *ingest.Cluster, prefix string) {
	b.t.Helper()
	prefix = fmt.Sprintf("bench%d-%s.", os.Getpid(), name)
	c = &ingest.Cluster{Brokers: strings.Split(b.brokers, ","), Prefix: prefix}
	b.t.Cleanup(c.Close)
	if _, err := c.CreateTopics(b.t.Context(), benchPartitions, 1); err != nil {
		b.t.Fatal(err)
	}
	return c, prefix
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

// spent is CPU time of worker, store and broker.
type spent [3]time.Duration

func (b *realBench) spent(worker process) spent {
	return spent{worker.cpu(), b.memo.cpu(), b.broker.cpu()}
}

// micros is what was spent since, per tick.
func (s spent) micros(since spent, ticks int) (out [3]float64) {
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

// subscribe follows the scores; follow's readers are read_committed.
func (b *realBench) subscribe(ctx context.Context, c *ingest.Cluster, s *benchScores) {
	go func() {
		err := follow(ctx, c, schemas.TopicScores, true, func(m *schemas.Message) error { return s.see(m, time.Now()) })
		if err != nil && ctx.Err() == nil {
			b.t.Error(err)
		}
	}()
}

// rate sends open-loop and measures from the intended times; then it kills the
// worker and starts it again.
func (b *realBench) rate(rate int) {
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	c, prefix := b.topics(strconv.Itoa(rate))
	load := newBenchLoad(benchPartitions)
	n := rate * b.seconds / benchPatients * benchPatients
	each := n / benchPatients
	start := time.Time{}
	scores := &benchScores{}
	scores.intended = func(patient, logN int) (time.Time, bool) {
		if i := (logN-2)*benchPatients + patient; i >= 0 && i < n {
			return start.Add(time.Duration(i) * time.Second / time.Duration(rate)), true
		}
		return time.Time{}, false
	}
	b.subscribe(ctx, c, scores)
	load.openLoop(ctx, b.t, c, 1e6, benchPatients, 1, time.Now()) // one tick of each patient
	begun := time.Now()
	cmd, _ := b.worker(prefix)
	first := b.wait("the first score", func() bool { return scores.total.Load() > 0 }).Sub(begun)
	b.wait("the first scores", func() bool { return scores.total.Load() == benchPatients })

	worker := process{cmd.Process.Pid}
	before := b.spent(worker)
	start = time.Now().Add(100 * time.Millisecond)
	time.Sleep(time.Until(start))
	load.openLoop(ctx, b.t, c, rate, n, 2, start)
	done := b.wait("the scores", func() bool { return scores.total.Load() >= int64(benchPatients+n) })
	per := b.spent(worker).micros(before, n)
	now, most := worker.memory()
	store, _ := b.memo.memory()

	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	load.openLoop(ctx, b.t, c, 1e6, benchPatients, each+2, time.Now())
	killed := time.Now()
	_, end := b.worker(prefix)
	again := b.wait("a score after the kill", func() bool { return scores.total.Load() > int64(benchPatients+n) }).Sub(killed)
	b.wait("the last scores", func() bool { return scores.total.Load() >= int64(2*benchPatients+n) })
	end()
	scores.check(b.t, each+2)
	q := scores.quantiles(0.5, 0.9, 0.99)
	fmt.Fprintf(b.table, "%d/s\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%d\t%d\t%d\t%.2f\t%.2f\t\n", rate, n,
		float64(n)/done.Sub(start).Seconds(), per[0], per[1], per[2], q[0], q[1], q[2], now, most, store, first.Seconds(), again.Seconds())
}

// drain lets a worker find n ticks.
func (b *realBench) drain(n int) {
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	c, prefix := b.topics("backlog")
	load := newBenchLoad(benchPartitions)
	n = n / benchPatients * benchPatients
	load.backlog(ctx, b.t, c, n)
	before := b.spent(process{})
	begun := time.Now()
	cmd, end := b.worker(prefix)
	written := func() (sum int64) {
		_, next, err := c.Ends(ctx, schemas.TopicScores)
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
	scores := &benchScores{}
	b.subscribe(ctx, c, scores)
	b.wait("the scores", func() bool { return scores.total.Load() >= int64(n) })
	end()
	scores.check(b.t, n/benchPatients)
	fmt.Fprintf(b.table, "backlog\t%d\t%.0f\t%.1f\t%.1f\t%.1f\t\t\t\t%d\t%d\t%d\t%.2f\t\t\n", n,
		float64(n)/done.Sub(begun).Seconds(), per[0], per[1], per[2], now, most, store, first.Seconds())
}
