package fusion

import (
	"cmp"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// Driver is what a probability owes to a part of what the model was given.
type Driver struct {
	// Kind is "modality", "channel" or "static".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Effect is the probability less what it would be without the part: above 0 the part
	// raises the risk.
	Effect float32 `json:"effect"`
}

// Drivers says what drove a binary task of an input: each modality, channel and static is
// withheld in turn, as if nobody had sent it, and the model asked again, through the kernels
// that serve. Parts that are not there are left out. The strongest come first. It costs a
// prediction for each part; parts act together, so that their effects need not add up.
func (m *Model) Drivers(s *Scratch, in *encoders.Input, task int) (probability float32, list []Driver) {
	t := &m.network.Config.Tasks[task]
	ask := func(x *encoders.Input) float32 {
		s.tape.Reset()
		var sums []*Sums
		if m.table != nil {
			one := m.NewSums()
			one.Rebuild(&x.Series)
			sums = []*Sums{one}
		}
		logits := m.network.forward(s.tape, []*encoders.Input{x}, sums, nil, nil).Logits.Value
		return t.Probability(logits[task], x.Hours)
	}
	probability = ask(in)
	without := m.Shape().New()
	withhold := func(kind, name string, take func(x *encoders.Input) bool) {
		copyInput(without, in)
		if take(without) {
			list = append(list, Driver{kind, name, probability - ask(without)})
		}
	}
	c := &m.network.Config
	for i := range m.network.Fronts {
		f := &m.network.Fronts[i]
		withhold("modality", c.Modalities[i].Name, func(x *encoders.Input) (there bool) {
			if f.Series < 0 {
				there = x.Items[f.Item].State != schemas.Absent
				x.Items[f.Item] = encoders.Items{State: schemas.Absent, Width: f.Width, Buckets: f.Words.Buckets}
				return there
			}
			for _, ch := range f.Members {
				there = dropChannel(x, ch) || there
			}
			return there
		})
	}
	for ch := range c.Channels {
		withhold("channel", c.Channels[ch].Name, func(x *encoders.Input) bool { return dropChannel(x, ch) })
	}
	for k, name := range c.Statics {
		withhold("static", name, func(x *encoders.Input) (there bool) {
			there, x.StaticsKnown[k], x.Statics[k] = x.StaticsKnown[k], false, 0
			return there
		})
	}
	slices.SortStableFunc(list, func(a, b Driver) int {
		return cmp.Compare(math.Abs(float64(b.Effect)), math.Abs(float64(a.Effect)))
	})
	return probability, list
}

// dropChannel withholds a channel, and says whether it was there.
func dropChannel(x *encoders.Input, channel int) (there bool) {
	for cell := range x.Series.Cells {
		there = there || x.Series.Count[channel*x.Series.Cells+cell] > 0
		x.Series.Drop(channel, cell)
	}
	if there {
		vitals.StatisticsOf(x, channel)
	}
	return there
}

// copyInput copies an input into one of its shape.
func copyInput(to, from *encoders.Input) {
	to.Series.Copy(&from.Series)
	copy(to.Stats, from.Stats)
	copy(to.StatsKnown, from.StatsKnown)
	copy(to.Statics, from.Statics)
	copy(to.StaticsKnown, from.StaticsKnown)
	to.Hours = from.Hours
	copy(to.Items, from.Items)
}
