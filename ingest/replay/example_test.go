package replay_test

import (
	"context"
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// instant is a clock that stands still: at full speed nobody waits for it.
type instant struct{}

func (instant) Now() time.Time                                   { return time.Time{} }
func (instant) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// An hour of an invented patient, planned and played into a function.
func ExamplePlayer() {
	unit, err := synth.New(synth.Config{Seed: 1, Beds: 1, Duration: time.Hour})
	if err != nil {
		panic(err)
	}
	plan, err := replay.NewPlan(context.Background(), unit, replay.Options{Run: "first"})
	if err != nil {
		panic(err)
	}
	sent := 0
	sink := replay.FuncSink{
		OnMessage: func(m *schemas.Message) error {
			if sent++; sent == 1 {
				fmt.Printf("%s of %s\n", m.Topic, m.Key)
			}
			return nil
		},
		OnMark: func(play int64, end bool) error {
			fmt.Println("mark", play == plan.End, end)
			return nil
		},
	}
	player := replay.Player{Plan: plan, Sink: sink, Speed: replay.Max, Clock: instant{}}
	if err := player.Run(context.Background()); err != nil {
		panic(err)
	}
	fmt.Println(sent == plan.Len(), plan.Patients, plan.Stays)
	// Output:
	// icu.adt.v1 of first/synth:0001
	// mark true true
	// true 1 1
}
