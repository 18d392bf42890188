package fusion

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Output is what a forward pass gives. Balance and Entropy are [1][1], or have no rows
// where they are not asked for or there is no router.
type Output[F nn.Float] struct {
	// Logits are [B][tasks].
	Logits nn.Tensor[F]
	// Balance is the load-balance loss, summed over layers and routers.
	Balance nn.Tensor[F]
	// Entropy is the paper's entropy loss, summed over layers.
	Entropy nn.Tensor[F]
}

// Trace is what a pass shows of its way, for tests and for parity with the published
// network. A pass without one leaves out of the last layer what the head does not read.
type Trace[F nn.Float] struct {
	// X is the input of every layer, by modality.
	X [][]nn.Tensor[F]
	// Y is the output of every layer's mixture of experts.
	Y []nn.Tensor[F]
	// Routed is what the routers made of their rows, by layer and router.
	Routed [][]Routed[F]
	// Hidden is what stands behind the last norm, by modality.
	Hidden []nn.Tensor[F]
}

// Train is what a pass in training has beside the inputs: the step's draw, and the row of
// the draw that the first stay of the batch has; the others follow. With the same row a
// stay has the same masks and noise in whatever part of a batch it is.
type Train struct {
	Draw  nn.Draw
	First uint64
}

// Forward runs the network on a batch of stays. With train nil it runs as it serves,
// without noise and dropout. Nothing but Balance and Entropy looks across the stays of a
// batch.
func (n *Network[F]) Forward(t *nn.Tape[F], in []*encoders.Input, train *Train) Output[F] {
	return n.forward(t, in, nil, train, nil)
}

// forward is Forward; sums[b], if there are any, stand for the time attention over the
// cells of stay b. see is told what every router did; nil where nobody looks.
func (n *Network[F]) forward(t *nn.Tape[F], in []*encoders.Input, sums []*Sums, train *Train, see func(int, Routed[F])) Output[F] {
	p := n.pass(train)
	p.see = see
	return n.run(t, in, sums, &p)
}

// run is forward within a pass that has begun.
func (n *Network[F]) run(t *nn.Tape[F], in []*encoders.Input, sums []*Sums, p *pass[F]) Output[F] {
	z := n.embed(t, in, sums, p)
	out := n.fuse(t, z, len(in), p, nil)
	if n.Config.Skip > 0 {
		out.Logits = t.Add(out.Logits, n.skipLogits(t, in, p))
	}
	return out
}

// Fuse is the fusion stack and the head on tokens z, one tensor [stays*Tokens][D] for
// each modality, to which types and embeddings of missing modalities are already added.
// It is what parity runs on tokens of its own.
func (n *Network[F]) Fuse(t *nn.Tape[F], z []nn.Tensor[F], stays int, train *Train, trace *Trace[F]) Output[F] {
	p := n.pass(train)
	return n.fuse(t, z, stays, &p, trace)
}

// pass begins a forward run; the auxiliary losses are gathered in training only.
func (n *Network[F]) pass(train *Train) pass[F] {
	c := &n.Config
	return pass[F]{train: train, rates: c.Dropout, losses: losses{
		balance: train != nil && c.Balance > 0, published: c.BalanceOf == Published, entropy: train != nil && c.EntropyWeight > 0,
	}}
}

// fuse is [Network.Fuse] within a pass that has begun.
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

// Head turns the joined vectors h of the modalities into logits, W_out (W_b relu(W_a h) +
// h), as the published code does. A and B are [width][width], Out is [outputs][width].
type Head struct{ A, B, Out Dense }

// NewHead adds the parameters of a head under the names head.a, head.b and head.out.
func NewHead[F nn.Float](p *nn.Params[F], width, outputs int) Head {
	return Head{NewDense(p, "head.a", width, width), NewDense(p, "head.b", width, width), NewDense(p, "head.out", outputs, width)}
}

