package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/replay/kafkasink"
	"github.com/vigil-icu/vigil/schemas"
)

// play runs the workers and plays the plan until it ends, --for is over, Ctrl-C or
// a failure; then it waits until what was sent is through.
func play(ctx context.Context, o demoOptions, house *boot.House, plan *replay.Plan, speed replay.Speed, ward *ward) error {
	// The workers go on after Ctrl-C and --for.
	working, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	work, working := errgroup.WithContext(working)
	work.Go(func() error { return house.Work(working) })
	ward.start(working)
	defer ward.stop()

	stopping := ctx
	if o.lasts > 0 {
		var cancel context.CancelFunc
		stopping, cancel = context.WithTimeout(ctx, o.lasts)
		defer cancel()
	}
	topics := kafkasink.New(house.Cluster, house.Partitions)
	var sink replay.Resumer = stoppable{topics, stopping}
	if o.wrap != nil {
		sink = o.wrap(sink)
	}
	player := replay.Player{Plan: plan, Sink: sink, Speed: speed, Clock: wallClock{stopping}, Progress: ward.progress}
	err := player.Run(working)
	end := plan.End
	if stopping.Err() != nil && working.Err() == nil {
		end, err = topics.Stop(working, plan)
	}
	if err == nil {
		err = house.Drain(working, end)
	}
	if working.Err() != nil {
		err = work.Wait() // a worker failed: its error is the cause
	}
	if err != nil {
		return asExit(err)
	}
	stopWork()
	_ = work.Wait() // ends with the context
	return nil
}

// asExit gives an error without a code that of a failure.
func asExit(err error) error {
	var exit *boot.Exit
	if errors.As(err, &exit) {
		return err
	}
	return boot.Failure(err)
}

// stoppable is a sink that refuses to begin anything once its context is over, and
// finishes what it has begun.
type stoppable struct {
	*kafkasink.Sink
	stopping context.Context
}

func (s stoppable) Publish(ctx context.Context, messages []schemas.Message) error {
	if err := s.stopping.Err(); err != nil {
		return err
	}
	return s.Sink.Publish(ctx, messages)
}

func (s stoppable) Mark(ctx context.Context, play int64, end bool) error {
	if err := s.stopping.Err(); err != nil {
		return err
	}
	return s.Sink.Mark(ctx, play, end)
}
