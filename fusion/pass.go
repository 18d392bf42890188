package fusion

import "github.com/vigil-icu/vigil/encoders/nn"

// Train is what a pass in training has beside the inputs: the step's draw, and the row
// of the draw that the first stay of the batch has (the others follow). With the same
// row a stay has the same masks and noise in whatever part of a batch it is.
type Train struct {
	Draw  nn.Draw
	First uint64
}

// pass is one forward run: the numbers of its draws and what it gathers on the way.
type pass[F nn.Float] struct {
	train   *Train
	rates   Dropout
	stream  uint64
	see     func(router int, r Routed[F]) // nil: nobody looks
	balance nn.Tensor[F]                  // sum over layers and routers; no rows yet: nothing
	entropy nn.Tensor[F]
	choice  []nn.Tensor[F] // the routers' full softmax in this layer, for the entropy loss
	losses  losses
}

// losses says which auxiliary losses a pass gathers.
type losses struct {
	balance   bool
	published bool // the balance of the published code
	entropy   bool
}

// drop is the next use of dropout in the pass.
func (p *pass[F]) drop(rate float64) nn.Dropping {
	p.stream++
	if p.train == nil || rate == 0 {
		return nn.Dropping{}
	}
	return nn.Dropping{Draw: p.train.Draw, Stream: p.stream, First: p.train.First, Rate: rate}
}

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

// layerEnd closes a layer's part of the entropy loss.
func (p *pass[F]) layerEnd(t *nn.Tape[F]) {
	if p.losses.entropy && len(p.choice) > 1 {
		e, _ := EntropyLoss(t, p.choice)
		p.entropy = sum(t, p.entropy, e)
	}
}

func sum[F nn.Float](t *nn.Tape[F], a, b nn.Tensor[F]) nn.Tensor[F] {
	if a.Rows == 0 {
		return b
	}
	return t.Add(a, b)
}
