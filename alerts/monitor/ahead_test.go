package monitor

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/schemas"
)

// A tick that predicts several patients at once changes no output: without ticks each is
// predicted alone, when its own next record comes. It does so by both kinds of model.
func TestPredictingAheadChangesNothing(t *testing.T) {
	together := 0
	for _, m := range []*Monitor{modelMonitor(), minuteMonitor()} {
		rapid.Check(t, func(rt *rapid.T) {
			seed := rapid.Uint64().Draw(rt, "seed")
			log := history.Make(seed, 60, 5, rapid.Bool().Draw(rt, "recorded"))
			calm := byPatient(steps(t, m, NewPartition(), log, 0))
			s := NewPartition()
			var out []Output
			for i, rec := range history.WithTicks(rand.New(rand.NewPCG(seed, 2)), log, 0.5) {
				var err error
				if out, err = m.Step(s, rec, int64(10+i), out); err != nil {
					rt.Fatal(err)
				}
				if rec.Kind == schemas.KindTick {
					together = max(together, len(s.scratch.model.inputs))
				}
			}
			if ticked := byPatient(out); !maps.Equal(calm, ticked) {
				rt.Fatalf("(- alone, + together):\n%s", cmp.Diff(calm, ticked))
			}
		})
	}
	if together < 3 {
		t.Errorf("at most %d patients were predicted at once: the histories test nothing", together)
	}
}

// hours is a unit of n patients in partitions of `each`, and the ticks of its full hours.
func hours(b *testing.B, m *Monitor, n, each int) (tick func(hour int)) {
	var unit []*Partition
	for p := range n {
		if p%each == 0 {
			unit = append(unit, NewPartition())
		}
		for minute, rec := range ward12(30) {
			if minute%12 == 0 {
				rec.Patient = fmt.Sprintf("ward:%03d", p)
				if _, err := testMonitor().Step(unit[len(unit)-1], rec, int64(minute), nil); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	var out []Output
	return func(hour int) {
		rec := schemas.Record{Kind: schemas.KindTick, At: midnight + schemas.Time(hour)*schemas.Hour}
		for _, s := range unit {
			var err error
			if out, err = m.Step(s, &rec, int64(1000+hour), out[:0]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkFullHour is the scores of 32 patients at a full hour, in one partition and in
// one each.
func BenchmarkFullHour(b *testing.B) {
	m := modelMonitor()
	for _, each := range []int{32, 1} {
		b.Run(fmt.Sprintf("patients=32/at-once=%d", min(each, mostAhead)), func(b *testing.B) {
			tick := hours(b, m, 32, each)
			tick(1)
			hour := 1
			b.ReportAllocs()
			for b.Loop() {
				if hour++; hour > 20 {
					b.StopTimer()
					tick = hours(b, m, 32, each)
					tick(1)
					hour = 2
					b.StartTimer()
				}
				tick(hour)
			}
		})
	}
}
