package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// scene is a watch over what a test shows it, at times that the test makes.
type scene struct {
	t   *testing.T
	w   *Watch
	log bytes.Buffer
	now time.Duration
}

func begin(t *testing.T, partitions int) *scene {
	s := &scene{t: t}
	s.w = &Watch{Partitions: partitions, Log: zerolog.New(&s.log)}
	return s
}

// looks looks every Every for so long, and returns the lines that were said.
func (s *scene) looks(span time.Duration, show func() (Sight, error)) (said []string) {
	s.log.Reset()
	for end := s.now + span; s.now < end; {
		s.now += Every
		sight, err := show()
		s.w.take(s.now, sight, err)
	}
	for line := range strings.Lines(s.log.String()) {
		said = append(said, line)
	}
	return said
}

func (s *scene) wants(said []string, words ...string) {
	s.t.Helper()
	if len(words) == 0 && len(said) > 0 || len(words) > 0 && len(said) != 1 {
		s.t.Fatalf("said %q, want words %q in one line", said, words)
	}
	for _, word := range words {
		if !strings.Contains(said[0], word) {
			s.t.Errorf("%q does not say %q", said[0], word)
		}
	}
}

// calm is two partitions, owned here, with something to be done that gets on.
func calm(s *scene) Sight {
	n := int64(s.now)
	topics := []Topic{{Name: "raw", Next: n, End: n + 5}, {Name: "log", Next: n, End: n}}
	return Sight{Partitions: []Partition{{Owned: true, Here: true, Topics: topics}, {Owned: true, Here: true, Topics: topics}}}
}

// Each cause is said once within 10 s with its partition and the mend, counted, shown while it
// lasts, and said again when it is over.
func TestEachSilenceIsSaidAndItsEnd(t *testing.T) {
	stuck := func(change func(*Sight)) func(*Sight) {
		return func(s *Sight) {
			s.Partitions[1].Topics = []Topic{{Name: "raw", Next: 7, End: 9}}
			change(s)
		}
	}
	for _, c := range []struct {
		cause  Cause
		change func(*Sight)
		words  []string
	}{
		{Unowned, func(s *Sight) { s.Partitions[1].Owned, s.Partitions[1].Here = false, false }, []string{"no worker owns", "start vigil serve"}},
		{Store, stuck(func(s *Sight) { s.Store = errors.New("refused") }), []string{"refused", "see to Redis", `"topic":"raw"`}},
		{Held, stuck(func(s *Sight) { s.Partitions[1].Topics[0].Held = true }), []string{"open transaction", "abort", `"topic":"raw"`}},
		{Marks, stuck(func(s *Sight) { s.Partitions[1].Marks = true }), []string{"progress mark", "--end RUN"}},
		{Elsewhere, stuck(func(s *Sight) { s.Partitions[1].Here = false }), []string{"worker elsewhere", "end it"}},
		{Stuck, stuck(func(*Sight) {}), []string{"worker of this process", "end this process"}},
		{Late, func(s *Sight) { s.Partitions[1].Late = 2 }, []string{"open stays", "end this process"}},
		{Behind, func(s *Sight) { s.Partitions[1].Off = -MaxOff - 1 }, []string{"behind this machine's clock", "time service"}},
		{Ahead, func(s *Sight) { s.Partitions[1].Off = MaxOff + 1 }, []string{"ahead of this machine's clock", "time service"}},
	} {
		s := begin(t, 2)
		show := func(change func(*Sight)) func() (Sight, error) {
			return func() (Sight, error) {
				sight := calm(s)
				change(&sight)
				return sight, nil
			}
		}
		s.wants(s.looks(time.Minute, show(func(*Sight) {})))
		if s.w.Status() != "" {
			t.Errorf("%v: status %q in front of any", c.cause, s.w.Status())
		}
		s.wants(s.looks(8*time.Second, show(c.change)), append(c.words, `"partitions":[1]`, `"level":"error"`)...)
		s.wants(s.looks(time.Minute, show(c.change)))
		if got := s.w.Status(); !strings.Contains(got, "1 silences") || !strings.Contains(got, "partition 1: "+c.cause.short()) {
			t.Errorf("%v: status %q meanwhile", c.cause, got)
		}
		s.wants(s.looks(Every, show(func(*Sight) {})), "over: "+c.cause.short(), `"partitions":[1]`, `"after":"1m`)
		s.wants(s.looks(time.Minute, show(func(*Sight) {})))
		if got := s.w.Status(); !strings.Contains(got, "1 silences") || strings.Contains(got, "now") || s.w.Silences() != 1 {
			t.Errorf("%v: status %q afterwards, %d silences", c.cause, got, s.w.Silences())
		}
	}
}

// Brokers that do not answer are one line for all partitions. What stood still meanwhile has a
// while to get on when they are back.
func TestBrokersThatDoNotAnswer(t *testing.T) {
	s := begin(t, 2)
	still := calm(s)
	away := func() (Sight, error) { return Sight{}, errors.New("refused") }
	s.wants(s.looks(8*time.Second, away), "brokers do not answer", `"partitions":[0,1]`, "refused")
	s.wants(s.looks(time.Minute, away))
	s.wants(s.looks(Every, func() (Sight, error) { return still, nil }), "over: ", `"partitions":[0,1]`)
	s.wants(s.looks(Every, func() (Sight, error) { return still, nil }))
	if s.w.Silences() != 2 {
		t.Errorf("%d silences, want one of each partition", s.w.Silences())
	}
}

// A topic that stands still is said though the others of its partition get on, one that gets on
// slowly is not, and when the cause changes that is said too.
func TestTopicsAndCausesAreToldApart(t *testing.T) {
	s := begin(t, 1)
	owned, store := true, error(nil)
	next := int64(3)
	show := func() (Sight, error) {
		p := Partition{Owned: owned, Here: owned, Topics: []Topic{{"one", int64(s.now), int64(s.now) + 9, false}, {"two", next, 9, false}}}
		return Sight{Store: store, Partitions: []Partition{p}}, nil
	}
	for range 3 {
		s.wants(s.looks(4*time.Second, show))
		next++
	}
	store = errors.New("away")
	s.wants(s.looks(8*time.Second, show), "store does not answer", `"topic":"two"`)
	owned = false
	s.wants(s.looks(8*time.Second, show), "no worker owns")
	owned, store = true, nil
	s.wants(s.looks(4*time.Second, show), "over: no worker")
	s.wants(s.looks(8*time.Second, show), "worker of this process")
	next = 9
	s.wants(s.looks(8*time.Second, show), "over: messages")
	if s.w.Silences() != 2 {
		t.Errorf("%d silences, want 2", s.w.Silences())
	}
}

type eyes func(ctx context.Context) (Sight, error)

func (e eyes) Look(ctx context.Context) (Sight, error) { return e(ctx) }

// Run looks at each tick, with a limit of time, and ends with its context.
func TestRunLooksAtEachTick(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	looked := make(chan bool)
	w := &Watch{Partitions: 1, Log: zerolog.Nop(), Steady: func() time.Duration { return 0 }, Eyes: eyes(func(ctx context.Context) (Sight, error) {
		_, limited := ctx.Deadline()
		looked <- limited
		return Sight{}, fmt.Errorf("none")
	})}
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() { w.Run(ctx, ticks); close(ended) }()
	for range 3 {
		ticks <- time.Time{}
		if !<-looked {
			t.Error("a look without a limit")
		}
	}
	cancel()
	<-ended
}
