package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// TestMain gives the tests a real Kafka where VIGIL_REAL=1 wants one.
func TestMain(m *testing.M) { os.Exit(realkafka.Main(m, realkafka.Options{})) }

// site is a Kafka with alerts.
type site struct {
	t       *testing.T
	cluster *kafka.Cluster
	out     *kafka.Producer
	told    []string // keys, in the order of the topic
	log     strings.Builder
	logging sync.Mutex
}

func newSite(t *testing.T, partitions int) *site {
	t.Helper()
	var brokers []string
	if k := realkafka.Shared(); k != nil {
		brokers = k.Addresses
	} else {
		b, err := kfake.NewCluster(kfake.NumBrokers(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		brokers = b.ListenAddrs()
	}
	return siteOn(t, brokers, partitions)
}

func siteOn(t *testing.T, brokers []string, partitions int) *site {
	t.Helper()
	prefix := realkafka.Prefix()
	s := &site{t: t, cluster: &kafka.Cluster{Brokers: brokers, Prefix: prefix}}
	t.Cleanup(s.cluster.Close)
	if _, err := s.cluster.CreateTopics(t.Context(), partitions, 1); err != nil {
		t.Fatal(err)
	}
	s.out = s.cluster.NewProducer(prefix + "monitor")
	return s
}

func (s *site) Write(p []byte) (int, error) {
	s.logging.Lock()
	defer s.logging.Unlock()
	return s.log.Write(p)
}

func (s *site) said() string {
	s.logging.Lock()
	defer s.logging.Unlock()
	return s.log.String()
}

// story is an alert of a patient from its start to its end, or to its revision before.
func story(patient string, revisions int, ends bool) (list []schemas.Alert) {
	for i := range revisions {
		a := schemas.Alert{
			ID: strings.ReplaceAll(patient, ":", "") + "0f", Revision: i + 1, N: uint64(i + 1), Phase: schemas.PhaseUpdate, Kind: alerts.KindScore, Task: alerts.TaskNEWS2, Severity: "high",
			Patient: patient, Stay: "s1", AsOf: schemas.Time(1767225600000 + i*60000), Value: float32(7 + i), Threshold: 7, Reason: "NEWS2, at or above 7", Policy: "p", Flags: []string{},
		}
		if i == 0 {
			a.Phase = schemas.PhaseStart
		}
		if i == revisions-1 && ends {
			a.Phase = schemas.PhaseEnd
		}
		list = append(list, a)
	}
	return list
}

// tell appends alerts to their topics, as the monitor does, claims among them.
func (s *site) tell(partition int, list ...schemas.Alert) {
	s.t.Helper()
	if err := s.out.Claim(s.t.Context(), schemas.TopicAlerts, []int{partition}, nil); err != nil {
		s.t.Fatal(err)
	}
	for i := range list {
		body, err := schemas.EncodeAlert(&list[i])
		if err != nil {
			s.t.Fatal(err)
		}
		headers := []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeAlert}}
		for topic, key := range map[string]string{schemas.TopicAlerts: list[i].Patient, schemas.TopicAlertStates: list[i].ID} {
			if _, err := s.out.Append(s.t.Context(), topic, partition, []schemas.Message{{Key: []byte(key), Value: body, Headers: headers}}); err != nil {
				s.t.Fatal(err)
			}
		}
		s.told = append(s.told, fmt.Sprintf("%s.%d", list[i].ID, list[i].Revision))
	}
}

// receiver is a program that takes webhooks and knows their keys: what it is told twice it shows once.
type receiver struct {
	mu     sync.Mutex
	shown  []string
	calls  int
	answer func(call int, key string) int // the status, 0 to cut the connection off
	after  bool                           // it has taken it when the connection is cut off
	news   chan struct{}
}

func newReceiver(answer func(call int, key string) int) *receiver {
	return &receiver{answer: answer, news: make(chan struct{}, 1)}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	key := request.Header.Get("Webhook-Id")
	status := r.answer(r.calls, key)
	r.calls++
	if (status == http.StatusNoContent || status == 0 && r.after) && !slices.Contains(r.shown, key) {
		r.shown = append(r.shown, key)
	}
	r.mu.Unlock()
	select {
	case r.news <- struct{}{}:
	default:
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

func (r *receiver) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.shown)
}

