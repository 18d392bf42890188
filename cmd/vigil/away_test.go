package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// drainsWithin is how long a command may take to end once it is told to: 5 s are promised,
// and as much again is left to a machine with other work.
const drainsWithin = 10 * time.Second

// settlesWithin is how long workers may take to be through with what is there: seconds,
// but for a machine with other work.
const settlesWithin = 2 * time.Minute

// says waits until a worker has said a word since it had said so much.
func (p *program) says(since int, word string) {
	p.t.Helper()
	p.until(time.Minute, "the words "+strconv.Quote(word), func() bool { return strings.Contains(p.talk.String()[since:], word) })
}

// drains ends a worker with SIGTERM: in good order and in time.
func (p *program) drains(when string) {
	p.t.Helper()
	begun := time.Now()
	p.terminate()
	took := time.Since(begun)
	if code := p.cmd.ProcessState.ExitCode(); code != 0 || took > drainsWithin {
		p.t.Errorf("SIGTERM %s: exit %d after %s, want 0 within %s: %s", when, code, took, drainsWithin, p.talk.String())
	}
	p.t.Logf("SIGTERM %-40s ends a worker in %5.2f s", when, took.Seconds())
}

// outage takes a server away while workers are at work. Each says so once and waits, and says
// which partitions are not scored for it;
// one is ended meanwhile, one that is begun meanwhile ends with exit 3 and says what
// is missing; when the server is back, they say so and go on.
func (s *site) outage(server string, take, giveBack func(), missing ...string) {
	t := s.t
	t.Helper()
	feed := startFeeder(s)
	if err := s.scored(t.Context(), settlesWithin); err != nil {
		t.Fatal(err)
	}
	a, b := s.workers[0], s.workers[1]
	before := [2]int{len(a.talk.String()), len(b.talk.String())}
	take()
	a.says(before[0], "fails, trying on; nothing is lost")
	b.says(before[1], "fails, trying on; nothing is lost")
	b.drains("with " + server + " away")
	b.start()
	select {
	case err := <-b.ended:
		b.ended <- err
	case <-time.After(30 * time.Second):
		t.Fatalf("begun with %s away it neither works nor ends: %s", server, b.talk.String())
	}
	line := lastLine(b.talk.String())
	if code := b.cmd.ProcessState.ExitCode(); code != boot.ExitDependency || !strings.HasPrefix(line, "vigil: ") {
		t.Errorf("begun with %s away: exit %d, want %d: %s", server, code, boot.ExitDependency, line)
	}
	for _, word := range missing {
		if !strings.Contains(line, word) {
			t.Errorf("%q does not say %q", line, word)
		}
	}
	a.says(before[0], map[string]string{"Redis": "the store does not answer", "Kafka": "the brokers do not answer"}[server])
	giveBack()
	a.says(before[0], "works again")
	a.says(before[0], "over: ")
	if n := strings.Count(a.talk.String()[before[0]:], "fails, trying on"); n != 1 {
		t.Errorf("it says %d times that %s is away: %s", n, server, a.talk.String())
	}
	b.start()
	s.whole(feed)
}

// whole ends the feeding, waits until the last that was fed has come to the store, and
// holds outputs and store against all of it: each once, nothing missing.
func (s *site) whole(feed *feeder) {
	s.t.Helper()
	feed.stop(s.t)
	n := &nemesis{site: s}
	stored := func() []window.StoredPatient { return n.livePatients("redis://" + s.redis.address() + "/0") }
	for deadline := time.Now().Add(settlesWithin); !feed.arrived(s.t, stored()) && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if err := s.scored(s.t.Context(), settlesWithin); err != nil {
		s.t.Error(err)
	}
	checkOutputs(s.t, s)
	feed.check(s.t, stored())
}

// arrived says whether the last message of every patient is in its window.
func (f *feeder) arrived(t *testing.T, patients []window.StoredPatient) bool {
	t.Helper()
	heartRate, _ := schemas.ChannelByName("heart_rate")
	last := 0
	for _, p := range patients {
		w, err := window.Load(p.Chunks)
		if err != nil {
			t.Fatal(err)
		}
		points := w.At(schemas.FromStd(time.Now().Add(time.Hour)), math.MaxUint32, 0).Append(nil, heartRate)
		if len(points) > 0 && points[len(points)-1].Value == float32(20+f.sent) {
			last++
		}
	}
	return last == fed
}

// A Redis that is killed, stays away and comes back with its file.
func TestRedisAway(t *testing.T) {
	if testing.Short() {
		t.Skip("runs processes for half a minute: left out with -short")
	}
	_, broker := brokerAlone(t)
	s := newSite(t, broker, 4, 2)
	s.outage("Redis", s.redis.kill, s.redis.start, "redis", s.link.Address(), "running")
}

// A broker that is killed and begun again.
func TestRealBrokerAway(t *testing.T) {
	broker := startRealBroker(t)
	s := newSite(t, broker.address(), 4, 2)
	s.outage("Kafka", func() { broker.kill() }, broker.start, "Kafka", broker.address())
}

// A rolling restart of three workers under a replay and live patients, twice, the
// second time in the middle of the rebalance that the one before has caused.
func TestRollingRestart(t *testing.T) {
	if testing.Short() {
		t.Skip("runs processes for half a minute: left out with -short")
	}
	_, broker := brokerAlone(t)
	rollingRestart(t, broker)
}

func TestRealRollingRestart(t *testing.T) { rollingRestart(t, startRealBroker(t).address()) }

func rollingRestart(t *testing.T, broker string) {
	const patients = "synth:0001,synth:0002,synth:0003,synth:0004"
	want := demoJSON(t, "--speed", "max", "--store", "miniredis", "--run", "rolling", "--patients", patients)
	s := newSite(t, broker, 6, 3)
	replay := []string{"replay", "synth", "--run", "rolling", "--patients", patients}
	player := &program{t: t, path: s.path, args: append(replay, "--speed", "1500", "--brokers", s.brokers, "--topic-prefix", s.prefix)}
	player.start()
	feed := startFeeder(s)
	for round := range 2 {
		for i, w := range s.workers {
			w.says(0, schemas.Notice) // it is up
			w.drains(fmt.Sprintf("of worker %d in a rolling restart", i+1))
			w.start()
			if round == 0 {
				if err := s.scored(t.Context(), settlesWithin); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := <-player.ended; err != nil {
		t.Fatalf("replay: %v: %s", err, player.talk.String())
	}
	player.ended <- nil
	code, stdout, stderr := s.vigil(t.Context(), append(replay, "--speed", "max", "--wait")...)
	if code != 0 {
		t.Fatal(stderr)
	}
	if got := decodeSummary(t, stdout); got.Digest != want.Digest || got.Scores != want.Scores || got.Events.Published != want.Events.Published {
		t.Errorf("restarted: %+v\ncalm: %+v", got, want)
	}
	s.whole(feed)
}
