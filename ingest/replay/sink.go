package replay

import (
	"context"

	"github.com/vigil-icu/vigil/schemas"
)

// Sink takes what a player sends. Calls come one at a time, in order.
type Sink interface {
	// Publish takes messages in the order of the plan and returns when they are where
	// they belong. The messages and their bytes belong to the sink.
	Publish(ctx context.Context, messages []schemas.Message) error
	// Mark says that everything whose playing time is at most play, in milliseconds, has
	// been published. Nobody may see the mark before all of that. end says that the run
	// ends with this mark.
	Mark(ctx context.Context, play int64, end bool) error
}

// Resumer is a Sink that keeps what it took beyond the process, so that a run which was cut
// off goes on where it ended.
type Resumer interface {
	Sink
	// Start is called once a Run, before anything else, and says how far an earlier process
	// came. It refuses to go on with the plan of another run.
	Start(ctx context.Context, p *Plan) (Resume, error)
}

// Resume says where a run goes on.
type Resume struct {
	From  int   // position of the first event that may be missing: sending begins here
	To    int   // one more than the position of the last event that is there: up to here nothing waits, and no mark is sent
	Play  int64 // playing time of the largest mark that is there, ms; 0: there is none
	Ended bool  // the end mark is out, so that nothing is left to do
}

// FuncSink hands everything to functions in the caller's process, without a Kafka between.
// Either may be nil. An error of theirs ends the run.
type FuncSink struct {
	OnMessage func(*schemas.Message) error
	OnMark    func(play int64, end bool) error
}

// Publish calls OnMessage for each message.
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