// wait returns when the receiver has been asked for something and is as it should be.
func (r *receiver) wait(t *testing.T, good func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !good() {
		select {
		case <-r.news:
		case <-time.After(20 * time.Millisecond): // what is waited for may be the broker's
		case <-limit:
			t.Fatalf("after %d calls the receiver shows %v", r.calls, r.all())
		}
	}
}

// line is a webhook to a server.
func line(t *testing.T, name, url string, change func(*sinks.Settings)) *Line {
	t.Helper()
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, []byte("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := sinks.Parse(fmt.Appendf(nil, "version: 1\nsinks:\n  - name: %s\n    begin: beginning\n    timeout: 2s\n    webhook: {url: %q, secret_file: %q}\n", name, url, secret))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c.Sinks[0])
	}
	return opened(t, &c.Sinks[0])
}

func opened(t *testing.T, s *sinks.Settings) *Line {
	t.Helper()
	sink, err := Open(s, sinks.Environment{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &Line{Settings: *s, Sink: sink}
}

// run tells lines until stop is called.
func (s *site) run(lines ...*Line) (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	service := &Service{Cluster: s.cluster, Now: time.Now, First: time.Millisecond, Longest: 20 * time.Millisecond, Log: zerolog.New(s)}
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx, lines) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			s.t.Errorf("Run ends with %v", err)
		}
		for _, l := range lines {
			if err := l.Sink.Close(); err != nil {
				s.t.Error(err)
			}
		}
	})
}

// A receiver that is away, slow, cut off in mid-answer or unable shows each revision once and in its order, also when
// the process that tells it ends and another goes on.
func TestReceiverThatFails(t *testing.T) {
	for name, answer := range map[string]func(call int, key string) int{
		"calm":    func(int, string) int { return http.StatusNoContent },
		"unable":  func(call int, _ string) int { return [4]int{503, 204, 500, 204}[call%4] },
		"cut off": func(call int, _ string) int { return [3]int{204, 0, 0}[call%3] },
		"no way in at first": func(call int, _ string) int {
			if call < 5 {
				return [5]int{401, 403, 404, 429, 302}[call]
			}
			return http.StatusNoContent
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 1)
			s.tell(0, append(story("site:1", 6, true), story("site:2", 5, false)...)...)
			r := newReceiver(answer)
			r.after = true
			server := httptest.NewServer(r)
			defer server.Close()
			stop := s.run(line(t, "hook", server.URL, nil))
			r.wait(t, func() bool { return len(r.all()) >= 4 })
			stop()
			s.tell(0, story("site:3", 4, true)...)
			again := line(t, "hook", server.URL, nil)
			defer s.run(again)()
			r.wait(t, func() bool { return len(r.all()) >= len(s.told) })
			if diff := cmp.Diff(s.told, r.all()); diff != "" {
				t.Errorf("(- told, + shown):\n%s", diff)
			}
			if again.Stats.DeadLetters.Load() != 0 {
				t.Error("there are dead letters")
			}
			if strings.Contains(s.said(), "site:") {
				t.Errorf("the log names a patient: %s", s.said())
			}
		})
	}
}

// A receiver that answers nothing is given up after the timeout and tried again; one whose process is killed and
// comes back on its port is found again. Neither holds up another sink.
func TestReceiverThatIsAway(t *testing.T) {
	s := newSite(t, 1)
	s.tell(0, story("site:1", 3, true)...)
	calm := newReceiver(func(int, string) int { return http.StatusNoContent })
	beside := httptest.NewServer(calm)
	defer beside.Close()
	release := make(chan struct{})
	silent := newReceiver(func(call int, _ string) int { return http.StatusNoContent })
	var first sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		held := false
		first.Do(func() { held = true })
		if held {
			<-release
			return
		}
		silent.ServeHTTP(w, request)
	}))
	address := server.Listener.Addr().String()
	defer s.run(
		line(t, "silent", server.URL, func(s *sinks.Settings) { s.Timeout = 200 * time.Millisecond }),
		line(t, "calm", beside.URL, nil),
	)()
	calm.wait(t, func() bool { return len(calm.all()) == 3 })
	silent.wait(t, func() bool { return len(silent.all()) == 3 })
	close(release)
	server.CloseClientConnections()
	server.Close()
	s.tell(0, story("site:2", 3, true)...)
	calm.wait(t, func() bool { return len(calm.all()) == 6 })
	back := httptest.NewUnstartedServer(silent)
	back.Listener.Close()
	back.Listener = listen(t, address)
	back.Start()
	defer back.Close()
	silent.wait(t, func() bool { return len(silent.all()) == 6 })
	if diff := cmp.Diff(s.told, silent.all()); diff != "" {
		t.Errorf("(- told, + shown):\n%s", diff)
	}
	if said := s.said(); strings.Count(said, "does not take an alert") < 1 || !strings.Contains(said, "takes alerts again") {
		t.Errorf("the log says %s", said)
	}
}

