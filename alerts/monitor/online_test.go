package monitor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// minuteModel is the untrained model with cells of minutes, which serves by sums, and
// with vectors of images.
var minuteModel = sync.OnceValue(func() *fusion.Model {
	from := testModel().Network()
	c := from.Config
	c.Cells, c.Modalities = 2880, slices.Clone(c.Modalities)
	for i := range c.Modalities {
		if c.Modalities[i].Name == "imaging" {
			c.Modalities[i].Width = 2 // of the vectors in history
		}
	}
	n, err := fusion.NewNetwork[float32](&c)
	if err != nil {
		panic(err)
	}
	n.Init(1)
	copy(n.StatEdges, from.StatEdges)
	copy(n.StaticEdges, from.StaticEdges)
	b, err := n.Marshal(nil)
	if err != nil {
		panic(err)
	}
	m, err := fusion.Read(b)
	if err != nil {
		panic(err)
	}
	return m
})

func minuteMonitor() *Monitor { return &Monitor{Model: minuteModel(), Policy: alerts.DefaultPolicy()} }

// What a partition keeps between predictions, sums and the items' first layer, changes
// no output: not where there is room
// for one patient, for two, or for none that lasts, as after a restart.
func TestKeptSumsChangeNothing(t *testing.T) {
	corrections, scores := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		log := history.WithTicks(rand.New(rand.NewPCG(seed, 4)), history.Make(seed, 60, 3, rapid.Bool().Draw(rt, "recorded")), 0.2)
		for _, rec := range log {
			for i := range rec.Observations {
				if rec.Observations[i].Flags&(schemas.Corrected|schemas.Retracted) != 0 {
					corrections++
				}
			}
		}
		m := minuteMonitor()
		m.Settings.ScoreInterval = EveryRecord
		want := texts(steps(t, m, NewPartition(), log, 0))
		scores += len(want)
		for _, most := range []int{0, 1, 2} {
			s := NewPartition()
			var got []Output
			for i, rec := range log {
				if k := s.scratch.model.keeper; k != nil && most == 0 {
					k.release()
					for _, p := range s.patients {
						for i := range p.modalities {
							p.modalities[i].projected = nil
						}
					}
				} else if k != nil {
					k.most = most
				}
				var err error
				if got, err = m.Step(s, rec, int64(10+i), got); err != nil {
					rt.Fatal(err)
				}
			}
			if got := texts(got); !slices.Equal(got, want) {
				rt.Fatalf("(- all is kept, + room for %d):\n%s", most, history.FirstDifference(want, got))
			}
		}
	})
	if corrections == 0 || scores == 0 {
		t.Errorf("%d corrections and retractions, %d outputs: the histories show too little", corrections, scores)
	}
}

// A prediction by sums that are kept allocates nothing.
func TestKeptSumsAllocateNothing(t *testing.T) {
	s, m := NewPartition(), minuteMonitor()
	log := ward12(120)
	steps(t, m, s, log, 0)
	p := s.patients[log[0].Patient]
	minute := 0
	if n := testing.AllocsPerRun(20, func() {
		minute++
		p.online.noteChange(log[0].Observations[0].Channel, p.clock-schemas.Time(minute)*schemas.Minute)
		s.scratch.model.predict(p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMinutes is a prediction after one more record of 6 observations, by a model of
// minute cells, of a patient with 2,000 or 40,000 observations in 48 hours: from what was
// kept, and with all made anew, as after a restart or at the edge of an hour.
func BenchmarkMinutes(b *testing.B) {
	for _, count := range []int{2000, 40000} {
		s, m := NewPartition(), minuteMonitor()
		channels := m.Model.Channels()
		begin := midnight
		for i := range count {
			rec := &schemas.Record{
				Kind: schemas.KindObservations, Patient: "one", At: begin + schemas.Time(i)*48*schemas.Hour/schemas.Time(count), Source: "synth@1", TopicIndex: 1, HasSeq: true, Seq: uint64(i + 1),
			}
			rec.Observations = []schemas.Observation{{Channel: channels[i%len(channels)].ID, EventTime: rec.At, Value: 1 + float32(i%7)}}
			if _, err := testMonitor().Step(s, rec, int64(i), nil); err != nil {
				b.Fatal(err)
			}
		}
		p, scratch := s.patients["one"], newModelScratch(m.Model)
		scratch.predict(p)
		b.Logf("%d observations: %d bytes are kept of a patient, of at most %d patients in a partition", count, m.Model.Shape().Bytes()+p.online.sums.Bytes(), scratch.keeper.most)
		for _, kept := range []bool{true, false} {
			b.Run(fmt.Sprintf("observations=%d/kept=%v", count, kept), func(b *testing.B) {
				b.ReportAllocs()
				for i := range b.N {
					at := p.clock.FloorHour() - schemas.Time(i%2880)*schemas.Minute
					for k := range 6 {
						o := schemas.Observation{Channel: channels[k].ID, EventTime: at, Value: float32(1 + i%50), Flags: schemas.Corrected}
						if p.window.Add(o, uint32(p.logN)) {
							p.online.noteChange(o.Channel, at)
						}
					}
					if !kept {
						p.online.moment = vitals.Moment{}
					}
					scratch.predict(p)
				}
			})
		}
	}
}
