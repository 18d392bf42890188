package fusion

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Output of a forward pass. Balance and Entropy are [1][1], or have no rows where they
// are not asked for or there is no router.
type Output[F nn.Float] struct {
	Logits  nn.Tensor[F] // [B][tasks]
	Balance nn.Tensor[F] // load-balance loss, summed over layers and routers
	Entropy nn.Tensor[F] // the paper's entropy loss, summed over layers
}

// Trace is what a pass shows of its way, for tests: nil asks for nothing and lets the
// last layer leave out what the head does not read.
type Trace[F nn.Float] struct {
	X      [][]nn.Tensor[F] // the input of every layer, by modality
	Y      []nn.Tensor[F]   // the MoE's output of every layer
	Routed [][]Routed[F]    // by layer and router
	Hidden []nn.Tensor[F]   // behind the last norm, by modality
}

// Forward runs the network on a batch of stays. train nil: as it serves, without noise
// and dropout. Nothing but Balance and Entropy looks across stays.
func (n *Network[F]) Forward(t *nn.Tape[F], in []*encoders.Input, train *Train) Output[F] {
	return n.forward(t, in, nil, train)
}

// forward is Forward; sums[b], if there are any, stand for the time attention over the
// cells of stay b.
func (n *Network[F]) forward(t *nn.Tape[F], in []*encoders.Input, sums []*Sums, train *Train) Output[F] {
	p := n.pass(train)
	z := n.embed(t, in, sums, &p)
	out := n.fuse(t, z, len(in), &p, nil)
	if n.Config.Skip > 0 {
		out.Logits = t.Add(out.Logits, n.skipLogits(t, in, &p))
	}
	return out
}

// Fuse is the fusion stack and the head on the modalities' tokens z, each
// [stays*Tokens][D], types and missing ones settled.
func (n *Network[F]) Fuse(t *nn.Tape[F], z []nn.Tensor[F], stays int, train *Train, trace *Trace[F]) Output[F] {
	p := n.pass(train)
	return n.fuse(t, z, stays, &p, trace)
}

func (n *Network[F]) pass(train *Train) pass[F] {
	c := &n.Config
	return pass[F]{train: train, rates: c.Dropout, losses: losses{
		balance: train != nil && c.Balance > 0, published: c.BalanceOf == Published, entropy: train != nil && c.EntropyWeight > 0,
	}}
}

func (n *Network[F]) fuse(t *nn.Tape[F], z []nn.Tensor[F], stays int, p *pass[F], trace *Trace[F]) Output[F] {
	c := &n.Config
	x := t.Tensors(len(z))
	for m := range z {
		x[m] = t.Dropout(Place(t, z[m], n.positions, c.Scaled), c.Tokens(), p.drop(c.Dropout.Token))
	}
	p.choice = t.Tensors(len(z))[:0]
	for l, layer := range n.layers {
		rows := c.Tokens()
		if l == len(n.layers)-1 && trace == nil && c.Pool == PoolLast {
			rows -= c.Points - 1 // the head reads the last reference point, and what stands behind it
		}
		if trace != nil {
			trace.X = append(trace.X, x)
			trace.Routed = append(trace.Routed, nil)
			p.see = func(i int, r Routed[F]) { trace.Routed[l] = append(trace.Routed[l], r) }
		}
		var y nn.Tensor[F]
		x, y = layer.forward(t, x, stays, rows, p)
		p.layerEnd(t)
		if trace != nil {
			trace.Y = append(trace.Y, y)
		}
	}
	for m := range x {
		x[m] = t.LayerNorm(x[m], n.Fronts[m].Final.Gain, n.Fronts[m].Final.Bias)
	}
	if trace != nil {
		trace.Hidden = x
	}
	h := n.pool(t, x, stays)
	logits := headLogits(t, n.head, h, p.drop(c.Dropout.HeadInput), p.drop(c.Dropout.HeadHidden))
	return Output[F]{Logits: logits, Balance: p.balance, Entropy: p.entropy}
}

// pool joins what the head reads of every modality: the last reference point, or the now
// token, the last reference point and the mean of the reference points.
func (n *Network[F]) pool(t *nn.Tape[F], x []nn.Tensor[F], stays int) nn.Tensor[F] {
	c := &n.Config
	parts := t.Tensors(3 * len(x))[:0]
	for _, hidden := range x {
		rows := hidden.Rows / stays
		last := rows - 1 - (c.Tokens() - c.Points)
		if c.Pool == PoolNowLastMean {
			parts = append(parts, t.Each(hidden, rows, rows-1), t.Each(hidden, rows, last), t.MeanFirst(hidden, rows, c.Points))
		} else {
			parts = append(parts, t.Each(hidden, rows, last))
		}
	}
	return t.Concat(parts)
}
