package intake

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

const (
	minute = schemas.Minute
	year   = 365 * 24 * schemas.Hour
)

// steps are those that somebody makes a clock do.
var steps = []schemas.Time{3 * schemas.Second, 2 * minute, 10 * minute, 26 * schemas.Hour, year, -3 * schemas.Second, -2 * minute, -26 * schemas.Hour, -year}

// world is true time, and the clocks of a worker and of a broker that are off from it.
type world struct {
	true, worker, broker schemas.Time
	log                  bytes.Buffer
}

func (w *world) steady() time.Duration { return time.Duration(w.true) * time.Millisecond }

// clock is that of a worker that begins now. With a broker, pass tells of its clock every second.
func (w *world) clock() *clock {
	worker := &Worker{Clock: func() schemas.Time { return still() + w.true + w.worker }, Log: zerolog.New(&w.log)}
	return &clock{worker: worker, steady: w.steady}
}

// tell has the broker tell its time, over a network that takes a while.
func (w *world) tell(c *clock, takes time.Duration) {
	c.hear(kafka.Heard{Time: int64(still() + w.true + w.broker), From: w.steady() - takes/2, Till: w.steady() + takes/2})
}

// off is how far the clock is from true time.
func (w *world) off(c *clock) schemas.Time { return c.now() - still() - w.true }

// A clock that is set does not take the log's time along, is said once, and is believed again
// when it is back: with a broker that tells its time, and with one that does not.
func TestClockIsSet(t *testing.T) {
	for _, tells := range []bool{true, false} {
		for _, step := range steps {
			w := &world{}
			c := w.clock()
			check := func(when string, want schemas.Time) {
				t.Helper()
				for range 100 {
					if w.true += schemas.Second; tells {
						w.tell(c, 10*time.Millisecond)
					}
					if off := w.off(c); off < want-10 || off > want+10 {
						t.Fatalf("a step of %v, broker tells %v: %s the clock is off by %d ms, want %d", time.Duration(step)*time.Millisecond, tells, when, off, want)
					}
				}
			}
			check("before", 0)
			w.worker = step
			check("meanwhile", 0)
			w.worker = 300
			check("afterwards", 300)
			if n := strings.Count(w.log.String(), "\n"); n != 2 || !strings.Contains(w.log.String(), "agrees again") {
				t.Errorf("a step of %d: said %s", step, w.log.String())
			}
		}
	}
}

// Of a worker whose clock is off from the beginning the broker's is believed; a broker's that
// is set later is not, nor one that told it in an answer that took long.
func TestClockOfTheBroker(t *testing.T) {
	for _, step := range steps {
		w := &world{worker: step}
		c := w.clock()
		w.tell(c, 0)
		if off := w.off(c); off != 0 {
			t.Errorf("begun with a clock off by %d: off by %d", step, off)
		}
		w.worker = 0
		for range 100 {
			w.true += schemas.Second
			w.tell(c, 4*time.Millisecond)
			w.off(c)
		}
		w.broker = step
		w.true += schemas.Second
		w.tell(c, time.Minute)
		w.tell(c, 4*time.Millisecond)
		if off := w.off(c); off != 0 {
			t.Errorf("the broker's clock was set by %d: off by %d", step, off)
		}
		w.worker = step // both: the machine was asleep, or both were set right
		if off := w.off(c); off < step-5 || off > step+5 {
			t.Errorf("both clocks were set by %d: off by %d", step, off)
		}
	}
}

// A clock that is set right little by little is followed, and one that creeps away from the
// broker's is not.
func TestClockCreeps(t *testing.T) {
	w := &world{}
	c := w.clock()
	for range 1000 {
		w.true += schemas.Second
		w.worker += 100
		if off := w.off(c); off != w.worker {
			t.Fatalf("off by %d, want %d", off, w.worker)
		}
	}
	w = &world{}
	c = w.clock()
	for range 1000 {
		w.true += schemas.Second
		w.worker += 100
		w.tell(c, 2*time.Millisecond)
		if off := w.off(c); off > leeway+10 {
			t.Fatalf("off by %d", off)
		}
	}
}

