package fusion

import (
	"cmp"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Drift counts what a model has met at work, to be held against its [Description]. It belongs to
// one goroutine, see [Scratch.Watch].
type Drift struct {
	// Predictions is how many it has counted; Unlike of them were unlike all training stays.
	Predictions, Unlike uint64
	channels            []uint64 // [channels][bins]
	seen                []uint64 // [channels]
	risk                []uint64 // [bins]
	experts             []uint64
}

// NewDrift counts for a model; it is nil for one without description, of which nothing can be said.
func (m *Model) NewDrift() *Drift {
	c := &m.network.Config
	if c.Description == nil {
		return nil
	}
	return &Drift{
		channels: make([]uint64, len(c.Channels)*bins), seen: make([]uint64, len(c.Channels)), risk: make([]uint64, bins),
		experts: make([]uint64, c.routedExperts()),
	}
}

// Watch lets the predictions in this scratch be counted, of a model that has a description.
func (s *Scratch) Watch(d *Drift) { s.drift = d }

// Add adds what another has counted for the same model.
func (d *Drift) Add(o *Drift) {
	d.Predictions, d.Unlike = d.Predictions+o.Predictions, d.Unlike+o.Unlike
	for _, pair := range [...][2][]uint64{{d.channels, o.channels}, {d.seen, o.seen}, {d.risk, o.risk}, {d.experts, o.experts}} {
		for i, n := range pair[1] {
			pair[0][i] += n
		}
	}
}

// Set makes d what another one is, for the same model.
func (d *Drift) Set(o *Drift) {
	d.Predictions, d.Unlike = o.Predictions, o.Unlike
	copy(d.channels, o.channels)
	copy(d.seen, o.seen)
	copy(d.risk, o.risk)
	copy(d.experts, o.experts)
}

// count counts a prediction; the probability is NaN where there is none.
func (d *Drift) count(of *Description, in *encoders.Input, probability float32) {
	d.Predictions++
	if of.Unlikeness(in) > of.Unlike {
		d.Unlike++
	}
	for c := range of.Channels {
		if at := c * encoders.Statistics; in.StatsKnown[at] {
			d.seen[c]++
			d.channels[c*bins+of.Channels[c].bin(in.Stats[at])]++
		}
	}
	if probability == probability {
		d.risk[of.Risk.bin(probability)]++
	}
}

// Loads are the shares in which the experts were chosen.
func (d *Drift) Loads() []float64 {
	total, _ := sharesOf(d.experts)
	return total
}

// Shift is how far something is from what it was in training: its population stability index.
type Shift struct {
	Of  string // "channel lactate", "seen lactate", "risk", "experts"
	PSI float64
}

// What the index means, by the custom of those who use it: below 0.1 nothing has moved, above 0.25
// much has.
const (
	PSISome = 0.1
	PSIMuch = 0.25
)

// leastCounted is of how many something must be counted before anything is said of it.
const leastCounted = 200

// Shifts are those of all that was counted often enough, the largest first.
func (d *Drift) Shifts(m *Model) (list []Shift) {
	of := m.network.Config.Description
	add := func(name string, expected []float64, counts []uint64) {
		if found, n := sharesOf(counts); n >= leastCounted && len(expected) > 0 {
			list = append(list, Shift{name, psi(expected, found)})
		}
	}
	add("risk", of.Risk.Shares, d.risk)
	add("experts", of.Experts, d.experts)
	for c := range of.Channels {
		name, n := m.network.Config.Channels[c].Name, d.seen[c]
		add("channel "+name, of.Channels[c].Shares, d.channels[c*bins:(c+1)*bins])
		add("seen "+name, []float64{of.Channels[c].Seen, 1 - of.Channels[c].Seen}, []uint64{n, d.Predictions - min(n, d.Predictions)})
	}
	slices.SortStableFunc(list, func(a, b Shift) int { return cmp.Compare(b.PSI, a.PSI) })
	return list
}

// sharesOf are the shares of counts, and their sum.
func sharesOf(counts []uint64) (list []float64, n uint64) {
	for _, c := range counts {
		n += c
	}
	list = make([]float64, len(counts))
	for i, c := range counts {
		list[i] = float64(c) / float64(max(n, 1))
	}
	return list, n
}

// psi is the population stability index of shares found against those expected. Where one is 0 it
// counts as a ten thousandth, as is the custom.
func psi(expected, found []float64) (sum float64) {
	for i := range expected {
		e, f := max(expected[i], 1e-4), max(found[i], 1e-4)
		sum += float64((f - e) * math.Log(f/e))
	}
	return sum
}

// Loads are the shares in which a network chooses its experts for inputs, which next gives until it
// gives none.
func (n *Network[F]) Loads(next func() (*encoders.Input, error)) ([]float64, error) {
	counts := make([]uint64, n.Config.routedExperts())
	t := nn.NewTape(&n.params, false)
	see := func(router int, r Routed[F]) {
		for _, expert := range r.Chosen.Index {
			counts[router*n.layers[0].MoE.PerRouter+expert]++
		}
	}
	for {
		in, err := next()
		if err != nil || in == nil {
			list, _ := sharesOf(counts)
			return list, err
		}
		t.Reset()
		n.forward(t, []*encoders.Input{in}, nil, nil, see)
	}
}
