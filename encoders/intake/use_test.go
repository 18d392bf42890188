package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// shelf has models by their hashes.
type shelf []string

func (s shelf) Find(_ context.Context, hash string) (string, error) {
	for _, one := range s {
		if strings.HasPrefix(one, hash) {
			return one, nil
		}
	}
	return "", fmt.Errorf("%w: %s is not here", ErrNoModel, hash)
}

// A command lets the log ask for another model from its place among the messages on, once; a
// worker that starts with another one goes on with that. What nobody finds is a dead letter, and
// the log stays as it is. Only a worker that names its model and is to switch goes back.
func TestACommandLetsTheLogAskForAnotherModel(t *testing.T) {
	_, c := bench(t, 1)
	own, other, lost := strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64)
	p := c.NewProducer("test")
	start := func(change func(*Worker)) (w *Worker, stop func()) {
		w = worker(c, still)
		w.Use = schemas.Use{Model: own, Policy: "p", Settings: "s"}
		w.Models = shelf{other}
		if change != nil {
			change(w)
		}
		return w, owned(t, w, 1)
	}
	asked := func(models ...string) bool {
		uses := usesOf(t, c)
		return slices.EqualFunc(uses, models, func(u schemas.Use, m string) bool { return u.Model == m && u.Policy == "p" && u.Settings == "s" })
	}
	command := func(model string) schemas.Message { return schemas.UseCommand{Model: model, Actor: "nurse"}.Message() }
	w, stop := start(nil)
	put(t, p, 0, beat("d:1", 1, 60, "", 0), command(lost), schemas.Message{Topic: schemas.TopicCommands, Key: []byte("use"), Value: []byte("{"), Headers: command(lost).Headers}, command(other), command(other))
	until(t, "the log asks for the other model", func() bool { return asked(own, other) })
	until(t, "what cannot be is a dead letter", func() bool { return len(readResult(t, c).Letters) == 2 })
	put(t, p, 0, beat("d:1", 2, 60, "", 0))
	until(t, "all is read", func() bool { return w.Stats(0).Records.Load() == 2 })
	stop()
	for _, again := range []func(*Worker){nil, func(w *Worker) { w.Switch = true }, func(w *Worker) { w.Named = true }} {
		w, stop = start(again)
		put(t, p, 0, beat("d:1", 3, 60, "", 0))
		until(t, "the worker is at work", func() bool { return w.Stats(0).Records.Load() > 0 })
		stop()
		if !asked(own, other) {
			t.Fatalf("after a restart the log asks for %+v", usesOf(t, c))
		}
	}
	blind := worker(c, still)
	blind.Use, blind.Models = schemas.Use{Model: own, Policy: "p", Settings: "s"}, shelf{}
	if err := blind.Own(t.Context(), 0, nil); !errors.Is(err, ErrOtherUse) {
		t.Fatalf("where the model is not found: %v", err)
	}
	_, stop = start(func(w *Worker) { w.Switch, w.Named = true, true })
	until(t, "the worker's own is asked for again", func() bool { return asked(own, other, own) })
	stop()
}
