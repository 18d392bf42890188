package replay

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// MarkEvery is the time between two marks, by the player's clock and not by playing time: a
// mark is what lets intake write, so it bounds how long an event waits there at any speed.
const MarkEvery = 250 * time.Millisecond

// markMessages and markBytes are after how many messages, and bytes of them, a mark is sent
// besides: intake holds what lies between two marks, up to schemas.MaxStretchMessages and
// MaxStretchBytes.
const (
	markMessages = schemas.MaxStretchMessages / 8
	markBytes    = schemas.MaxStretchBytes / 8
)

// Speed is how many times faster than real time a plan is played: 1 is real
// time, Max as fast as the sink takes it.
type Speed float64

// Max is as fast as the sink takes it.
var Max = Speed(math.Inf(1))

// ParseSpeed reads "max" or a positive number, with or without an x behind it.
func ParseSpeed(s string) (Speed, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	if word == "max" {
		return Max, nil
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(word, "x"), 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) || v > 1e9 {
		return 0, fmt.Errorf("speed %q: want max, or how many times faster than real time, such as 1, 60 or 0.5", s)
	}
	return Speed(v), nil
}

// String is what ParseSpeed reads: "max", or the number with an x.
func (s Speed) String() string {
	if math.IsInf(float64(s), 1) {
		return "max"
	}
	return strconv.FormatFloat(float64(s), 'g', -1, 64) + "x"
}

// Clock is the player's time: the machine's in a command, the test's own in a test, so that
// two days pass there in a moment.
type Clock interface {
	Now() time.Time
	// Sleep returns after d or with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Player plays a plan into a sink. All fields but Progress must be set, and none may change
// while Run is at work.
type Player struct {
	Plan  *Plan
	Sink  Sink
	Speed Speed // more than 0
	Clock Clock
	// Progress is called after each batch and mark, from Run's goroutine. It may be nil.
	Progress func(Progress)

	most  int // messages without a mark, in tests; 0: markMessages
	began time.Time
	first int // position at which this process began to send
}

// Progress is where a player is, for people.
type Progress struct {
	Events, TotalEvents     int
	Patients, TotalPatients int           // patients of whom something has been sent
	Play, End               int64         // playing time reached, and that of the whole plan, ms
	PerSecond               float64       // events a second since Run began
	Lag                     time.Duration // how far sending is behind the speed that was asked for; 0 at Max
	Done                    bool
}

// String is one line on where the player is.
func (p Progress) String() string {
	return fmt.Sprintf("%d/%d events  ", p.Events, p.TotalEvents) + p.Beside()
}

// Beside is String without the number of events, to stand beside a bar.
func (p Progress) Beside() string {
	playing := func(ms int64) string { return (time.Duration(ms) * time.Millisecond).Truncate(time.Second).String() }
	line := fmt.Sprintf("%d/%d patients  %s of %s played  %.0f/s",
		p.Patients, p.TotalPatients, playing(p.Play), playing(p.End), p.PerSecond)
	if p.Lag > 0 {
		line += "  lag " + p.Lag.Round(time.Millisecond).String()
	}
	return line
}

// Run plays until the end mark is out and returns nil, or until ctx ends or the sink fails
// and returns that error. It may be called again, also in another process: with a sink that
// is a Resumer it goes on where it was, with any other it begins again.
func (p *Player) Run(ctx context.Context) error {
	if !(p.Speed > 0) {
		return fmt.Errorf("speed %v: want replay.Max or more than 0", float64(p.Speed))
	}
	var at Resume
	if r, ok := p.Sink.(Resumer); ok {
		var err error
		if at, err = r.Start(ctx, p.Plan); err != nil {
			return err
		}
	}
	p.began = p.Clock.Now()
	p.first = at.From
	if at.Ended {
		p.report(p.Plan.Len(), p.Plan.End, 0, true)
		return nil
	}
	return p.play(ctx, at)
}

// play sends what is due, marks what is sent, and sleeps until more is due. At a position
// before at.To everything is due at once, as it was sent before.
func (p *Player) play(ctx context.Context, at Resume) error {
	events, total := p.Plan.events, p.Plan.Len()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ahead := encodeAhead(ctx, p.Plan, at.From)

	// What was there before does not wait: playing time goes on at the last of it.
	origin := at.Play
	if at.To > 0 {
		origin = max(origin, events[at.To-1].Play)
	}
	begin := p.Clock.Now()
	now := func() int64 { // playing time that the clock allows
		if math.IsInf(float64(p.Speed), 1) {
			return math.MaxInt64
		}
		return origin + int64(float64(p.Clock.Now().Sub(begin))*float64(p.Speed)/float64(time.Millisecond))
	}
	marked, lastMark := at.Play, begin
	if at.To == 0 && at.Play == 0 {
		marked = -1
	}
	pos, sent, bytes := at.From, 0, 0 // the latter since the last mark
	for pos < total {
		due := now()
		messages, err := ahead.upTo(max(at.To, pos+p.due(pos, due)) - pos)
		if err != nil {
			return err
		}
		if len(messages) > 0 {
			if err := p.Sink.Publish(ctx, messages); err != nil {
				return err
			}
			pos, sent = pos+len(messages), sent+len(messages)
			for i := range messages {
				bytes += len(messages[i].Value)
			}
			p.report(pos, events[pos-1].Play, now(), false)
		}
		if pos == total {
			break
		}
		sinceMark := p.Clock.Now().Sub(lastMark)
		// Not between events of one playing time: those sent would lie beyond the mark.
		whole := pos == 0 || events[pos-1].Play < events[pos].Play
		full := sent >= cmp.Or(p.most, markMessages) || bytes >= markBytes
		if (full || sinceMark >= MarkEvery) && pos >= at.To && whole {
			lastMark = p.Clock.Now()
			if m := min(due, events[pos].Play-1); m > marked {
				if err := p.Sink.Mark(ctx, m, false); err != nil {
					return err
				}
				marked, sent, bytes = m, 0, 0
				p.report(pos, m, now(), false)
			}
			sinceMark = 0
		}
		if len(messages) == 0 {
			wait := time.Duration(float64(events[pos].Play-now()) / float64(p.Speed) * float64(time.Millisecond))
			if err := p.Clock.Sleep(ctx, max(time.Millisecond, min(wait, MarkEvery-sinceMark))); err != nil {
				return err
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := p.Sink.Mark(ctx, p.Plan.End, true); err != nil {
		return err
	}
	p.report(total, p.Plan.End, 0, true)
	return nil
}

// due is how many events from pos on have a playing time up to now.
func (p *Player) due(pos int, now int64) int {
	rest := p.Plan.events[pos:]
	if now >= p.Plan.End {
		return len(rest)
	}
	return sort.Search(len(rest), func(i int) bool { return rest[i].Play > now })
}

func (p *Player) report(pos int, play, due int64, done bool) {
	if p.Progress == nil {
		return
	}
	g := Progress{Events: pos, TotalEvents: p.Plan.Len(), TotalPatients: p.Plan.Patients, Play: play, End: p.Plan.End, Done: done}
	if pos > 0 {
		g.Patients = int(p.Plan.patients[pos-1])
	}
	if s := p.Clock.Now().Sub(p.began).Seconds(); s > 0 {
		g.PerSecond = float64(pos-p.first) / s
	}
	if pos < p.Plan.Len() && !math.IsInf(float64(p.Speed), 1) {
		if next := p.Plan.events[pos].Play; due > next {
			g.Lag = time.Duration(float64(due-next) / float64(p.Speed) * float64(time.Millisecond))
		}
	}
	p.Progress(g)
}
