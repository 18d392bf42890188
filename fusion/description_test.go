package fusion

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
)

// described is the untrained network's model with a description by hand.
func described(t *testing.T, change func(*Description)) (*Model, error) {
	t.Helper()
	n, _, err := Unmarshal(NamedFile(Drawn))
	if err != nil {
		t.Fatal(err)
	}
	even := Spread{Edges: make([]float32, bins-1), Shares: slices.Repeat([]float64{0.1}, bins)}
	for i := range even.Edges {
		even.Edges[i] = float32(i)/4 - 1
	}
	d := &Description{Examples: 1, Unlike: 0.3, Risk: Spread{Edges: []float32{.1, .2, .3, .4, .5, .6, .7, .8, .9}, Shares: even.Shares}}
	for range n.Config.Channels {
		d.Channels = append(d.Channels, ChannelDescription{Seen: 0.5, Spread: even, Low: -3, High: 3})
	}
	for range n.Config.routedExperts() {
		d.Experts = append(d.Experts, 1/float64(n.Config.routedExperts()))
	}
	d.Intervals = []IntervalPoint{
		{Hours: 1, Level: 0.9, Below: []float32{0.2, 1}, Down: []float32{-1, -2}, Up: []float32{1, 2}, Stays: []int{9, 9}},
		{Hours: 12, Level: 0.9, Below: []float32{1}, Down: []float32{-0.5}, Up: []float32{0.5}, Stays: []int{9}},
	}
	if change != nil {
		change(d)
	}
	n.Config.Description = d
	b, err := n.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Read(b)
}

// given is an input of which some channels have one value, on the network's scale.
func given(m *Model, channels int, value float32) *encoders.Input {
	in := m.Shape().New()
	for c := range channels {
		at := c*in.Series.Cells + in.Series.Cells - 1
		in.Series.Count[at] = 1
		for _, of := range [][]float32{in.Series.Mean, in.Series.Min, in.Series.Max, in.Series.First, in.Series.Last} {
			of[at] = value
		}
		for k := range encoders.Statistics {
			in.Stats[c*encoders.Statistics+k], in.StatsKnown[c*encoders.Statistics+k] = value, true
		}
	}
	in.Hours = 3
	return in
}

// A stay unlike all training stays gets no number, and one channel out of its range, or few, is
// not unlike them.
func TestNoNumberOfAStayUnlikeTraining(t *testing.T) {
	m, err := described(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, out := NewScratch(m), make([]float32, len(m.Config().Tasks))
	for _, c := range []struct {
		channels int
		value    float32
		answers  bool
	}{{12, 0, true}, {12, 5, false}, {1, 5, true}, {12, -4, false}} {
		m.Predict(s, []*encoders.Input{given(m, c.channels, c.value)}, out)
		if answers := out[0] == out[0]; answers != c.answers {
			t.Errorf("%d channels at %v: unlikeness %v, a number: %v", c.channels, c.value, m.Unlikeness(given(m, c.channels, c.value)), answers)
		}
	}
	if Shipped().Unlikeness(given(Shipped(), 5, 1e6)) < 0 || Untrained().Unlikeness(given(Untrained(), 5, 1e6)) != 0 {
		t.Error("a model without description finds a stay unlike")
	}
}

// An interval is that of its hour and band, holds the risk, and is none where the first 48 hours
// are known.
func TestIntervalsByHourAndBand(t *testing.T) {
	m, err := described(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	odds := func(p float32) float64 { return math.Log(float64(p) / (1 - float64(p))) }
	for _, c := range []struct{ risk, hours, by float32 }{{0.1, 1, 1}, {0.3, 11, 2}, {0.3, 12, 0.5}, {0.1, 47, 0.5}} {
		low, high, ok := m.Interval(0, c.risk, c.hours)
		if !ok || math.Abs(odds(c.risk)-odds(low)-float64(c.by)) > 1e-3 || math.Abs(odds(high)-odds(c.risk)-float64(c.by)) > 1e-3 {
			t.Errorf("%v at hour %v: %v to %v, %v", c.risk, c.hours, low, high, ok)
		}
	}
	for _, c := range []struct{ risk, hours float32 }{{0.1, 0.5}, {0.1, 48}, {float32(math.NaN()), 3}} {
		if low, high, ok := m.Interval(0, c.risk, c.hours); ok {
			t.Errorf("%v at hour %v: %v to %v", c.risk, c.hours, low, high)
		}
	}
	if _, _, ok := m.Interval(1, 0.1, 3); ok {
		t.Error("an interval of a task that has none")
	}
}

// What is as in training has not moved; a channel in another unit has, and comes first.
func TestDriftNamesTheChannelThatMoved(t *testing.T) {
	m, err := described(t, func(d *Description) {
		d.Channels[2].Seen, d.Unlike = 1, 1
		for c := range d.Channels {
			d.Channels[c].Seen = 1
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s, out := NewScratch(m), make([]float32, len(m.Config().Tasks))
	calm, moved := m.NewDrift(), m.NewDrift()
	for _, d := range []*Drift{calm, moved} {
		s.Watch(d)
		for i := range 400 {
			in := given(m, len(m.Config().Channels), float32(i%10)/4-1.2)
			if d == moved {
				in.Stats[2*encoders.Statistics] = 50
			}
			m.Predict(s, []*encoders.Input{in}, out)
		}
	}
	of := "channel " + m.Config().Channels[2].Name
	at := func(d *Drift) float64 {
		list := d.Shifts(m)
		return list[slices.IndexFunc(list, func(s Shift) bool { return s.Of == of })].PSI
	}
	if calm.Predictions != 400 || at(calm) > 0.01 || at(moved) < PSIMuch {
		t.Errorf("of %d predictions the index is %v and %v", calm.Predictions, at(calm), at(moved))
	}
	sum := 0.0
	for _, share := range moved.Loads() {
		sum += share
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("the experts' loads add up to %v", sum)
	}
	both := m.NewDrift()
	both.Add(calm)
	both.Add(moved)
	if both.Predictions != 800 || at(both) <= at(calm) || at(both) >= at(moved) {
		t.Errorf("together %d predictions, index %v", both.Predictions, at(both))
	}
	if Untrained().NewDrift() != nil {
		t.Error("a model without description counts")
	}
}

// A file with a description that cannot be is refused with what is wrong.
func TestBadDescriptionsAreRefused(t *testing.T) {
	for want, change := range map[string]func(*Description){
		"channels":     func(d *Description) { d.Channels = d.Channels[1:] },
		"of the risk":  func(d *Description) { d.Risk.Edges[0] = 2 },
		"add up":       func(d *Description) { d.Experts = slices.Clone(d.Experts); d.Experts[0]++ },
		"unlikeness":   func(d *Description) { d.Unlike = 2 },
		"interval":     func(d *Description) { d.Intervals[1].Hours = 1 },
		"around":       func(d *Description) { d.Intervals[0].Up[1] = -1 },
		"out of its l": func(d *Description) { d.Channels[3].Low = 9 },
	} {
		if _, err := described(t, change); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
