package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// An owner that is stopped between store and topics, sleeps for longer than the broker
// remembers it, and wakes up, publishes nothing a second time: if the owner after it
// kept its idle outputs alive, and renewed its id. Where either is left out the outputs
// are doubled: the days that a site's broker waits are seconds here.
func TestRealZombieOfDays(t *testing.T) {
	k := realkafka.Start(t, realkafka.Options{Properties: realkafka.Forgetful})
	const never = time.Hour
	for _, x := range []struct {
		what    string
		history func(*testing.T, *world, kafka.Idle) bool
		idle    kafka.Idle
		doubled bool
	}{
		{"the next owner is idle and kept alive", sleepsWhileIdle, kafka.Idle{Alive: time.Second, Renew: never}, false},
		{"the next owner is idle and forgotten", sleepsWhileIdle, kafka.Idle{Alive: never, Renew: never}, true},
		{"it had renewed its id", sleepsAfterIdle, kafka.Idle{Alive: time.Second, Renew: 2 * time.Second}, false},
		{"its id had lapsed", sleepsAfterIdle, kafka.Idle{Alive: time.Second, Renew: never}, true},
	} {
		t.Run(x.what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, k.Addresses, "")
			published := x.history(t, w, x.idle)
			seen := map[string]int{}
			for _, line := range w.outputs(t) {
				seen[line]++
			}
			twice := 0
			for _, n := range seen {
				twice += n - 1
			}
			if published != x.doubled || twice > 0 != x.doubled {
				t.Errorf("of %d outputs %d are there twice, the zombie published %v; want %v", len(seen), twice, published, x.doubled)
			}
		})
	}
}

// rest is longer than the broker remembers a producer or an id.
const rest = 14 * time.Second

// sleeper is a service that stops where it has written the store, once armed, until
// it is woken; the next thing that it does is its last.
type sleeper struct {
	*Service
	mu     sync.Mutex
	armed  bool
	asleep chan struct{}
	woken  chan struct{}
	did    string // the point that it came to after it was woken
}

func newSleeper(s *Service) *sleeper {
	z := &sleeper{Service: s, asleep: make(chan struct{}), woken: make(chan struct{})}
	slept := false
	s.cut = func(point string) error {
		z.mu.Lock()
		defer z.mu.Unlock()
		switch {
		case slept:
			z.did = point
			return errCrash
		case z.armed && point == "applied":
			close(z.asleep)
			<-z.woken
			slept = true
		}
		return nil
	}
	return z
}

func (z *sleeper) arm() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.armed = true
}

// own runs a service until end is called.
func own(t *testing.T, s *Service) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Own(ctx, 0, nil) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// wake lets the sleeper go on to its last point and says whether it has published.
func (z *sleeper) wake(t *testing.T, ended <-chan error) bool {
	t.Helper()
	close(z.woken)
	if err := <-ended; !errors.Is(err, errCrash) {
		t.Errorf("the zombie ends with %v", err)
	}
	return strings.HasPrefix(z.did, "published")
}

// sleepsWhileIdle: it sleeps, another takes over and then has nothing to do.
func sleepsWhileIdle(t *testing.T, w *world, idle kafka.Idle) bool {
	store := memstore.New()
	w.write(t, outlined(30))
	z := newSleeper(w.service(store))
	z.arm()
	ended := make(chan error, 1)
	go func() { ended <- z.Own(t.Context(), 0, nil) }()
	<-z.asleep
	b := w.service(store)
	b.Idle = idle
	end := own(t, b)
	defer end()
	w.reach(t, b)
	time.Sleep(rest)
	return z.wake(t, ended)
}

// sleepsAfterIdle: it had nothing to do for long, then it sleeps, and another takes
// over.
func sleepsAfterIdle(t *testing.T, w *world, idle kafka.Idle) bool {
	store := memstore.New()
	log := outlined(60)
	w.write(t, log[:30])
	z := newSleeper(w.service(store))
	z.Idle = idle
	ended := make(chan error, 1)
	go func() { ended <- z.Own(t.Context(), 0, nil) }()
	w.reach(t, z.Service)
	time.Sleep(rest)
	z.arm()
	w.write(t, log[30:])
	<-z.asleep
	c := w.service(store)
	end := own(t, c)
	defer end()
	w.reach(t, c)
	return z.wake(t, ended)
}

// reach waits until a service has applied the log.
func (w *world) reach(t *testing.T, s *Service) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); s.Stats(0).Applied.Load() < w.next-1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("applied %d of %d", s.Stats(0).Applied.Load(), w.next-1)
		}
	}
}

// outlined is a log of n records that cause scores and alerts and nothing else, of patients
// without movements: what it writes first is what the test counts.
func outlined(n int) []*schemas.Record {
	log := slices.DeleteFunc(history.Make(77, 3*n, 3, false), func(r *schemas.Record) bool {
		takesBack := slices.ContainsFunc(r.Observations, func(o schemas.Observation) bool {
			return o.Flags&(schemas.Corrected|schemas.Retracted) != 0
		})
		return takesBack || r.Kind == schemas.KindMergeOut || r.Kind == schemas.KindUnmerge
	})
	return log[:n]
}
