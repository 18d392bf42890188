package fusion

import "github.com/vigil-icu/vigil/encoders/nn"

// ItemAttention is multi-time attention over items, rows of one vector each (notes,
// images, strips). Because the projection behind it is linear, an item is projected
// once for every head when it arrives, y = W^h x, and a reference point takes
// sum_h sum_i a^h_ji y^h_i + b. Project is [H*D][width], without bias.
type ItemAttention[F nn.Float] struct {
	Keys    TimeKeys[F]
	Project Dense
	Bias    nn.Param // [D]
	D       int
}

// NewItemAttention adds the parameters under a prefix: items of a width to tokens of d,
// time embeddings of width e.
func NewItemAttention[F nn.Float](p *nn.Params[F], prefix string, e, heads, width, d int, softCap bool) ItemAttention[F] {
	return ItemAttention[F]{
		Keys:    NewTimeKeys(p, prefix, e, heads, softCap),
		Project: NewProjection(p, prefix+"out", heads*d, width),
		Bias:    p.Add(prefix+"bias", d),
		D:       d,
	}
}

// Attend is [stays*T][D] from the embedded reference times phiR [T][E], the embedded
// times phiT [R][E] and projected vectors y [R][H*D] of all items of the batch. The
// items of stay b are rows starts[b] to starts[b+1]; a stay without items has zeros.
func (l ItemAttention[F]) Attend(t *nn.Tape[F], phiR, phiT, y nn.Tensor[F], starts []int) nn.Tensor[F] {
	heads, points, stays := l.Keys.Heads, phiR.Rows, len(starts)-1
	out := t.New(stays*points, l.D, true)
	clear(out.Value)
	if phiT.Rows == 0 {
		return out
	}
	scores := l.Keys.Scores(t, phiR, phiT)
	if l.Keys.Cap {
		scores = capScores(t, scores)
	}
	a := t.New(scores.Rows, scores.Cols, true)
	copy(a.Value, scores.Value)
	for b := range stays {
		from, to := starts[b], starts[b+1]
		if from == to {
			continue
		}
		for r := range a.Rows {
			nn.Softmax(a.Row(r)[from:to])
		}
		for h := range heads {
			w, v, o := l.views(a.Value, y.Value, out.Value, h, b, points, from, a.Cols)
			nn.Gemm(o, w, v, points, to-from, l.D, true)
		}
		bias := t.Of(l.Bias)
		for j := range points {
			nn.Axpy(out.Row(b*points+j), 1, bias)
		}
	}
	if t.Records() {
		t.Record(func() {
			for b := range stays {
				from, to := starts[b], starts[b+1]
				if from == to {
					continue
				}
				nn.AddColumns(t.GradOf(l.Bias), out.Grad[b*points*l.D:(b+1)*points*l.D])
				for h := range heads {
					w, v, _ := l.views(a.Value, y.Value, out.Value, h, b, points, from, a.Cols)
					dw, dv, do := l.views(a.Grad, y.Grad, out.Grad, h, b, points, from, a.Cols)
					nn.Gemm(dw, do, v.T(), points, l.D, to-from, true)
					nn.Gemm(dv, w.T(), do, to-from, points, l.D, true)
				}
				for r := range a.Rows {
					nn.SoftmaxBackward(scores.GradRow(r)[from:to], a.Row(r)[from:to], a.GradRow(r)[from:to])
				}
			}
		})
	}
	return out
}

// views of a head's weights, projected items and output of one stay.
func (l ItemAttention[F]) views(a, y, out []F, h, b, points, from, items int) (w, v, o nn.View[F]) {
	width := l.Keys.Heads * l.D
	return nn.View[F]{Data: a[h*points*items+from:], Row: items, Col: 1},
		nn.View[F]{Data: y[from*width+h*l.D:], Row: width, Col: 1},
		nn.RowMajor(out[b*points*l.D:], l.D)
}