// headLogits is [stays][outputs] from h [stays][width]; before drops elements of h,
// hidden the hidden units.
func headLogits[F nn.Float](t *nn.Tape[F], l Head, h nn.Tensor[F], before, hidden nn.Dropping) nn.Tensor[F] {
	h = t.Dropout(h, 1, before)
	a := t.Dropout(t.ReLU(t.Linear(h, l.A.W, l.A.B)), 1, hidden)
	return t.Linear(t.Add(h, t.Linear(a, l.B.W, l.B.B)), l.Out.W, l.Out.B)
}

// pass is one forward run: the numbers of its draws, and what it gathers on the way.
type pass[F nn.Float] struct {
	train  *Train
	rates  Dropout
	stream uint64
	// see is told what every router did; nil where nobody looks.
	see func(router int, r Routed[F])
	// entries takes note of the tensors through which the inputs come in; nil where nobody asks.
	entries *entries[F]
	// balance and entropy are sums over layers and routers. A tensor without rows stands
	// for nothing yet.
	balance nn.Tensor[F]
	entropy nn.Tensor[F]
	// choice is the full softmax of this layer's routers, for the entropy loss.
	choice []nn.Tensor[F]
	losses losses
}

// losses says which auxiliary losses a pass gathers.
type losses struct {
	balance bool
	// published takes the balance as the published code does.
	published bool
	entropy   bool
}

// drop is the next use of dropout in the pass. Every use has a stream of its own, also
// where its rate is 0, so that a rate can be changed without changing the other masks.
func (p *pass[F]) drop(rate float64) nn.Dropping {
	p.stream++
	if p.train == nil || rate == 0 {
		return nn.Dropping{}
	}
	return nn.Dropping{Draw: p.train.Draw, Stream: p.stream, First: p.train.First, Rate: rate}
}

// blockDrops are the next four uses, those of a block.
func (p *pass[F]) blockDrops() blockDrops {
	return blockDrops{p.drop(p.rates.Attention), p.drop(p.rates.Residual), p.drop(p.rates.Hidden), p.drop(p.rates.Residual)}
}

// noise is the draws of the next router, [rows][PerRouter] times the router's noise;
// nil out of training. A stay has `points` rows side by side.
func (p *pass[F]) noise(t *nn.Tape[F], m *MoE[F], rows, points int) []F {
	p.stream++
	if p.train == nil || m.Noise == 0 {
		return nil
	}
	eps, each := t.Floats(rows*m.PerRouter), points*m.PerRouter
	for i := range eps {
		row := p.train.Draw.Row(p.stream, p.train.First+uint64(i/each))
		eps[i] = F(m.Noise * row.Normal(uint64(i%each)))
	}
	return eps
}

// routed takes note of what a router made of its rows.
func (p *pass[F]) routed(t *nn.Tape[F], i int, r Routed[F]) {
	if p.see != nil {
		p.see(i, r)
	}
	if p.losses.balance {
		one := nn.Tensor[F]{}
		if p.losses.published {
			one = r.PublishedBalance(t)
		} else {
			one = r.Balance(t)
		}
		p.balance = sum(t, p.balance, one)
	}
	if p.losses.entropy {
		if i == 0 {
			p.choice = p.choice[:0]
		}
		p.choice = append(p.choice, t.Softmax(r.Scores))
	}
}

// layerEnd adds a layer's entropy loss, which looks at all of the layer's routers.
func (p *pass[F]) layerEnd(t *nn.Tape[F]) {
	if p.losses.entropy && len(p.choice) > 1 {
		e, _ := EntropyLoss(t, p.choice)
		p.entropy = sum(t, p.entropy, e)
	}
}

// sum is a + b, where an a without rows stands for nothing yet.
func sum[F nn.Float](t *nn.Tape[F], a, b nn.Tensor[F]) nn.Tensor[F] {
	if a.Rows == 0 {
		return b
	}
	return t.Add(a, b)
}
