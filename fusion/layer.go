package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Layer is one fusion layer: a block for each modality, between them one mixture of
// experts, which is all that joins the modalities.
type Layer[F nn.Float] struct {
	Blocks []Block
	MoE    MoE[F]
	Stay   bool // a row of the MoE is a stay's tokens side by side, not one token
	None   bool // no MoE at all, for comparison
}

// NewLayer adds the parameters under a prefix. points is the number of tokens.
func NewLayer[F nn.Float](p *nn.Params[F], prefix string, names []string, c MoEConfig, stay bool, points, d, heads, ffn int) (Layer[F], error) {
	l := Layer[F]{Stay: stay, None: c.Experts == 0}
	for _, name := range names {
		l.Blocks = append(l.Blocks, NewBlock(p, prefix+name+".", d, heads, ffn))
	}
	if l.None {
		return l, nil
	}
	width := d
	if stay {
		width *= points
	}
	var err error
	if l.MoE, err = NewMoE(p, prefix+"moe.", c, len(names), width); err != nil {
		return l, fmt.Errorf("%s: %w", prefix, err)
	}
	return l, nil
}

// forward runs the layer on the modalities' tokens x, each [stays*points][D]. Only the
// last `rows` tokens of every stay are asked for; a stay's form needs them all.
// y is the MoE's output [N][modalities*width].
func (l Layer[F]) forward(t *nn.Tape[F], x []nn.Tensor[F], stays, rows int, p *pass[F]) (out []nn.Tensor[F], y nn.Tensor[F]) {
	if l.Stay && !l.None {
		rows = x[0].Rows / stays
	}
	out, normed := t.Tensors(len(x)), t.Tensors(len(x))
	d := x[0].Cols
	for m, b := range l.Blocks {
		out[m] = attend(t, b, x[m], stays, rows, p.blockDrops())
		normed[m] = t.LayerNorm(out[m], b.Norm2.Gain, b.Norm2.Bias)
		if l.Stay {
			normed[m] = normed[m].Reshape(stays, rows*d)
		}
	}
	if !l.None {
		y = l.mix(t, normed, rows, p)
	}
	for m, b := range l.Blocks {
		if !l.None {
			width := normed[m].Cols
			part := t.Columns(y, m*width, (m+1)*width).Reshape(out[m].Rows, d)
			out[m] = t.Add(out[m], t.Dropout(part, rows, p.drop(p.rates.Residual)))
		}
		out[m] = feedForward(t, b, out[m], rows, p.blockDrops())
	}
	return out, y
}

// Run is the layer as it serves, on the modalities' tokens x, each [stays*points][D]: the
// tokens behind it, its MoE's output [N][modalities*width], and what every router made
// of its rows.
func (l Layer[F]) Run(t *nn.Tape[F], x []nn.Tensor[F], stays int) (out []nn.Tensor[F], y nn.Tensor[F], routed []Routed[F]) {
	p := pass[F]{see: func(_ int, r Routed[F]) { routed = append(routed, r) }}
	out, y = l.forward(t, x, stays, x[0].Rows/stays, &p)
	return out, y, routed
}

// mix is the MoE over the modalities' rows; points are the rows of a stay there.
func (l Layer[F]) mix(t *nn.Tape[F], normed []nn.Tensor[F], points int, p *pass[F]) (y nn.Tensor[F]) {
	if l.Stay {
		points = 1
	}
	for i := range l.MoE.Routers() {
		r := l.MoE.Route(t, i, normed, p.noise(t, &l.MoE, normed[0].Rows, points))
		p.routed(t, i, r)
		one := l.MoE.Combine(t, i, r, points, p.drop(p.rates.Expert))
		if i == 0 {
			y = one
		} else {
			y = t.Add(y, one)
		}
	}
	return y
}
