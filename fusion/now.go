package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
)

// nowTokens is [stays][D], a token of what a modality's trailing statistics are now,
// beside what is known of the stay.
func (n *Network[F]) nowTokens(t *nn.Tape[F], m *Front[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	c := &n.Config
	own := itemFeatures
	if m.Series >= 0 {
		own = len(m.Members) * channelEncoded
	}
	x := t.New(len(in), own+n.stayEncoded(), false)
	for b, stay := range in {
		row, direct := t.AsSingles(x.Row(b))
		if m.Series >= 0 {
			for i, ch := range m.Members {
				n.encodeChannel(row[i*channelEncoded:(i+1)*channelEncoded], stay, ch)
			}
		} else {
			encodeItems(row[:itemFeatures], &stay.Items[m.Item])
		}
		n.encodeStay(row[own:], stay)
		back(x.Row(b), row, direct)
	}
	h := t.ReLU(t.Linear(t.Dropout(x, 1, p.drop(c.Dropout.NowInput)), m.NowFirst.W, m.NowFirst.B))
	return t.Linear(t.Dropout(h, 1, p.drop(c.Dropout.NowHidden)), m.NowSecond.W, m.NowSecond.B)
}

// skipLogits is [stays][tasks]: all statistics by a network of their own, beside the
// fusion stack.
func (n *Network[F]) skipLogits(t *nn.Tape[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	c := &n.Config
	all := len(c.Channels) * channelEncoded
	x := t.New(len(in), all+n.stayEncoded(), false)
	for b, stay := range in {
		row, direct := t.AsSingles(x.Row(b))
		n.StatEdges.Encode(row[:all], stay.Stats, stay.StatsKnown)
		n.encodeStay(row[all:], stay)
		back(x.Row(b), row, direct)
	}
	h := t.Dropout(x, 1, p.drop(c.Dropout.SkipInput))
	h = t.Dropout(t.ReLU(t.Linear(h, n.skip[0].W, n.skip[0].B)), 1, p.drop(c.Dropout.SkipHidden))
	h = t.Dropout(t.ReLU(t.Linear(h, n.skip[1].W, n.skip[1].B)), 1, p.drop(c.Dropout.SkipHidden))
	return t.Linear(h, n.skip[2].W, n.skip[2].B)
}

func (n *Network[F]) encodeChannel(dst []float32, in *encoders.Input, ch int) {
	const k = encoders.Statistics
	edges := n.StatEdges[ch*k*vitals.Encoded : (ch+1)*k*vitals.Encoded]
	edges.Encode(dst, in.Stats[ch*k:(ch+1)*k], in.StatsKnown[ch*k:(ch+1)*k])
}

// encodeStay is the encoded statics, and the hours of data as hours/48 - 1.
func (n *Network[F]) encodeStay(dst []float32, in *encoders.Input) {
	n.StaticEdges.Encode(dst[:len(dst)-1], in.Statics, in.StaticsKnown)
	dst[len(dst)-1] = in.Hours/encoders.Bins - 1
}

// encodeItems is 0.5 or -0.5 for whether there is an item, log(1+count), and exp(-age/3)
// and exp(-age/12) of the newest, in hours.
func encodeItems(dst []float32, items *encoders.Items) {
	clear(dst)
	dst[0] = -0.5
	if n := len(items.Tau); n > 0 {
		age := encoders.Bins * float64(1-items.Tau[n-1])
		dst[0], dst[1] = 0.5, float32(math.Log1p(float64(n)))
		dst[2], dst[3] = float32(math.Exp(-age/3)), float32(math.Exp(-age/12))
	}
}

// back copies what was filled as float32 where the tape's type is another.
func back[F nn.Float](dst []F, from []float32, direct bool) {
	if direct {
		return
	}
	for i, v := range from {
		dst[i] = F(v)
	}
}
