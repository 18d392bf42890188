package boot

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/replay/kafkasink"
	"github.com/vigil-icu/vigil/schemas"
)

// Audience is told how a run goes, to show it; alerts/bedside has one.
type Audience interface {
	Start(ctx context.Context)  // called once, before the first event; ctx outlasts the run
	Progress(p replay.Progress) // called by the player between Start and Stop; must not block
	Stop()                      // called once, when nothing more will come
}

// Playing is how a plan is played into a house.
type Playing struct {
	Speed replay.Speed
	Lasts time.Duration                       // how long to play; 0 for until the plan ends
	Wrap  func(replay.Resumer) replay.Resumer // what tests put between player and Kafka; may be nil
}

// Grace is how long a command that was told to end may take to end in good order.
const Grace = 3 * time.Second

// Ending returns a context that outlasts ctx by Grace: what a command does to end in good
// order goes by it, so that it ends in any order where a server is away. Call cancel when done.
func Ending(ctx context.Context) (ending context.Context, cancel context.CancelFunc) {
	ending, cancel = context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(Grace, cancel) })
	return ending, cancel
}

// Play runs the workers and plays the plan until it ends, its time is over, ctx ends or
// something fails. Then it waits until the scores and alerts of what was sent are out: for
// that the workers go on after ctx has ended, until ending does, see Ending. It returns nil
// where ctx or the time ended the run in good order.
func (h *House) Play(ctx, ending context.Context, plan *replay.Plan, how Playing, audience Audience) error {
	working, stopWork := context.WithCancel(ending)
	defer stopWork()
	work, working := errgroup.WithContext(working)
	work.Go(func() error { return h.Work(working) })
	audience.Start(working)
	defer audience.Stop()

	stopping := ctx
	if how.Lasts > 0 {
		var cancel context.CancelFunc
		stopping, cancel = context.WithTimeout(ctx, how.Lasts)
		defer cancel()
	}
	topics := kafkasink.New(h.Cluster, h.Partitions)
	var sink replay.Resumer = stoppable{topics, stopping}
	if how.Wrap != nil {
		sink = how.Wrap(sink)
	}
	player := replay.Player{Plan: plan, Sink: sink, Speed: how.Speed, Clock: WallClock{stopping}, Progress: audience.Progress}
	err := player.Run(working)
	end := plan.End
	if stopping.Err() != nil && working.Err() == nil {
		end, err = topics.Stop(working, plan)
	}
	if err == nil {
		err = h.drain(working, plan.Run, end)
	}
	switch {
	case ending.Err() != nil:
		return cutShort()
	case working.Err() != nil:
		err = work.Wait() // a worker failed: its error is the cause
	}
	if err != nil {
		return AsExit(err)
	}
	stopWork()
	_ = work.Wait() // ends with the context
	return nil
}

// drain waits until what was sent of a run is through. Where workers of other processes may
// own some of the partitions, only the topics can tell.
func (h *House) drain(ctx context.Context, run string, play int64) error {
	if len(h.config.Kafka.Brokers) > 0 && play >= 0 {
		return AwaitScores(ctx, h.Cluster, h.Partitions, run, play, io.Discard)
	}
	return h.Drain(ctx, play)
}

// Publish plays the plan into a Kafka whose workers run elsewhere. Where ctx ends it stops
// between two messages, with a mark, so that what is there can be scored; where the brokers
// are away by then, it stops as it is when ending ends.
func Publish(ctx, ending context.Context, c *kafka.Cluster, partitions int, plan *replay.Plan, speed replay.Speed, progress func(replay.Progress)) error {
	topics := kafkasink.New(c, partitions)
	player := replay.Player{Plan: plan, Sink: stoppable{topics, ctx}, Speed: speed, Clock: WallClock{ctx}, Progress: progress}
	err := player.Run(ending)
	if ctx.Err() != nil && ending.Err() == nil {
		if _, err = topics.Stop(ending, plan); err == nil {
			return Interrupted()
		}
	}
	switch {
	case ending.Err() != nil:
		return cutShort()
	case err != nil:
		return Failure(err)
	}
	return nil
}

// cutShort is the exit of a command that could not end in good order.
func cutShort() error {
	return &Exit{Code: ExitInterrupted, Err: errors.New("interrupted before all was through; the same command goes on where it ended")}
}

// AsExit returns an error with an exit code as it is, and gives any other that of a failure.
func AsExit(err error) error {
	var exit *Exit
	if errors.As(err, &exit) {
		return err
	}
	return Failure(err)
}

// stoppable is a sink that refuses to begin anything once its context is over, and
// finishes what it has begun.
type stoppable struct {
	*kafkasink.Sink
	stopping context.Context
}

// Publish sends messages, unless the context is over.
func (s stoppable) Publish(ctx context.Context, messages []schemas.Message) error {
	if err := s.stopping.Err(); err != nil {
		return err
	}
	return s.Sink.Publish(ctx, messages)
}

// Mark sends a progress mark, unless the context is over.
func (s stoppable) Mark(ctx context.Context, play int64, end bool) error {
	if err := s.stopping.Err(); err != nil {
		return err
	}
	return s.Sink.Mark(ctx, play, end)
}

// WallClock is the player's clock in a process. A sleep ends when Stopping ends.
type WallClock struct{ Stopping context.Context }

// Now is the machine's time.
func (WallClock) Now() time.Time { return time.Now() }

// Sleep waits for d, or returns the error of the context that ended first.
func (c WallClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.Stopping.Done():
		return c.Stopping.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
