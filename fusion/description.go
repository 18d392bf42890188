package fusion

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Description is what a model's training data looked like and how far its numbers can be trusted,
// beside the weights: by it serving finds that the present is another world (see [Drift]), gives no
// number of a stay unlike all that it was trained on, and gives an interval. It is made from the
// training stays alone, by what models of folds say of those that they have not seen, and without
// training anything anew.
type Description struct {
	// Examples is how many stays at a moment it is of.
	Examples int `json:"examples"`
	// Channels are in the order of the config's.
	Channels []ChannelDescription `json:"channels"`
	// Risk is how the probabilities of the first task are spread.
	Risk Spread `json:"risk"`
	// Experts is the share of rows that each expert was chosen for, router by router.
	Experts []float64 `json:"experts"`
	// Unlike is the largest [Model.Unlikeness] of them. What is beyond it gets no probability.
	Unlike float64 `json:"unlike"`
	// Intervals are those of the first task, by hours of data, ascending.
	Intervals []IntervalPoint `json:"intervals,omitempty"`
}

// Spread is how a number is spread: the nine edges that part it into tenths, as far as it takes so
// many values, and the share of each of the ten.
type Spread struct {
	Edges  []float32 `json:"edges"`
	Shares []float64 `json:"shares"`
}

// ChannelDescription is what a channel's last values were like, on the scale of the network.
type ChannelDescription struct {
	// Seen is the share of examples with a value in the window.
	Seen float64 `json:"seen"`
	Spread
	// Of a thousand last values one is below Low, and one above High.
	Low  float32 `json:"low"`
	High float32 `json:"high"`
}

// IntervalPoint is where the risk of a stay, at some hours of data, goes until its first 48 hours
// are known: split-conformal quantiles of the change of its logit, by bands of the risk. Of the
// stays of each band a share of Level stays between Down and Up.
type IntervalPoint struct {
	Hours float64 `json:"hours"`
	Level float64 `json:"level"`
	// Below are the upper ends of the bands, ascending, the last of them 1.
	Below []float32 `json:"below"`
	Down  []float32 `json:"down"`
	Up    []float32 `json:"up"`
	// Stays is how many each band is of.
	Stays []int `json:"stays"`
	// Covered is the share of set-aside stays, of all bands, that stayed within, and Aside how
	// many there are: measured and not fitted.
	Covered float64 `json:"covered"`
	Aside   int     `json:"set_aside"`
}

// bins is into how many parts a spread is parted.
const bins = 10

// SpreadOf is how values are spread, which are sorted by it. Nothing is spread of less than bins
// values: then all are in the last part.
func SpreadOf(values []float32) Spread {
	slices.Sort(values)
	s := Spread{Edges: make([]float32, bins-1), Shares: make([]float64, bins)}
	if len(values) < bins {
		s.Shares[bins-1] = 1
		return s
	}
	for k := range s.Edges {
		s.Edges[k] = values[(k+1)*len(values)/bins]
	}
	for _, v := range values {
		s.Shares[s.bin(v)] += 1 / float64(len(values))
	}
	return s
}

// bin is the part that a value belongs to: how many edges it reaches.
func (s *Spread) bin(v float32) (k int) {
	for _, e := range s.Edges {
		if v >= e {
			k++
		}
	}
	return k
}

// check says what is wrong with a spread.
func (s *Spread) check() error {
	if len(s.Edges) != bins-1 || len(s.Shares) != bins || !slices.IsSorted(s.Edges) {
		return fmt.Errorf("%d edges and %d shares, want %d ascending and %d", len(s.Edges), len(s.Shares), bins-1, bins)
	}
	return shares(s.Shares)
}

// shares says what is wrong with shares that are to add up to 1.
func shares(list []float64) error {
	sum := 0.0
	for _, v := range list {
		if !(v >= 0) {
			return fmt.Errorf("a share is %v", v)
		}
		sum += v
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("shares add up to %v, want 1", sum)
	}
	return nil
}

