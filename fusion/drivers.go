package fusion

import (
	"cmp"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// Driver is what a probability owes to a part of what the model was given.
type Driver struct {
	// Kind is "modality", "channel" or "static".
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Effect is the probability less what it would be without the part: above 0 the part raises
	// the risk.
	Effect float32 `json:"effect"`
}

// Drivers says what drove a binary task of an input: what the probability would lose if a modality,
// a channel or a static were withheld, as if nobody had sent it. Parts that are not there are left
// out. The strongest come first.
//
// It is first order: the slope of the logit at the input times what the part changes in what the
// network reads. One pass forward and one backward give the slopes of all parts, which together
// cost less than three predictions, however many parts there are (BenchmarkDrivers). Parts act
// together, so that their effects need not add up; and a modality is much to withhold, so that its
// effect is told less well than that of a channel. [Model.Withhold] tells it exactly.
func (m *Model) Drivers(s *Scratch, in *encoders.Input, task int) (probability float32, list []Driver) {
	n, c := m.network, &m.network.Config
	if s.slopes == nil {
		s.slopes = newSlopes(m)
	}
	d := s.slopes
	logit := d.at(m, in, task)
	t := &c.Tasks[task]
	probability = t.Probability(logit, in.Hours)
	add := func(kind, name string, share float32) {
		list = append(list, Driver{kind, name, probability - t.Probability(logit-share, in.Hours)})
	}
	channels := make([]float32, len(c.Channels))
	for i := range n.Fronts {
		f := &n.Fronts[i]
		whole, seen, last := d.modality(n, i), 0, -1
		for k, ch := range f.Members {
			if observed(&in.Series, f.Members[k:k+1]) {
				seen, last = seen+1, ch
				channels[ch] = d.channel(n, i, k)
				whole += d.skipped(ch*channelEncoded, d.blank[ch*channelEncoded:(ch+1)*channelEncoded])
			}
		}
		if seen == 1 {
			channels[last] = whole // without it the modality is not there
		}
		if f.Series < 0 && in.Items[f.Item].State != schemas.Absent || seen > 0 {
			add("modality", c.Modalities[i].Name, whole)
		}
	}
	for ch := range c.Channels {
		if observed(&in.Series, []int{ch}) {
			add("channel", c.Channels[ch].Name, channels[ch])
		}
	}
	for k, name := range c.Statics {
		if in.StaticsKnown[k] {
			add("static", name, d.static(n, k))
		}
	}
	return probability, strongestFirst(list)
}

func strongestFirst(list []Driver) []Driver {
	slices.SortStableFunc(list, func(a, b Driver) int {
		return cmp.Compare(math.Abs(float64(b.Effect)), math.Abs(float64(a.Effect)))
	})
	return list
}

// entries are the tensors through which an input comes into a pass. What is known of a channel or of
// a static stands in columns of its own in each of them.
type entries[F nn.Float] struct {
	attended []nn.Tensor[F] // the time attention, by series
	tables   []nn.Tensor[F] // the regular branch, by series; none without one
	now      []nn.Tensor[F] // what the now tokens are made of, by modality; none without them
	settled  []nn.Tensor[F] // the tokens, by modality
	skip     []nn.Tensor[F] // what the skip reads, one; none without one
}

// slopes is the memory of one goroutine for the slopes of a logit.
type slopes struct {
	tape    *nn.Tape[float32]
	entries entries[float32]
	// blank is how the statistics of channels without an observation are encoded, and unknown how
	// statics are that nobody knows.
	blank, unknown []float32
}

func newSlopes(m *Model) *slopes {
	n, empty := m.network, m.Shape().New()
	vitals.Statistics(empty)
	d := &slopes{
		tape:  nn.NewInputTape(&n.params, &m.packed),
		blank: make([]float32, len(n.Config.Channels)*channelEncoded), unknown: make([]float32, len(n.Config.Statics)*vitals.Encoded),
	}
	n.StatEdges.Encode(d.blank, empty.Stats, empty.StatsKnown)
	n.StaticEdges.Encode(d.unknown, empty.Statics, empty.StaticsKnown)
	return d
}

// at is the logit of a task at an input; the entries have its slopes afterwards, until the next call.
func (d *slopes) at(m *Model, in *encoders.Input, task int) float32 {
	d.tape.Reset()
	d.entries = entries[float32]{tables: d.entries.tables[:0], now: d.entries.now[:0], skip: d.entries.skip[:0]}
	p := m.network.pass(nil)
	p.entries = &d.entries
	logits := m.network.run(d.tape, []*encoders.Input{in}, m.sumsOf(in), &p).Logits
	one := d.tape.Columns(logits, task, task+1)
	d.tape.Backward(one)
	return one.Value[0]
}

// sumsOf are the sums of an input for a model that serves by them; else nil.
func (m *Model) sumsOf(in *encoders.Input) []*Sums {
	if m.table == nil {
		return nil
	}
	one := m.NewSums()
	one.Rebuild(&in.Series)
	return []*Sums{one}
}

// modality is the share of a modality's tokens in the logit: against those that stand for it where
// it is not there.
func (d *slopes) modality(n *Network[float32], i int) (share float32) {
	z, l := d.entries.settled[i], n.Fronts[i].Settle
	absent := make([]float32, z.Cols)
	for r := range z.Rows {
		clear(absent)
		if l.Missing != nn.NoParam {
			copy(absent, rowOf(d.tape.Value(l.Missing), r, z.Cols))
		}
		if l.State != nn.NoParam {
			nn.Axpy(absent, 1, rowOf(d.tape.Value(l.State), 0, z.Cols))
		}
		share += nn.Dot(z.GradRow(r), z.Row(r)) - nn.Dot(z.GradRow(r), absent)
	}
	return share
}

// channel is the share of the k-th channel of a series modality: in all columns of the time
// attention and of the regular branch, which are 0 without it, in the now token and in the skip.
func (d *slopes) channel(n *Network[float32], i, k int) (share float32) {
	f := &n.Fronts[i]
	count, ch := len(f.Members), f.Members[k]
	parts := []nn.Tensor[float32]{d.entries.attended[f.Series]}
	if len(d.entries.tables) > 0 {
		parts = append(parts, d.entries.tables[f.Series])
	}
	for _, x := range parts {
		for r := range x.Rows {
			values, slope := x.Row(r), x.GradRow(r)
			for at := k; at < x.Cols; at += count {
				share += float32(values[at] * slope[at])
			}
		}
	}
	without := d.blank[ch*channelEncoded : (ch+1)*channelEncoded]
	if len(d.entries.now) > 0 {
		share += changed(d.entries.now[i], k*channelEncoded, without)
	}
	return share + d.skipped(ch*channelEncoded, without)
}

// static is the share of the k-th static: in all now tokens and in the skip.
func (d *slopes) static(n *Network[float32], k int) (share float32) {
	without := d.unknown[k*vitals.Encoded : (k+1)*vitals.Encoded]
	for i, x := range d.entries.now {
		own := itemFeatures
		if f := &n.Fronts[i]; f.Series >= 0 {
			own = len(f.Members) * channelEncoded
		}
		share += changed(x, own+k*vitals.Encoded, without)
	}
	return share + d.skipped(len(d.blank)+k*vitals.Encoded, without)
}

// skipped is the share of the columns from on of the skip, against what they are without a part.
func (d *slopes) skipped(from int, without []float32) float32 {
	if len(d.entries.skip) == 0 {
		return 0
	}
	return changed(d.entries.skip[0], from, without)
}

// changed is the share of the columns from on of a row, against what they are without a part.
func changed(x nn.Tensor[float32], from int, without []float32) float32 {
	values, slope := x.Row(0)[from:from+len(without)], x.GradRow(0)[from:from+len(without)]
	return nn.Dot(slope, values) - nn.Dot(slope, without)
}

// Withhold is [Model.Drivers] without the first order: each part is withheld in turn, and the model
// asked again through the kernels that serve. It costs a prediction for each part, and tells well
// what a whole modality does.
func (m *Model) Withhold(s *Scratch, in *encoders.Input, task int) (probability float32, list []Driver) {
	t := &m.network.Config.Tasks[task]
	ask := func(x *encoders.Input) float32 {
		s.tape.Reset()
		logits := m.network.forward(s.tape, []*encoders.Input{x}, m.sumsOf(x), nil, nil).Logits.Value
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
	return probability, strongestFirst(list)
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
