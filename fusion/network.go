package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
)

// Network is FuseMoE with the options of a [Config]. It is written once over nn.Tape: a
// tape that records trains it, one that does not serves it. Its methods only read it, so
// that tapes of several goroutines may share one.
type Network[F nn.Float] struct {
	Config Config
	// StatEdges and StaticEdges are the edges of the piecewise-linear encoding of the
	// channels' statistics and of the statics. They are fitted before training, are part
	// of the model file, and have no gradient.
	StatEdges, StaticEdges vitals.Edges

	params nn.Params[F]
	Phi    TimeEmbedding[F]
	Keys   TimeKeys[F]
	series SeriesAttention[F]
	// items counts the item modalities.
	items     int
	Fronts    []Front[F]
	positions nn.Param
	layers    []Layer[F]
	head      Head
	skip      [3]Dense
	// reference [Points] are the times of the reference points, centres [Cells] those of
	// the cells, both as parts of the window.
	reference []F
	centres   []F // [Cells] times of the cells
	// embedded is phi of the reference points. It, scores and weights are set once and
	// for all by freeze, and have no rows in a network that trains.
	embedded nn.Tensor[F]
	// scores are those of all reference points and cells, weights their exponentials.
	scores  nn.Tensor[F]
	weights nn.Tensor[F]
}

const (
	// channelEncoded is how many numbers encode the statistics of one channel.
	channelEncoded = encoders.Statistics * vitals.Encoded
	// itemFeatures is how many numbers a now token has of items, see encodeItems.
	itemFeatures = 4
)

// stayEncoded is the width of what every now token and the skip know of the stay: the
// encoded statics, and the hours of data.
func (n *Network[F]) stayEncoded() int { return len(n.Config.Statics)*vitals.Encoded + 1 }

// NewNetwork makes the network of a config. All weights are 0 until [Network.Init] or a
// file sets them. The error says what is wrong with the config.
func NewNetwork[F nn.Float](c *Config) (*Network[F], error) {
	n, err := outline[F](c)
	if err != nil {
		return nil, err
	}
	n.params.Make()
	return n, nil
}

// mostParameters is the most that a network may have: 8 GiB in float32.
const mostParameters = 1 << 31

// outline is [NewNetwork] without room for the weights, so that a file's sizes can be
// checked before any memory is asked for.
func outline[F nn.Float](c *Config) (*Network[F], error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	n := &Network[F]{Config: *c}
	n.params.Later = true
	p := &n.params
	n.Phi = NewTimeEmbedding(p, c.TimeWidth)
	n.series = SeriesAttention[F]{
		Heads: c.TimeHeads, Points: c.Points, Hinges: c.Values == ValuesHinges, Intensity: c.Intensity, Seen: c.Seen, Capped: c.SoftCap,
	}
	if len(c.Channels) > 0 {
		n.Keys = NewTimeKeys(p, "attention.", c.TimeWidth, c.TimeHeads, c.SoftCap)
	}
	for _, m := range c.Modalities {
		if err := n.newFront(m); err != nil {
			return nil, err
		}
	}
	n.positions = p.Add("positions", c.Tokens(), c.Width)
	moe := MoEConfig{c.Router, c.Gate, c.Experts, c.TopK, c.Hidden, c.Expert == ExpertLogMixture, c.Noise}
	for l := range c.Layers {
		layer, err := NewLayer(p, fmt.Sprintf("layer%d.", l), c.names(), moe, c.Form == FormStay, c.Tokens(), c.Width, c.Heads, c.FFN)
		if err != nil {
			return nil, err
		}
		n.layers = append(n.layers, layer)
	}
	pooled := c.Width * len(c.Modalities)
	if c.Pool == PoolNowLastMean {
		pooled *= 3
	}
	n.head = NewHead(p, pooled, len(c.Tasks))
	if c.Skip > 0 {
		in := len(c.Channels)*channelEncoded + n.stayEncoded()
		n.skip = [3]Dense{NewDense(p, "skip1", c.Skip, in), NewDense(p, "skip2", c.Skip, c.Skip), NewDense(p, "skip3", len(c.Tasks), c.Skip)}
	}
	if p.Total() > mostParameters {
		return nil, fmt.Errorf("the network would have %d parameters, more than %d", p.Total(), mostParameters)
	}
	n.StatEdges = make(vitals.Edges, len(c.Channels)*encoders.Statistics*vitals.Encoded)
	n.StaticEdges = make(vitals.Edges, len(c.Statics)*vitals.Encoded)
	n.times()
	return n, nil
}

