package intake

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// An owner that is stopped between its two appends, sleeps for longer than the broker
// remembers it and wakes up, writes its log batch a second time only where the owner
// after it has not kept its idle outputs alive, or its own id had lapsed.
func TestRealZombieOfDays(t *testing.T) {
	k := realkafka.Start(t, realkafka.Options{Properties: realkafka.Forgetful})
	const (
		never = time.Hour
		rest  = 14 * time.Second // longer than the broker remembers a producer or an id
	)
	for _, x := range []struct {
		what   string
		before time.Duration // that the zombie is idle before it sleeps
		behind time.Duration // that the next owner is idle
		idle   kafka.Idle
		times  int // that the record is in the log
	}{
		{"the next owner is idle and kept alive", 0, rest, kafka.Idle{Alive: time.Second, Renew: never}, 1},
		{"the next owner is idle and forgotten", 0, rest, kafka.Idle{Alive: never, Renew: never}, 2},
		{"it had renewed its id", rest, 0, kafka.Idle{Alive: time.Second, Renew: 2 * time.Second}, 1},
		{"its id had lapsed", rest, 0, kafka.Idle{Alive: time.Second, Renew: never}, 2},
	} {
		t.Run(x.what, func(t *testing.T) {
			t.Parallel()
			c := &kafka.Cluster{Brokers: k.Addresses, Prefix: realkafka.Prefix()}
			t.Cleanup(c.Close)
			if _, err := c.CreateTopics(t.Context(), 1, 1); err != nil {
				t.Fatal(err)
			}
			asleep, woken := make(chan struct{}), make(chan struct{})
			begun, wrote, refused := make(chan string, 100), make(chan string, 100), make(chan string, 100)
			z := worker(c, still)
			z.Idle = x.idle
			sleeping, awake := false, false
			z.cut = func(point string) error {
				switch {
				case awake:
					wrote <- point
				case point == "dead letters written" && !sleeping:
					sleeping = true
					close(asleep)
					<-woken
					awake = true
				default:
					begun <- point
				}
				return nil
			}
			z.Log = zerolog.New(io.Discard).Hook(zerolog.HookFunc(func(_ *zerolog.Event, _ zerolog.Level, text string) { refused <- text }))
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- z.Own(ctx, 0, nil) }()
			<-begun // it owns the partition
			time.Sleep(x.before)
			p := c.NewProducer(c.Prefix + "test")
			put(t, p, 0, beat("d:1", 1, 60, "r", 50), beat("d:1", 2, 61, "r", 40)) // the second is out of order
			put(t, p, 0, marks("r", 60, false)...)
			<-asleep
			next := worker(c, still)
			next.Idle = x.idle
			stop := owned(t, next, 1)
			defer stop()
			until(t, "the next owner has written the run so far", func() bool { return next.Reached(0, 60) })
			time.Sleep(x.behind)
			close(woken)
			times := 0
			for over := false; !over; {
				select {
				case <-wrote: // it may be a step before that of the record: each topic has its mark
					times = observed(t, c)
					over = times > 1
				case <-refused:
					times, over = observed(t, c), true
				case <-time.After(time.Minute):
					t.Fatal("the zombie neither writes the record nor is refused")
				}
			}
			cancel()
			<-ended
			got := readResult(t, c)
			if times != x.times || len(got.Letters) != 1 {
				t.Errorf("the record is in the log %d times, want %d; %d dead letters, want 1", times, x.times, len(got.Letters))
			}
		})
	}
}

// observed counts the records of observations in the log.
func observed(t *testing.T, c *kafka.Cluster) (n int) {
	for _, r := range readResult(t, c).Records {
		if r.Kind == schemas.KindObservations {
			n++
		}
	}
	return n
}
