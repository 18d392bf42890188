package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// TestBackPressure stops Redis (it takes connections and answers nothing) under a
// backlog of many times the memory that a worker may take: intake writes its log on,
// the monitor waits, and memory stays where it is. Then SIGTERM with Redis stopped, and
// in the middle of the backlog: in time, and every tick is scored once in the end.
func TestBackPressure(t *testing.T) {
	if testing.Short() {
		t.Skip("runs processes under a backlog: left out with -short")
	}
	const ticks, within = 800_000, 300 // MB that the worker may grow by
	broker := startBroker(t)
	s := newSite(t, broker, benchPartitions, 0)
	w := &program{t: t, path: s.path, args: []string{"serve", "--id", "a", "--brokers", broker, "--topic-prefix", s.prefix, "--redis", "redis://" + s.redis.address() + "/0",
		"--model", "none", "--score-interval", "0s", "--inputs", "alerting"}}
	w.start()
	load := newBenchLoad(benchPartitions)
	load.openLoop(t.Context(), t, s.cluster, 1e6, benchPatients, 1, time.Now())
	scores := &benchScores{}
	subscribeScores(t, s, scores)
	w.until(3*time.Minute, "the first scores", func() bool { return scores.total.Load() == benchPatients })

	before, _ := process{w.cmd.Process.Pid}.memory()
	_ = s.redis.cmd.Process.Signal(syscall.SIGSTOP)
	load.openLoop(t.Context(), t, s.cluster, 1e6, ticks, 2, time.Now())
	bytes := ticks * len(load.tick(0, ticks, time.Now()).Value)
	w.until(3*time.Minute, "the log", func() bool { return s.records(schemas.TopicLog) >= ticks })
	_, most := process{w.cmd.Process.Pid}.memory()
	t.Logf("backlog of %d ticks, %d MB, in the log with Redis stopped: worker %d MB before, %d MB at most", ticks, bytes>>20, before, most)
	if bytes>>20 < within || most-before > within {
		t.Errorf("the worker grew from %d to %d MB with a backlog of %d MB, want %d MB at most", before, most, bytes>>20, within)
	}
	w.drains("with Redis stopped, under a backlog")
	_ = s.redis.cmd.Process.Signal(syscall.SIGCONT)

	w.start()
	w.until(3*time.Minute, "a part of the scores", func() bool { return scores.total.Load() > benchPatients+ticks/10 })
	w.drains("in the middle of a backlog")
	if left := int64(benchPatients+ticks) - scores.total.Load(); left <= 0 {
		t.Errorf("the backlog was drained before SIGTERM: this shows nothing")
	}
	w.start()
	w.until(3*time.Minute, "all scores", func() bool { return scores.total.Load() >= benchPatients+ticks })
	w.drains("when all is done")
	scores.check(t, 1+ticks/benchPatients)
}

// subscribeScores follows the scores until the test ends.
func subscribeScores(t *testing.T, s *site, scores *benchScores) {
	t.Helper()
	go func() {
		err := s.cluster.Follow(t.Context(), schemas.TopicScores, true, func(m *schemas.Message) error { return scores.see(m, time.Now()) })
		if err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	}()
}

// records are how many there are in a topic.
func (s *site) records(topic string) (sum int64) {
	s.t.Helper()
	_, next, err := s.cluster.Ends(s.t.Context(), topic)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, at := range next {
		sum += at
	}
	return sum
}