// Front is what the network has for one modality in front of the fusion stack, and the
// norm behind it. Parts that the config leaves out are zero.
type Front[F nn.Float] struct {
	Name string
	// Members are the channels of a series modality.
	Members []int
	// Series is the modality's place among the series; -1 for items.
	Series int
	// Item is its place among the item modalities; -1 for a series.
	Item int
	// Attention goes from the outputs of a series' time attention to D.
	Attention Dense
	// Items is the time attention of items that have vectors, which are Width wide.
	Items ItemAttention[F]
	// Width is that of the items' vectors, and Words makes them where the items are hashed words.
	Width int
	Words WordBag
	// centre and scale are those of the vectors' numbers; empty where they stay as they are.
	centre, scale []float32
	// Regular goes from the table of the regular branch to D, and UTDE mixes the two
	// branches.
	Regular Dense
	UTDE    UTDE[F]
	// NowFirst and NowSecond make the now token.
	NowFirst  Dense
	NowSecond Dense
	// Settle is what the tokens get by the modality's presence, and Final the norm behind
	// the last fusion layer.
	Settle Settle
	Final  norm
}

// newFront adds the parameters of a modality, in the order in which they stand in a file.
func (n *Network[F]) newFront(m Modality) error {
	c, p, prefix := &n.Config, &n.params, m.Name+"."
	one := Front[F]{Name: m.Name, Series: -1, Item: -1, Width: m.Width, Words: WordBag{nn.NoParam, m.Buckets, m.Width}}
	now := itemFeatures
	if m.Kind == KindSeries {
		one.Series, one.Members = len(n.series.Members), c.Members(m.Name)
		now = len(one.Members) * channelEncoded
		n.series.Members = append(n.series.Members, one.Members)
		one.Attention = NewDense(p, prefix+"attention", c.Width, n.series.Columns(one.Series))
		var err error
		switch c.Regular {
		case Published:
			one.Regular = NewProjection(p, prefix+"regular", c.Width, 2*len(one.Members))
		case RegularLast:
			one.Regular = NewDense(p, prefix+"regular", c.Width, lastColumns*len(one.Members))
		}
		if c.Regular != NoBranch {
			if one.UTDE, err = NewUTDE(p, prefix+"utde.", c.UTDE, c.Width); err != nil {
				return fmt.Errorf("modality %s: %w", m.Name, err)
			}
		}
	} else {
		one.Item = n.items
		n.items++
		if m.Buckets > 0 {
			one.Words.Table = p.Add(prefix+"words", m.Buckets, m.Width)
		}
		if m.Width > 0 {
			one.centre, one.scale = m.Centre, m.Scale
			one.Items = NewItemAttention(p, prefix+"attention.", c.TimeWidth, c.TimeHeads, m.Width, c.Width, c.SoftCap)
		}
	}
	if c.Now > 0 {
		one.NowFirst = NewDense(p, prefix+"now1", c.Now, now+n.stayEncoded())
		one.NowSecond = NewDense(p, prefix+"now2", c.Width, c.Now)
	}
	one.Settle = Settle{p.Add(prefix+"type", c.Width), nn.NoParam, nn.NoParam}
	switch c.Missing {
	case MissingLearned:
		one.Settle.Missing = p.Add(prefix+"missing", c.Width)
	case MissingPoints:
		one.Settle.Missing = p.Add(prefix+"missing", c.Tokens(), c.Width)
	}
	if c.States {
		one.Settle.State = p.Add(prefix+"states", 3, c.Width)
	}
	one.Final = newNorm(p, prefix+"final", c.Width)
	n.Fronts = append(n.Fronts, one)
	return nil
}

// times sets the reference points and the centres of the cells, both as parts of the
// window.
func (n *Network[F]) times() {
	n.reference = ReferenceTimes[F](n.Config.Reference, n.Config.Points)
	n.centres = make([]F, n.Config.Cells)
	for i := range n.centres {
		n.centres[i] = F((float64(i) + 0.5) / float64(n.Config.Cells))
	}
}

// ReferenceTimes are the reference points [points] as parts of the window: the ends of as
// many equal parts, (j+1)/points, or with kind [Published] j/(points-1).
func ReferenceTimes[F nn.Float](kind string, points int) []F {
	r := make([]F, points)
	for j := range r {
		if kind == Published {
			r[j] = F(float64(j) / float64(max(1, points-1)))
		} else {
			r[j] = F(float64(j+1) / float64(points))
		}
	}
	return r
}

// Params are the weights. Training changes their values in place.
func (n *Network[F]) Params() *nn.Params[F] { return &n.params }

// Shape is what an input of this network has room for.
func (n *Network[F]) Shape() encoders.Shape { return n.Config.Shape() }

// Shape is what an input of the config's network has room for.
func (c *Config) Shape() encoders.Shape {
	s := encoders.Shape{Channels: len(c.Channels), Cells: c.Cells, Statics: len(c.Statics)}
	for _, m := range c.Modalities {
		if m.Kind == KindItems {
			s.Items = append(s.Items, m.Content())
		}
	}
	return s
}
