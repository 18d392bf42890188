package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	kafka "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
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

var faults = []fault{
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
	{"Redis emptied", func(n *nemesis) {
		c := n.redis.client()
		defer c.Close()
		if err := c.FlushAll(context.Background()).Err(); err != nil {
			n.t.Error(err)
		}
	}},
	{"connections to Redis cut before its answers", func(n *nemesis) {
		for range 5 {
			n.link.Cut.Store(true)
			time.Sleep(time.Duration(50+n.r.IntN(200)) * time.Millisecond)
			n.link.Cut.Store(false)
			time.Sleep(100 * time.Millisecond)
		}
	}},
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

func (n *nemesis) any() *program { return n.workers[n.r.IntN(len(n.workers))] }

func (n *nemesis) deleteGroup() {
	c := &kafka.Client{Addr: kafka.TCP(n.brokers), Timeout: 5 * time.Second}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		for _, id := range []string{"a", "b"} { // who was killed is still a member
			dead := &ingest.Cluster{Brokers: []string{n.brokers}, Prefix: n.prefix, ClientID: "vigil-" + id}
			_, _ = dead.Evict(context.Background(), boot.Group)
			dead.Close()
		}
		r, err := c.DeleteGroups(context.Background(), &kafka.DeleteGroupsRequest{GroupIDs: []string{n.prefix + boot.Group}})
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

// TestRealNemesis plays eight recorded patients on a real Kafka and a real Redis while
// everything is killed, stopped, cut, torn and emptied, in an order drawn from a
// seed. What comes out is what a calm run gives: nothing lost, nothing doubled, the
// store as a rebuild from the log makes it.
func TestRealNemesis(t *testing.T) {
	broker := startRealBroker(t)
	data := filepath.Join(opendata.Dir(t), "mimic-iii-demo")
	patients := eight(t)
	want := demoJSON(t, "--data", data, "--speed", "max", "--run", runName, "--patients", strings.Join(patients, ","))
	seeds := 3
	if os.Getenv("VIGIL_SOAK") != "" {
		seeds = 10
	}
	if text := os.Getenv("VIGIL_SEEDS"); text != "" {
		seeds, _ = strconv.Atoi(text)
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			n := &nemesis{site: newSite(t, broker.address(), 4, 2), r: rand.New(rand.NewPCG(uint64(seed), 4)), broker: broker}
			n.hurt(data, patients, want)
		})
	}
}

// hurt plays the patients so that the run lasts as long as the faults do.
func (n *nemesis) hurt(data string, patients []string, want summary) {
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
		undone := time.Now()
		t.Logf("%-45s for %5.1f s", faults[i].name, undone.Sub(begun).Seconds())
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
	t.Logf("all sent %.1f s after the last fault", time.Since(quiet).Seconds())
	drained := time.Now()
	if err := n.scored(t.Context(), 40*time.Second); err != nil {
		n.say()
		t.Fatal(err)
	}
	t.Logf("drained %.1f s after the last fault and the last message", time.Since(drained).Seconds())
	if late := time.Since(drained); late > 10*time.Second {
		t.Errorf("drained after %s, want 10 s", late)
	}
	code, stdout, stderr := n.vigil(t.Context(), append(args[:7:7], "--wait")...)
	if code != 0 {
		t.Fatal(stderr)
	}
	got := decodeSummary(t, stdout)
	if got.Digest != want.Digest || got.Scores != want.Scores || got.Events.Published != want.Events.Published || got.Events.DeadLetters != 0 {
		t.Errorf("hurt: %+v\ncalm: %+v", got, want)
	}
	n.noneTwice()
	n.storeAsRebuilt(feed)
	if t.Failed() {
		n.say()
	}
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

// noneTwice reads the outputs back: each id and revision is there once.
func (n *nemesis) noneTwice() {
	seen := map[string]int{}
	for _, topic := range []string{schemas.TopicScores, schemas.TopicAlerts} {
		err := eachRecord(n.t.Context(), n.cluster, topic, func(m *schemas.Message) error {
			switch kind, _ := m.Header(schemas.HeaderType); kind {
			case schemas.TypeScore:
				s, err := schemas.DecodeScore(m.Value)
				if err != nil {
					return err
				}
				seen[s.ID]++
			case schemas.TypeAlert:
				a, err := schemas.DecodeAlert(m.Value)
				if err != nil {
					return err
				}
				seen[fmt.Sprint(a.ID, " revision ", a.Revision)]++
			}
			return nil
		})
		if err != nil {
			n.t.Fatal(err)
		}
	}
	for id, times := range seen {
		if times != 1 {
			n.t.Errorf("%s is there %d times", id, times)
		}
	}
	n.t.Logf("%d outputs, each once", len(seen))
}

// storeAsRebuilt holds the store's windows of the live patients against what was
// sent, and against a store that is built anew from the log.
func (n *nemesis) storeAsRebuilt(f *feeder) {
	t := n.t
	for _, w := range n.workers {
		w.kill()
	}
	n.deleteGroup()
	other := &program{t: t, path: n.path, args: []string{"serve", "--brokers", n.brokers, "--topic-prefix", n.prefix, "--redis", "redis://" + n.redis.address() + "/1"}}
	other.start()
	if err := n.scored(t.Context(), 40*time.Second); err != nil {
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
