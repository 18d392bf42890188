package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Layer is one fusion layer: a block for each modality and, in the middle of the blocks,
// one mixture of experts, which is all that joins the modalities.
type Layer[F nn.Float] struct {
	Blocks []Block
	MoE    MoE[F]
	// Stay makes a row of the mixture of a stay's tokens side by side, not of one token.
	Stay bool
	// None leaves the mixture out, for comparison.
	None bool
}

// NewLayer adds the parameters under a prefix, for modalities of the given names. points
// is the number of tokens of a stay, d their width, ffn the hidden width of the
// feed-forward networks.
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
// last `rows` tokens of every stay are asked for; the stay's form needs them all, since
// its mixture reads all tokens. y is the mixture's output [N][modalities*width].
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

// Block is what one modality has of its own in a fusion layer, pre-norm as in the
// published code: self-attention over its tokens, the norm before the mixture of experts,
// and a feed-forward network behind it.
type Block struct {
	Norm1 norm
	// Query is [D][D]; KeyValue is [2D][D], the keys first.
	Query, KeyValue Dense
	Out             Dense
	Norm2, Norm3    norm
	// First is [F][D] and Second [D][F], of the feed-forward network.
	First, Second Dense
	Heads         int
}

// NewBlock adds the parameters under a prefix: tokens of width d, and ffn hidden units.
func NewBlock[F nn.Float](p *nn.Params[F], prefix string, d, heads, ffn int) Block {
	return Block{
		Norm1: newNorm(p, prefix+"norm1", d),
		Query: NewDense(p, prefix+"query", d, d), KeyValue: NewDense(p, prefix+"keyvalue", 2*d, d), Out: NewDense(p, prefix+"out", d, d),
		Norm2: newNorm(p, prefix+"norm2", d), Norm3: newNorm(p, prefix+"norm3", d),
		First: NewDense(p, prefix+"ffn1", ffn, d), Second: NewDense(p, prefix+"ffn2", d, ffn),
		Heads: heads,
	}
}

// blockDrops are the uses of dropout in a block; any may be nothing.
type blockDrops struct{ attention, afterAttention, hidden, afterHidden nn.Dropping }

// attend is x + attention(norm(x)), x [stays*points][D], at the last `rows` tokens of
// every stay (points, or fewer if no more is asked for): [stays*rows][D].
func attend[F nn.Float](t *nn.Tape[F], l Block, x nn.Tensor[F], stays, rows int, d blockDrops) nn.Tensor[F] {
	normed := t.LayerNorm(x, l.Norm1.Gain, l.Norm1.Bias)
	kv := t.Linear(normed, l.KeyValue.W, l.KeyValue.B)
	x, normed = lastRows(t, x, stays, rows), lastRows(t, normed, stays, rows)
	q := t.Linear(normed, l.Query.W, l.Query.B)
	a := t.Linear(t.Attention(q, kv, stays, l.Heads, d.attention), l.Out.W, l.Out.B)
	return t.Add(x, t.Dropout(a, rows, d.afterAttention))
}

// feedForward is x + W2 relu(W1 norm(x)), rows the tokens of a stay.
func feedForward[F nn.Float](t *nn.Tape[F], l Block, x nn.Tensor[F], rows int, d blockDrops) nn.Tensor[F] {
	h := t.Linear(t.LayerNorm(x, l.Norm3.Gain, l.Norm3.Bias), l.First.W, l.First.B)
	h = t.Dropout(t.ReLU(h), rows, d.hidden)
	return t.Add(x, t.Dropout(t.Linear(h, l.Second.W, l.Second.B), rows, d.afterHidden))
}

// lastRows is the last rows of each of x's groups, x itself if that is all.
func lastRows[F nn.Float](t *nn.Tape[F], x nn.Tensor[F], groups, rows int) nn.Tensor[F] {
	points := x.Rows / groups
	if rows == points {
		return x
	}
	index := t.Ints(groups * rows)
	for i := range index {
		index[i] = i/rows*points + points - rows + i%rows
	}
	return t.Gather(x, index)
}

// Dense are the parameters of a dense layer: W [out][in], and B [out] or nn.NoParam.
type Dense struct{ W, B nn.Param }

// NewDense adds the parameters of a dense layer, as name.w and name.b.
func NewDense[F nn.Float](p *nn.Params[F], name string, out, in int) Dense {
	return Dense{p.Add(name+".w", out, in), p.Add(name+".b", out)}
}

// NewProjection adds those of a dense layer without bias, as name.w.
func NewProjection[F nn.Float](p *nn.Params[F], name string, out, in int) Dense {
	return Dense{p.Add(name+".w", out, in), nn.NoParam}
}

// norm are the parameters of a layer norm, both [width].
type norm struct{ Gain, Bias nn.Param }

// newNorm adds the parameters of a layer norm, as name.gain and name.bias.
func newNorm[F nn.Float](p *nn.Params[F], name string, width int) norm {
	return norm{p.Add(name+".gain", width), p.Add(name+".bias", width)}
}
