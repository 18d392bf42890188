package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas/opendata"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
)

// session is the group's session timeout; a stop beyond it makes a zombie.
const session = 6 * time.Second

// runName keeps the recorded patients apart from the live ones.
const runName = "nemesis"

// fault is one thing that the nemesis does to a site, and undoes.
type fault struct {
	name string
	do   func(n *nemesis)
}

// nemesis hurts a site while a run is played.
type nemesis struct {
	*site
	r      *rand.Rand
	broker *realBroker
}

// faultsOfAll are those that every site knows.
var faultsOfAll = []fault{
	{"worker killed, begun again", func(n *nemesis) {
		w := n.any()
		w.kill()
		w.start()
	}},
	{"worker killed, another takes over", func(n *nemesis) {
		w := n.any()
		w.kill()
		time.Sleep(session + time.Second)
		w.start()
	}},
	{"worker stopped past its session", func(n *nemesis) {
		w := n.any()
		w.pause()
		time.Sleep(session + 2*time.Second)
		w.resume()
	}},
	{"Redis killed, its file torn, twice", func(n *nemesis) {
		for range 2 {
			n.redis.kill()
			n.redis.tear(1 + n.r.Int64N(80_000))
			n.redis.start()
			time.Sleep(time.Duration(n.r.IntN(1000)) * time.Millisecond)
		}
	}},
	{"Redis emptied", func(n *nemesis) { n.empty() }},
	{"connections to Redis cut before its answers", func(n *nemesis) {
		for range 5 {
			n.link.Cut.Store(true)
			time.Sleep(time.Duration(50+n.r.IntN(200)) * time.Millisecond)
			n.link.Cut.Store(false)
			time.Sleep(100 * time.Millisecond)
		}
	}},
	{"group deleted", func(n *nemesis) {
		for _, w := range n.workers {
			w.kill()
		}
		n.deleteGroup()
		for _, w := range n.workers {
			w.start()
		}
	}},
}

// faultsOfOne are those of a Kafka of one broker, reached over a link.
var faultsOfOne = []fault{
	{"connections to Kafka cut before its answers", func(n *nemesis) {
		for range 5 {
			n.broker.link.Cut.Store(true)
			time.Sleep(time.Duration(50+n.r.IntN(200)) * time.Millisecond)
			n.broker.link.Cut.Store(false)
			time.Sleep(200 * time.Millisecond)
		}
	}},
	{"broker killed", func(n *nemesis) {
		n.broker.kill()
		time.Sleep(time.Duration(n.r.IntN(2000)) * time.Millisecond)
		n.broker.start()
	}},
}

// faultsOfThree are those of a Kafka of three brokers.
var faultsOfThree = []fault{
	{"one of three brokers killed", func(n *nemesis) {
		n.broker.kill(1 + n.r.IntN(3))
		time.Sleep(time.Duration(4000+n.r.IntN(4000)) * time.Millisecond) // the others elect
		n.broker.start()
	}},
	{"one of three brokers killed and begun again at once", func(n *nemesis) {
		n.broker.kill(1 + n.r.IntN(3))
		n.broker.start()
	}},
	{"one of three brokers stopped past its session", func(n *nemesis) {
		broker := 1 + n.r.IntN(3)
		if err := n.broker.kafka.Pause(broker); err != nil {
			n.t.Error(err)
		}
		time.Sleep(5 * time.Second)
		if err := n.broker.kafka.Resume(broker); err != nil {
			n.t.Error(err)
		}
	}},
	{"all three brokers killed", func(n *nemesis) {
		n.broker.kill()
		n.broker.start()
	}},
}

func (n *nemesis) any() *program { return n.workers[n.r.IntN(len(n.workers))] }

func (n *nemesis) deleteGroup() {
	c := &kafkago.Client{Addr: kafkago.TCP(n.cluster.Brokers...), Timeout: 5 * time.Second}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		for i := range n.workers { // who was killed is still a member
			dead := &kafka.Cluster{Brokers: n.cluster.Brokers, Prefix: n.prefix, ClientID: "vigil-" + workerID(i)}
			_, _ = dead.Evict(context.Background(), boot.Group)
			dead.Close()
		}
		r, err := c.DeleteGroups(context.Background(), &kafkago.DeleteGroupsRequest{GroupIDs: []string{n.prefix + boot.Group}})
		if err == nil {
			err = r.Errors[n.prefix+boot.Group]
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			n.t.Errorf("the group cannot be deleted: %v", err)
			return
		}
	}
}

// TestRealNemesis plays eight recorded patients and twelve live ones on a real Kafka and
// a real Redis while everything is killed, stopped, cut, torn and emptied, in an order
// drawn from a seed. What comes out is what a calm run gives: nothing lost, nothing
// doubled, the store as a rebuild from the log makes it.
func TestRealNemesis(t *testing.T) {
	nemeses(t, startRealBroker(t), slices.Concat(faultsOfAll, faultsOfOne), seeds(1, 10))
}

// TestRealNemesisOfThree is the same with a Kafka of three brokers, of which one dies.
func TestRealNemesisOfThree(t *testing.T) {
	nemeses(t, startThreeBrokers(t), slices.Concat(faultsOfAll, faultsOfThree), seeds(1, 3))
}

// seeds is how many histories are played: some, whole with make soak, or VIGIL_SEEDS.
func seeds(some, whole int) int {
	if n, err := strconv.Atoi(os.Getenv("VIGIL_SEEDS")); err == nil {
		return n
	}
	if soaking() {
		return whole
	}
	return some
}

// soaking says that this is make soak: the whole lists.
func soaking() bool { return os.Getenv("VIGIL_SOAK") != "" }