// An alert that is refused becomes a dead letter after the stated time, those behind it go on, and once the receiver
// takes it, it is told again with all that was told of it since.
func TestRefusedAlertBecomesADeadLetter(t *testing.T) {
	s := newSite(t, 1)
	bad := story("site:1", 3, true)
	s.tell(0, append(slices.Clone(bad[:2]), append(story("site:2", 2, false), bad[2])...)...)
	refuses := bad[1]
	mended := false
	r := newReceiver(nil)
	r.answer = func(_ int, key string) int {
		if !mended && key == fmt.Sprintf("%s.%d", refuses.ID, refuses.Revision) {
			return http.StatusUnprocessableEntity
		}
		return http.StatusNoContent
	}
	server := httptest.NewServer(r)
	defer server.Close()
	l := line(t, "hook", server.URL, func(s *sinks.Settings) { s.RefusedAfter = 50 * time.Millisecond })
	stop := s.run(l)
	r.wait(t, func() bool { return l.Stats.Delivered.Load() == 4 })
	stop()
	if l.Stats.DeadLetters.Load() != 1 || l.Stats.Delivered.Load() != 4 {
		t.Fatalf("%d dead letters, %d delivered", l.Stats.DeadLetters.Load(), l.Stats.Delivered.Load())
	}
	var letter *schemas.DeadLetter
	err := s.cluster.Each(t.Context(), schemas.TopicDeadLetters, func(m *schemas.Message) (err error) {
		letter, err = schemas.DecodeDeadLetter(m.Value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := schemas.DecodeAlert(letter.Payload); err != nil || a.Revision != 2 || letter.Reason != schemas.Refused || letter.Source != "sink:hook" || !strings.Contains(letter.Found, "HTTP 422") {
		t.Errorf("the dead letter is %+v (%v)", letter, err)
	}
	r.mu.Lock()
	mended = true
	r.mu.Unlock()
	service := &Service{Cluster: s.cluster, Now: time.Now}
	letters, err := service.Letters(t.Context(), "hook")
	if err != nil || len(letters) != 1 {
		t.Fatalf("letters %v (%v)", letters, err)
	}
	if none, err := service.Letters(t.Context(), "other"); err != nil || len(none) != 0 {
		t.Errorf("letters of another sink: %v (%v)", none, err)
	}
	told, err := service.Resend(t.Context(), line(t, "hook", server.URL, nil), letters)
	if err != nil || told != 2 {
		t.Fatalf("%d told again, want the letter's revision and the end behind it (%v)", told, err)
	}
	if got := r.all(); len(got) != 5 {
		t.Errorf("the receiver shows %v", got)
	}
}

// One that is away for longer than a sink waits leaves dead letters behind, and what comes later is tried.
func TestUndeliveredAlertsBecomeDeadLetters(t *testing.T) {
	s := newSite(t, 1)
	s.tell(0, story("site:1", 3, true)...)
	r := newReceiver(nil)
	r.answer = func(call int, _ string) int {
		if call < 6 {
			return http.StatusServiceUnavailable
		}
		return http.StatusNoContent
	}
	server := httptest.NewServer(r)
	defer server.Close()
	l := line(t, "hook", server.URL, func(s *sinks.Settings) { s.DeadLetterAfter = time.Nanosecond })
	stop := s.run(l)
	r.wait(t, func() bool { return l.Stats.DeadLetters.Load() >= 3 })
	s.tell(0, story("site:2", 4, true)...)
	r.wait(t, func() bool { return len(r.all()) >= 1 })
	stop()
	if n := l.Stats.DeadLetters.Load() + l.Stats.Delivered.Load(); n < 4 || l.Stats.DeadLetters.Load() > 6 {
		t.Errorf("%d dead letters, %d delivered", l.Stats.DeadLetters.Load(), l.Stats.Delivered.Load())
	}
	letters, err := (&Service{Cluster: s.cluster}).Letters(t.Context(), "hook")
	if err != nil || int64(len(letters)) != l.Stats.DeadLetters.Load() {
		t.Errorf("%d letters, %d counted (%v)", len(letters), l.Stats.DeadLetters.Load(), err)
	}
}

// batches is a receiver that is told all at once, and says of all that one is bad; it is slow besides.
type batches struct {
	bad   string
	most  int
	mu    sync.Mutex
	shown []string
}

func (b *batches) Deliver(_ context.Context, notices []sinks.Notice) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(notices, func(n sinks.Notice) bool { return n.Key() == b.bad }) {
		return 0, &sinks.Refusal{What: "one of them"}
	}
	n := min(b.most, len(notices))
	for i := range notices[:n] {
		b.shown = append(b.shown, notices[i].Key())
	}
	if n < len(notices) {
		return n, context.DeadlineExceeded
	}
	return n, nil
}

func (*batches) Close() error { return nil }

// Of a batch that is refused as a whole the bad one alone becomes a dead letter. One that is taken in parts is no failure.
func TestBatchWithABadOne(t *testing.T) {
	s := newSite(t, 1)
	s.tell(0, append(story("site:1", 5, true), story("site:2", 5, true)...)...)
	b := &batches{bad: s.told[6], most: 3}
	l := line(t, "hook", "http://127.0.0.1:1", func(s *sinks.Settings) { s.RefusedAfter = 0 })
	l.Sink = b
	stop := s.run(l)
	newReceiver(nil).wait(t, func() bool { return l.Stats.Delivered.Load() == 9 })
	stop()
	want := slices.Delete(slices.Clone(s.told), 6, 7)
	if diff := cmp.Diff(want, b.shown); diff != "" || l.Stats.DeadLetters.Load() != 1 {
		t.Errorf("%d dead letters (- told, + shown):\n%s", l.Stats.DeadLetters.Load(), diff)
	}
	if said := s.said(); strings.Contains(said, "does not take") {
		t.Errorf("the log says %s", said)
	}
}

// A sink without a position begins where its settings say, and what comes after that is never passed over, also when nobody
// ran in between. It is told only what it is for.
func TestPositionAndOnly(t *testing.T) {
	s := newSite(t, 2)
	s.tell(1, story("site:1", 2, true)...)
	r := newReceiver(func(int, string) int { return http.StatusNoContent })
	server := httptest.NewServer(r)
	defer server.Close()
	now := func(s *sinks.Settings) {
		s.Begin, s.Only.Domains = sinks.BeginNow, []string{"site"}
	}
	stop := s.run(line(t, "hook", server.URL, now))
	for committed := []int64{-1}; slices.Contains(committed, -1); {
		var err error
		if committed, err = s.cluster.Committed(t.Context(), GroupOf("hook"), schemas.TopicAlerts); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	before := len(s.told)
	s.tell(1, story("synth:7", 2, true)...)
	later := len(s.told)
	s.tell(1, story("site:2", 3, true)...)
	l := line(t, "hook", server.URL, now)
	defer s.run(l)()
	r.wait(t, func() bool { return len(r.all()) == len(s.told)-later })
	if diff := cmp.Diff(s.told[later:], r.all()); diff != "" {
		t.Errorf("%d were told before (- told, + shown):\n%s", before, diff)
	}
	if l.Stats.Left.Load() != 2 {
		t.Errorf("%d left out, want those of another domain", l.Stats.Left.Load())
	}
}

// Several processes share the partitions of a sink, and one of them ends.
func TestSeveralProcesses(t *testing.T) {
	s := newSite(t, 4)
	r := newReceiver(func(int, string) int { return http.StatusNoContent })
	server := httptest.NewServer(r)
	defer server.Close()
	one := s.run(line(t, "hook", server.URL, nil))
	defer s.run(line(t, "hook", server.URL, nil))()
	for i := range 12 {
		s.tell(i%4, story(fmt.Sprintf("site:%d", i), 2, true)...)
		if i == 6 {
			one()
		}
	}
	r.wait(t, func() bool { return len(r.all()) == len(s.told) })
	for i := range 12 {
		id := fmt.Sprintf("site%d0f", i)
		if got := r.all(); slices.Index(got, id+".1") > slices.Index(got, id+".2") {
			t.Errorf("alert %s was told in another order: %v", id, got)
		}
	}
}
