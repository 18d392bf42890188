package replay

import (
	"context"
	"math"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// HeaderIndex carries a message's position in its plan, decimal. On a mark: the
// number of events that have been sent.
const HeaderIndex = "idx"

// MarkEvery is the time of the player's clock between two marks.
const MarkEvery = 250 * time.Millisecond

// Speed is how many times faster than real time a plan is played: 1 is real
// time, Max as fast as the sink takes it.
type Speed float64

// Max speed.
var Max = Speed(math.Inf(1))

// ParseSpeed reads "max" or a positive number, with or without an x behind it.
func ParseSpeed(s string) (Speed, error) { panic("building") }

// Clock is the player's time: of the wall in cmd, of the test in tests.
type Clock interface {
	Now() time.Time
	// Sleep returns after d or with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

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
	From  int  // position of the first event that may be missing
	To    int  // number of events up to the last one that is there: no mark before it, no waiting either
	Ended bool // nothing is left to do
}

// Player plays a plan into a sink.
type Player struct {
	Plan  *Plan
	Sink  Sink
	Speed Speed
	Clock Clock
	// Progress is called after each batch and mark, from Run's goroutine; may be nil.
	Progress func(Progress)
}

// Progress is where a player is.
type Progress struct {
	Events, TotalEvents     int
	Patients, TotalPatients int           // patients of whom something has been sent
	Play, End               int64         // simulated time, ms
	PerSecond               float64       // events a second since the start of this process
	Lag                     time.Duration // how far sending is behind the wished speed; 0 at Max
	Done                    bool
}

// Run plays until the end mark is out, ctx ends or the sink fails. It may be
// called again: a Resumer goes on where it was.
func (p *Player) Run(ctx context.Context) error { panic("building") }

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