// Check says what is wrong with a description of a config's model.
func (d *Description) Check(c *Config) error {
	if len(d.Channels) != len(c.Channels) {
		return fmt.Errorf("description has %d channels, the model %d", len(d.Channels), len(c.Channels))
	}
	for i := range d.Channels {
		ch := &d.Channels[i]
		if err := ch.check(); err != nil || !(ch.Seen >= 0 && ch.Seen <= 1 && ch.Low <= ch.High) {
			return fmt.Errorf("description of channel %s is out of its limits (%v)", c.Channels[i].Name, err)
		}
	}
	if err := d.Risk.check(); err != nil {
		return fmt.Errorf("description of the risk: %w", err)
	}
	if len(d.Experts) != c.routedExperts() {
		return fmt.Errorf("description has the load of %d experts, the routers choose among %d", len(d.Experts), c.routedExperts())
	}
	if len(d.Experts) > 0 {
		if err := shares(d.Experts); err != nil {
			return fmt.Errorf("description of the experts' load: %w", err)
		}
	}
	if !(d.Unlike >= 0 && d.Unlike <= 1) {
		return fmt.Errorf("description has an unlikeness of %v, want 0 to 1", d.Unlike)
	}
	for i, p := range d.Intervals {
		n := len(p.Below)
		if n == 0 || len(p.Down) != n || len(p.Up) != n || len(p.Stays) != n || !slices.IsSorted(p.Below) || p.Below[n-1] != 1 || i > 0 && !(p.Hours > d.Intervals[i-1].Hours) {
			return fmt.Errorf("description of the interval at hour %v is out of its limits", p.Hours)
		}
		for b := range n {
			if !(p.Down[b] <= 0 && p.Up[b] >= 0) {
				return fmt.Errorf("description of the interval at hour %v: it goes from %v to %v around the risk", p.Hours, p.Down[b], p.Up[b])
			}
		}
	}
	return nil
}

// routedExperts is how many experts the routers of a layer choose among, each counted by itself.
func (c *Config) routedExperts() int {
	if c.Experts == 0 || c.Router != PerModality {
		return c.Experts
	}
	return c.Experts * len(c.Modalities)
}

// unlikePrior keeps few channels from saying much: two of two beyond the limits are no other world.
const unlikePrior = 4

// Unlikeness is how unlike an input is to all training stays: the share of its channels of which
// the last value lies where one in 500 did, with four that do not counted beside. It is 0 of a
// model that has no description.
func (m *Model) Unlikeness(in *encoders.Input) float64 {
	d := m.network.Config.Description
	if d == nil {
		return 0
	}
	return d.Unlikeness(in)
}

// Unlikeness is [Model.Unlikeness].
func (d *Description) Unlikeness(in *encoders.Input) float64 {
	seen, outside := 0, 0
	for c := range d.Channels {
		at := c * encoders.Statistics // the first statistic is the last value
		if !in.StatsKnown[at] {
			continue
		}
		seen++
		if v := in.Stats[at]; v < d.Channels[c].Low || v > d.Channels[c].High {
			outside++
		}
	}
	return float64(outside) / float64(seen+unlikePrior)
}

// answers says whether the model gives a probability of an input: enough of it is known, and it is
// not unlike all that the model was trained on.
func (m *Model) answers(in *encoders.Input) bool {
	c := &m.network.Config
	if c.LeastChannels > 0 && Observed(&in.Series) < c.LeastChannels {
		return false
	}
	return c.Description == nil || c.Description.Unlikeness(in) <= c.Description.Unlike
}

// Interval is where the risk of a task, at some hours of data, will be once the first 48 hours are
// known, in nine of ten stays; ok is false where the model does not say.
func (m *Model) Interval(task int, risk, hours float32) (low, high float32, ok bool) {
	d := m.network.Config.Description
	if d == nil || task != 0 || !(risk > 0 && risk < 1) {
		return 0, 0, false
	}
	return d.Interval(risk, hours)
}

// Interval is that of the first task.
func (d *Description) Interval(risk, hours float32) (low, high float32, ok bool) {
	var p *IntervalPoint
	for i := range d.Intervals {
		if float64(hours) >= d.Intervals[i].Hours {
			p = &d.Intervals[i]
		}
	}
	if p == nil || hours >= encoders.Bins {
		return 0, 0, false
	}
	band := p.band(risk)
	logit := float32(math.Log(float64(risk) / (1 - float64(risk))))
	return min(nn.Sigmoid(logit+p.Down[band]), risk), max(nn.Sigmoid(logit+p.Up[band]), risk), true
}

// band is the band that a risk belongs to.
func (p *IntervalPoint) band(risk float32) int {
	for b, below := range p.Below {
		if risk < below {
			return b
		}
	}
	return len(p.Below) - 1
}