// A log that is ahead goes on and is caught up with; one that is far ahead goes back.
func TestPace(t *testing.T) {
	now := still()
	p := pace{}
	last := now + 10*minute
	for begun := now; last > now; now += 333 {
		at, back := p.at(now, last)
		if back || at < last || at-last > 167 {
			t.Fatalf("at %d after %d", at, last)
		}
		if now-begun > 20*minute+schemas.Second {
			t.Fatal("not caught up with")
		}
		last = at
	}
	if at, back := p.at(now, now+10*minute+1); at != now || !back {
		t.Errorf("far ahead: %d, %v", at-now, back)
	}
	if at, back := p.at(now+year, now); at != now+year || back {
		t.Errorf("behind: %d, %v", at-now, back)
	}
}

// A worker whose clock jumps, dies and is followed by another one leaves a log whose time is
// the true one, in which live events go on.
func TestLogOutlivesAClock(t *testing.T) {
	for _, step := range []schemas.Time{2 * minute, 26 * schemas.Hour, year, -26 * schemas.Hour} {
		_, c := bench(t, 1)
		var off atomic.Int64
		begin := func() (end func()) {
			ctx, stop := context.WithCancel(t.Context())
			w := &Worker{Cluster: c, Encoder: &record.Encoder{}, Log: zerolog.Nop(), Clock: func() schemas.Time {
				return schemas.FromStd(time.Now()) + schemas.Time(off.Load())
			}}
			done := make(chan error, 1)
			go func() { done <- w.Own(ctx, 0, nil) }()
			return sync.OnceFunc(func() { stop(); <-done })
		}
		p, sent := c.NewProducer("test"), 0
		beats := func() {
			for range 3 {
				sent++
				m := schemas.Message{Key: []byte("d:1"), Value: fmt.Appendf(nil, `{"patient":"d:1","source":"s","seq":%d,"values":{"heart_rate":80}}`, sent)}
				if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, []schemas.Message{m}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(400 * time.Millisecond)
			}
		}
		end := begin()
		defer end()
		beats()
		off.Store(int64(step))
		beats()
		end()
		off.Store(0)
		defer begin()()
		beats()
		var n, ticks int
		for deadline := time.Now().Add(20 * time.Second); n < sent && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			n, ticks = 0, 0
			err := c.Each(t.Context(), schemas.TopicLog, func(m *schemas.Message) error {
				if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog {
					return nil
				}
				r, err := schemas.DecodeRecord(m.Value)
				if err != nil || r.Kind == schemas.KindUse {
					return err
				}
				if r.Kind == schemas.KindTick {
					ticks++
				} else {
					n++
				}
				if ago := schemas.FromStd(time.Now()) - r.At; ago < -leeway || ago > minute {
					t.Errorf("a step of %v: a record of %d ms ago", time.Duration(step)*time.Millisecond, ago)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if n != sent || ticks == 0 {
			t.Errorf("a step of %v: %d records of %d, %d ticks", time.Duration(step)*time.Millisecond, n, sent, ticks)
		}
	}
}

// What an older version has left, a log far ahead or one that nobody wrote for long, is gone
// on from: live events get the present, and the hours between go by one at a time.
func TestLogOfAnotherTime(t *testing.T) {
	for _, c := range []struct {
		ahead schemas.Time
		ticks int // between the two records, at least
	}{{26 * schemas.Hour, 0}, {-30 * schemas.Hour, 29}} {
		_, cluster := bench(t, 1)
		at := still() + c.ahead
		w := worker(cluster, func() schemas.Time { return at })
		stop := owned(t, w, 1)
		p := cluster.NewProducer("test")
		send := func(seq int) {
			if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, []schemas.Message{{Key: []byte("d:1"), Value: fmt.Appendf(nil, `{"patient":"d:1","source":"s","seq":%d,"values":{"heart_rate":80}}`, seq)}}); err != nil {
				t.Fatal(err)
			}
			for records := 0; records < seq; time.Sleep(time.Millisecond) {
				records = len(readResult(t, cluster).Records) - 1 // without use
			}
		}
		send(1)
		stop()
		at = still()
		stop = owned(t, worker(cluster, func() schemas.Time { return at }), 1)
		send(2)
		stop()
		got := readResult(t, cluster)
		if last := got.Records[2]; last.At != still() {
			t.Errorf("a log ahead by %d: the next record is dated %d ms after now", c.ahead, last.At-still())
		}
		if len(got.Ticks) < c.ticks || len(got.Ticks) > c.ticks+10 {
			t.Errorf("a log ahead by %d: %d ticks, want %d or a few more", c.ahead, len(got.Ticks), c.ticks)
		}
	}
}