func nemeses(t *testing.T, broker *realBroker, faults []fault, seeds int) {
	data := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	patients := eight(t)
	want := demoJSON(t, "--data", data, "--speed", "max", "--run", runName, "--patients", strings.Join(patients, ","))
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			broker.t = t
			n := &nemesis{site: newSite(t, broker.address(), 4, 2), r: rand.New(rand.NewPCG(uint64(seed), 4)), broker: broker}
			n.hurt(data, patients, want, faults)
		})
	}
	broker.t = t
}

// Draining is to take no longer than the goal; a loaded machine may take up to the limit.
const (
	drainGoal  = 10 * time.Second
	drainLimit = 2 * time.Minute
)

// hurt plays the patients so that the run lasts as long as the faults do.
func (n *nemesis) hurt(data string, patients []string, want evaluate.Summary, faults []fault) {
	t := n.t
	const lasts = 60 * time.Second
	speed := strconv.Itoa(int(playEnd(t, data, patients) / lasts.Milliseconds()))
	args := []string{"replay", "mimic-iii", data, "--run", runName, "--patients", strings.Join(patients, ","), "--brokers", n.brokers, "--topic-prefix", n.prefix}
	player := &program{t: t, path: n.path, args: append(args, "--speed", speed)}
	player.start()
	feed := startFeeder(n.site)
	time.Sleep(2 * time.Second)
	order := n.r.Perm(len(faults))
	for _, i := range order {
		begun := time.Now()
		faults[i].do(n)
		t.Logf("%-51s for %5.1f s", faults[i].name, time.Since(begun).Seconds())
		time.Sleep(time.Duration(500+n.r.IntN(1500)) * time.Millisecond)
		if n.r.IntN(3) == 0 && player.alive() {
			player.kill()
			player.start()
		}
	}
	quiet := time.Now()
	for tries := 0; ; tries++ { // who is begun while the broker is away says so and ends
		if err := <-player.ended; err == nil {
			break
		} else if tries == 5 {
			t.Fatalf("replay: %v: %s", err, player.talk.String())
		}
		player.start()
	}
	for i, w := range n.workers {
		if !w.alive() {
			t.Errorf("worker %d has ended by itself", i)
		}
	}
	feed.stop(t)
	t.Logf("the last message was sent %.1f s after the last fault", time.Since(quiet).Seconds())
	drained := time.Now()
	if err := n.scored(t.Context(), drainLimit); err != nil {
		n.say()
		t.Fatal(err)
	}
	t.Logf("drained %.1f s after the last fault and the last message (goal %.0f s: %s)", time.Since(drained).Seconds(), drainGoal.Seconds(), reached(time.Since(drained), drainGoal))
	code, stdout, stderr := n.vigil(t.Context(), append(args[:7:7], "--wait")...)
	if code != 0 {
		t.Fatal(stderr)
	}
	got := decodeSummary(t, stdout)
	if got.Digest != want.Digest || got.Scores != want.Scores || got.Events.Published != want.Events.Published || got.Events.DeadLetters != 0 {
		t.Errorf("hurt: %+v\ncalm: %+v", got, want)
	}
	checkOutputs(t, n.site)
	n.storeAsRebuilt(feed)
	if t.Failed() {
		n.say()
	} else {
		t.Logf("digest %.19s… and the store's windows are those of a calm run; the %d messages of each live patient are in its window, each once", got.Digest, feed.sent)
	}
}

// reached says whether a figure is within its goal, for people.
func reached(figure, goal time.Duration) string {
	if figure <= goal {
		return "reached"
	}
	return "MISSED"
}

// say shows what the workers said.
func (n *nemesis) say() {
	for i, w := range n.workers {
		text := w.talk.String()
		n.t.Logf("worker %d: ...%s", i, text[max(0, len(text)-3000):])
	}
}

// playEnd is the playing time of the patients.
func playEnd(t *testing.T, data string, patients []string) int64 {
	t.Helper()
	src, err := mimic.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := replay.NewPlan(t.Context(), src, replay.Options{Only: patients})
	if err != nil {
		t.Fatal(err)
	}
	return plan.End
}

// storeAsRebuilt holds the store's windows of the live patients against what was
// sent, and against a store that is built anew from the log.
func (n *nemesis) storeAsRebuilt(f *feeder) {
	t := n.t
	for _, w := range n.workers {
		w.kill()
	}
	n.deleteGroup()
	other := &program{t: t, path: n.path, args: []string{"serve", "--allow-runs", "--brokers", n.brokers, "--topic-prefix", n.prefix, "--redis", "redis://" + n.redis.address() + "/1"}}
	other.start()
	if err := n.scored(t.Context(), drainLimit); err != nil {
		t.Fatalf("rebuilding: %v: %s", err, other.talk.String())
	}
	other.kill()
	var digests []string
	for _, db := range []string{"/0", "/1"} {
		patients := n.livePatients("redis://" + n.redis.address() + db)
		f.check(t, patients)
		digests = append(digests, window.Digest(patients))
	}
	if digests[0] != digests[1] {
		t.Errorf("the store holds %s, rebuilt from the log it is %s", digests[0], digests[1])
	}
}

func (n *nemesis) livePatients(url string) (live []window.StoredPatient) {
	s, err := redisstore.Open(url, "vigil:"+n.prefix)
	if err != nil {
		n.t.Fatal(err)
	}
	defer s.Close()
	for number := range n.partitions {
		p, err := s.Load(n.t.Context(), number)
		if err != nil {
			n.t.Fatal(err)
		}
		for _, patient := range p.Patients {
			if strings.HasPrefix(patient.Patient, "ward:") {
				live = append(live, patient)
			}
		}
	}
	return live
}
