package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A run that sends no marks is held up to a limit, also after a restart. What is beyond is a dead
// letter at once, and once; what is within is written when the mark comes, and the run goes on
// behind it.
func TestRunWithoutMarks(t *testing.T) {
	const most, sent = 20, 50
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	for n := range sent {
		put(t, p, 0, beat("d:1", n+1, 60, testRun, int64(n)))
		if n%10 == 0 { // live ones pass
			put(t, p, 0, beat("d:live", n+1, 60, "", 0))
		}
	}
	letters := func() []string { return readResult(t, c).Letters }
	for range 2 {
		w := worker(c, still)
		w.load = load{most, 1 << 30}
		stop := owned(t, w, 1)
		until(t, "the rest is refused", func() bool { return len(letters()) == sent-most })
		stop()
	}
	put(t, p, 0, marks(testRun, sent, false)...)
	for n := range most { // at the limit again
		put(t, p, 0, beat("d:1", sent+n+1, 60, testRun, int64(sent+n+1)))
	}
	put(t, p, 0, marks(testRun, 1000, true)...)
	w := worker(c, still)
	w.load = load{most, 1 << 30}
	stop := owned(t, w, 1)
	until(t, "the run is over", func() bool { return w.Reached(0, 1<<60) })
	stop()
	got := readResult(t, c)
	recorded := 0
	for _, r := range got.Records {
		if r.Provenance&schemas.Recorded != 0 {
			recorded++
		}
	}
	if recorded != 2*most || len(got.Letters) != sent-most || len(slices.Compact(got.Letters)) != sent-most {
		t.Errorf("%d records of the run, want %d; %d dead letters, want %d", recorded, 2*most, len(got.Letters), sent-most)
	}
	if _, dead := w.Totals(); len(dead) > 0 {
		t.Errorf("dead letters behind the mark: %v", dead)
	}
}

// A stretch takes messages up to its limit of bytes, of each of which only what a dead letter
// quotes is held. The dead letter still has length and hash of the whole.
func TestHeldMessagesAreCut(t *testing.T) {
	value := bytes.Repeat([]byte("x"), 900_000)
	cost := (&Item{message: schemas.Message{Value: value}}).cost()
	if cost > kafka.MaxDeadPayload+2000 {
		t.Fatalf("a message without values costs %d bytes", cost)
	}
	q := queue{most: load{1000, 3 * cost}, mark: -1}
	for n := range 4 {
		i := Item{run: testRun, message: schemas.Message{Topic: schemas.TopicVitals, Offset: int64(n), Value: value}}
		if held := q.put(&i); held != (n < 3) {
			t.Errorf("message %d: held %v", n, held)
		}
		if n == 3 && (i.problem == nil || i.problem.Reason != schemas.NoMark) {
			t.Error(i.problem)
		}
	}
	sum := sha256.Sum256(value)
	for _, i := range q.items {
		if len(i.message.Value) != kafka.MaxDeadPayload || i.length != len(value) || i.sum != hex.EncodeToString(sum[:]) {
			t.Errorf("held: %d bytes of %d", len(i.message.Value), i.length)
		}
	}
	if q.held != 3*cost {
		t.Errorf("holds %d bytes, want %d", q.held, 3*cost)
	}
	q.judge(schemas.Mark{Run: "another"}, -1, nil)
	if q.held != 0 || q.unmarked {
		t.Errorf("behind the mark %d bytes are held", q.held)
	}
}

// A run that jumps by centuries of playing time is written in ticks of an hour, and of no more
// hours than a stay lasts without data.
func TestJumpOfPlayingTime(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	const century = 100 * 365 * 24 * int64(schemas.Hour)
	put(t, p, 0, beat("d:1", 1, 60, testRun, 0), beat("d:1", 2, 60, testRun, 3*int64(schemas.Hour)), beat("d:1", 3, 60, testRun, 5*century))
	put(t, p, 0, marks(testRun, 5*century, true)...)
	w := worker(c, still)
	stop := owned(t, w, 1)
	until(t, "the run is over", func() bool { return w.Reached(0, 1<<60) })
	stop()
	got := readResult(t, c)
	want := 2 + int(schemas.MaxUnheard/schemas.Hour) + 2 + 1
	if n := len(got.Ticks); n < want || n > want+1 {
		t.Errorf("%d ticks, want %d", n, want)
	}
	for k := range 10 {
		if step := got.Ticks[k+1] - got.Ticks[k]; step > int64(schemas.Hour) {
			t.Error(fmt.Sprint("ticks are ", step, " ms apart"))
		}
	}
}

// What a run may bring is what the site has set.
func TestRunGoesByTheSitesLimits(t *testing.T) {
	var limits schemas.Limits
	for _, text := range []string{"run-messages=50000", "run-bytes=32MiB"} {
		if err := limits.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	w := worker(nil, still)
	if got := w.mostLoad(); got != (load{200_000, 128 << 20}) {
		t.Errorf("shipped: %+v", got)
	}
	if w.Encoder.Limits = &limits; w.mostLoad() != (load{50_000, 32 << 20}) {
		t.Errorf("of the site: %+v", w.mostLoad())
	}
}
