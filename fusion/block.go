package fusion

import "github.com/vigil-icu/vigil/encoders/nn"

// Block is what one modality has of its own in a fusion layer (pre-norm):
// self-attention over its tokens, the norm before the mixture of experts, and
// a feed-forward network behind it.
type Block struct {
	Norm1           norm
	Query, KeyValue Dense // [D][D] and [2D][D], keys first
	Out             Dense
	Norm2, Norm3    norm
	First, Second   Dense // [F][D] and [D][F]
	Heads           int
}

// NewBlock adds the parameters under a prefix.
func NewBlock[F nn.Float](p *nn.Params[F], prefix string, d, heads, ffn int) Block {
	return Block{
		Norm1: newNorm(p, prefix+"norm1", d),
		Query: NewDense(p, prefix+"query", d, d), KeyValue: NewDense(p, prefix+"keyvalue", 2*d, d), Out: NewDense(p, prefix+"out", d, d),
		Norm2: newNorm(p, prefix+"norm2", d), Norm3: newNorm(p, prefix+"norm3", d),
		First: NewDense(p, prefix+"ffn1", ffn, d), Second: NewDense(p, prefix+"ffn2", d, ffn),
		Heads: heads,
	}
}

// drops of a block, all of which may be nothing.
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
