package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// stepClock moves when slept on, and a little with each look at it.
type stepClock struct{ t time.Time }

func newStepClock() *stepClock { return &stepClock{time.UnixMilli(1e12)} }

func (c *stepClock) Now() time.Time { c.t = c.t.Add(time.Microsecond); return c.t }
func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	c.t = c.t.Add(d)
	return ctx.Err()
}

func ExamplePlayer() {
	p, err := NewPlan(context.Background(), invented(2, 1), Options{})
	if err != nil {
		panic(err)
	}
	n := 0
	player := Player{Plan: p, Speed: Max, Clock: newStepClock(), Sink: FuncSink{
		OnMessage: func(*schemas.Message) error { n++; return nil },
		OnMark:    func(play int64, end bool) error { fmt.Println(n == p.Len(), play == p.End, end); return nil },
	}}
	fmt.Println(player.Run(context.Background()))
	// Output:
	// true true true
	// <nil>
}

// TestMarks checks what a mark says, at several speeds.
func TestMarks(t *testing.T) {
	for _, speed := range []Speed{1, 3600, 1e6, Max} {
		p := plan(t, invented(5, 2), Options{})
		clock := newStepClock()
		began := clock.t
		pos, marks, last, ended := 0, 0, int64(-1), false
		lastMark := began
		player := Player{Plan: p, Speed: speed, Clock: clock, Sink: FuncSink{
			OnMessage: func(m *schemas.Message) error {
				if idx, _ := m.Header(HeaderIndex); idx != fmt.Sprint(pos) {
					return fmt.Errorf("idx %s at position %d", idx, pos)
				}
				if got := clock.t.Sub(began).Seconds() * float64(speed) * 1000; got < float64(p.Event(pos).Play)-1 {
					return fmt.Errorf("event of play %d sent at %f", p.Event(pos).Play, got)
				}
				if p.Event(pos).Play <= last {
					return fmt.Errorf("event of play %d behind mark %d", p.Event(pos).Play, last)
				}
				pos++
				return nil
			},
			OnMark: func(play int64, end bool) error {
				if play <= last || ended {
					return fmt.Errorf("mark %d after mark %d", play, last)
				}
				if gap := clock.t.Sub(lastMark); speed == 1 && gap > 300*time.Millisecond {
					return fmt.Errorf("%v between marks", gap)
				}
				last, ended, lastMark = play, end, clock.t
				marks++
				return nil
			},
		}}
		if speed == 1 { // a whole stay in real time takes too many marks: its first minutes
			ctx, stop := context.WithCancel(context.Background())
			player.Progress = func(g Progress) {
				if g.Play > 600_000 {
					stop()
				}
			}
			if err := player.Run(ctx); !errors.Is(err, context.Canceled) || marks < 2000 {
				t.Errorf("real time: %v after %d marks", err, marks)
			}
			continue
		}
		if err := player.Run(context.Background()); err != nil {
			t.Errorf("%v: %v", speed, err)
		}
		if pos != p.Len() || last != p.End || !ended {
			t.Errorf("%v: %d of %d events, last mark %d of %d, ended %v", speed, pos, p.Len(), last, p.End, ended)
		}
	}
}

// TestSlowSinkLags: a sink that takes its time at a finite speed shows as lag, and marks
// still come.
func TestSlowSinkLags(t *testing.T) {
	p := plan(t, invented(5, 2), Options{})
	clock := newStepClock()
	lag, marks := time.Duration(0), 0
	player := Player{Plan: p, Speed: 1e7, Clock: clock, Progress: func(g Progress) { lag = max(lag, g.Lag) },
		Sink: FuncSink{
			OnMessage: func(*schemas.Message) error { clock.t = clock.t.Add(100 * time.Millisecond); return nil },
			OnMark:    func(int64, bool) error { marks++; return nil }}}
	if err := player.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if lag < time.Second || marks < 2 {
		t.Errorf("lag %v, %d marks", lag, marks)
	}
}

func TestPlayerEndsOnErrors(t *testing.T) {
	p := plan(t, invented(2, 2), Options{})
	broken := errors.New("broken")
	player := Player{Plan: p, Speed: Max, Clock: newStepClock(), Sink: FuncSink{OnMessage: func(*schemas.Message) error { return broken }}}
	if err := player.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	player.Speed = 0
	if err := player.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "speed") {
		t.Errorf("speed 0: %v", err)
	}
}

func TestParseSpeed(t *testing.T) {
	for text, want := range map[string]Speed{"max": Max, "MAX": Max, "1": 1, "60x": 60, "0.5": 0.5} {
		if got, err := ParseSpeed(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "fast", "inf", "nan", "1e300"} {
		if got, err := ParseSpeed(text); err == nil {
			t.Errorf("%q read as %v", text, got)
		}
	}
}

// A mark comes after so many messages too, however fast they go: intake holds what lies between
// two marks.
func TestMarksByMessages(t *testing.T) {
	p := plan(t, invented(60, 2), Options{})
	stopped := newStepClock()
	since, marks := 0, 0
	player := Player{Plan: p, Speed: Max, Clock: frozen{stopped}, most: 20, Sink: FuncSink{
		OnMessage: func(*schemas.Message) error { since++; return nil },
		OnMark:    func(int64, bool) error { since = 0; marks++; return nil },
	}}
	if err := player.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if marks < 2 {
		t.Errorf("%d marks in a run of %d messages", marks, p.Len())
	}
}

// frozen does not move.
type frozen struct{ *stepClock }

func (c frozen) Now() time.Time { return c.t }
