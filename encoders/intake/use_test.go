package intake

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// usesOf reads the use records of a log partition.
func usesOf(t *testing.T, c *kafka.Cluster) (uses []schemas.Use) {
	t.Helper()
	for _, r := range readResult(t, c).Records {
		if r.Kind == schemas.KindUse {
			uses = append(uses, *r.Use)
		}
	}
	return uses
}

// A log asks for one thing until a worker is told to switch it: then by one record, once.
func TestALogAsksForOneThingUntilItIsSwitched(t *testing.T) {
	_, c := bench(t, 1)
	p, seq := c.NewProducer("test"), 0
	first := schemas.Use{Model: "m", Policy: "p", Settings: "s"}
	start := func(use schemas.Use, may bool) error {
		w := worker(c, still)
		w.Use, w.Switch = use, may
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		over := make(chan error, 1)
		go func() { over <- w.Own(ctx, 0, nil) }()
		// Once a live message is through, the worker is at work.
		seq++
		put(t, p, 0, beat("d:1", seq, 60, "", 0))
		for {
			select {
			case err := <-over:
				return err
			default:
			}
			if w.Stats(0).Records.Load() > 0 {
				stop()
				return <-over
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	if err := start(first, false); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	second := first
	second.Settings = "other"
	if err := start(second, false); !errors.Is(err, ErrOtherUse) {
		t.Fatalf("other settings: %v", err)
	}
	for range 2 {
		if err := start(second, true); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if err := start(second, false); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := start(first, false); !errors.Is(err, ErrOtherUse) {
		t.Fatalf("the settings of before: %v", err)
	}
	if uses := usesOf(t, c); len(uses) != 2 || uses[0] != first || uses[1] != second {
		t.Fatalf("the log asks for %+v", uses)
	}
}

// What a log of an older version asks for is found at its beginning; what it left open is asked
// for from then on.
func TestAnOlderLogIsAskedOnce(t *testing.T) {
	_, c := bench(t, 1)
	use := schemas.Record{Kind: schemas.KindUse, Use: &schemas.Use{Model: "m", Policy: "p"}}
	old := newProgress()
	state := old.message()
	state.Topic = schemas.TopicLog
	if _, err := c.NewProducer("old").Append(t.Context(), schemas.TopicLog, 0, []schemas.Message{{Key: useKey, Value: use.AppendBinary(nil), Headers: logHeaders}, state}); err != nil {
		t.Fatal(err)
	}
	w := worker(c, still)
	w.Use = schemas.Use{Model: "m", Policy: "another", Settings: "s"}
	if err := w.Own(t.Context(), 0, nil); !errors.Is(err, ErrOtherUse) {
		t.Fatalf("another policy: %v", err)
	}
	w.Use.Policy = "p"
	stop := owned(t, w, 1)
	until(t, "the settings are asked for", func() bool { return len(usesOf(t, c)) == 2 })
	stop()
	if uses := usesOf(t, c); uses[1] != w.Use {
		t.Fatalf("the log asks for %+v", uses)
	}
}
