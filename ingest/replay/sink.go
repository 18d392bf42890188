package replay

import (
	"context"

	"github.com/vigil-icu/vigil/schemas"
)

// Sink takes what a player sends. Calls come one at a time, in order.
type Sink interface {
	// Publish takes messages in the order of the plan. The messages and their
	// bytes belong to the sink.
	Publish(ctx context.Context, messages []schemas.Message) error
	// Mark says that everything up to and including play has been published; it
	// must not be seen before what was published. end: the run ends here.
	Mark(ctx context.Context, play int64, end bool) error
}

// Resumer is a Sink that keeps what it took beyond the process. Start is called
// once before anything else.
type Resumer interface {
	Sink
	Start(ctx context.Context, p *Plan) (Resume, error)
}

// Resume says where a run goes on.
type Resume struct {
	From  int   // position of the first event that may be missing
	To    int   // number of events up to the last one that is there: no mark before it, and no waiting
	Play  int64 // of the largest mark that is there
	Ended bool  // nothing is left to do
}

// FuncSink hands everything to functions, without Kafka; either may be nil.
type FuncSink struct {
	OnMessage func(*schemas.Message) error
	OnMark    func(play int64, end bool) error
}

// Publish calls OnMessage for each.
func (f FuncSink) Publish(_ context.Context, messages []schemas.Message) error {
	if f.OnMessage == nil {
		return nil
	}
	for i := range messages {
		if err := f.OnMessage(&messages[i]); err != nil {
			return err
		}
	}
	return nil
}

// Mark calls OnMark.
func (f FuncSink) Mark(_ context.Context, play int64, end bool) error {
	if f.OnMark == nil {
		return nil
	}
	return f.OnMark(play, end)
}
