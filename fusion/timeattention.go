package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// TimeEmbedding is phi of the paper in the form of its code (Time2Vec): the first element
// is linear in time, the rest are sines. W and B are [E]. One embedding is shared by all
// modalities and heads.
type TimeEmbedding[F nn.Float] struct{ W, B nn.Param }

// NewTimeEmbedding adds the parameters of an embedding of width e, as time.w and time.b.
func NewTimeEmbedding[F nn.Float](p *nn.Params[F], e int) TimeEmbedding[F] {
	return TimeEmbedding[F]{p.Add("time.w", e), p.Add("time.b", e)}
}

// At is the embedding [L][E] of times [L][1], which are parts of the window.
func (l TimeEmbedding[F]) At(t *nn.Tape[F], times nn.Tensor[F]) nn.Tensor[F] {
	w, b := t.Value(l.W), t.Value(l.B)
	y := t.New(times.Rows, len(w), true)
	for r, at := range times.Value {
		nn.TimeEmbedding(y.Row(r), float64(at), w, b)
	}
	if t.Records() {
		t.Record(func() { l.backward(t, times, y) })
	}
	return y
}

// backward adds the gradients of w, b and the times, given that of the embedding y.
func (l TimeEmbedding[F]) backward(t *nn.Tape[F], times, y nn.Tensor[F]) {
	w, b, dw, db := t.Value(l.W), t.Value(l.B), t.Grad(l.W), t.Grad(l.B)
	for r, at := range times.Value {
		var along float64
		for i, d := range y.GradRow(r) {
			g := float64(d)
			if i > 0 {
				g *= math.Cos(float64(float64(w[i])*float64(at)) + float64(b[i]))
			}
			dw[i] += F(g * float64(at))
			db[i] += F(g)
			along += float64(g * float64(w[i]))
		}
		if times.Grad != nil {
			times.Grad[r] += F(along)
		}
	}
}

// TimeKeys are the projections of reference and observation times from which multi-time
// attention (mTAN, Shukla and Marlin 2021) has its scores. Both go from E to E.
type TimeKeys[F nn.Float] struct {
	Query, Key Dense
	Heads      int
	// Cap bounds the scores by 8 tanh(s/8).
	Cap bool
}

// NewTimeKeys adds the parameters under a prefix, for time embeddings of width e, which
// the number of heads must divide.
func NewTimeKeys[F nn.Float](p *nn.Params[F], prefix string, e, heads int, softCap bool) TimeKeys[F] {
	return TimeKeys[F]{NewDense(p, prefix+"query", e, e), NewDense(p, prefix+"key", e, e), heads, softCap}
}

// Scores is [H*T][L], row h*T+j: the products of query and key of head h over sqrt(E/H),
// for embedded reference times phiR [T][E] and observation times phiT [L][E], before the
// cap. The paper divides by the root of the number of observations; its code and mTAN do
// this.
func (l TimeKeys[F]) Scores(t *nn.Tape[F], phiR, phiT nn.Tensor[F]) nn.Tensor[F] {
	return timeScores(t, t.Linear(phiR, l.Query.W, l.Query.B), t.Linear(phiT, l.Key.W, l.Key.B), l.Heads)
}

// timeScores is the scores of projected queries q [T][E] and keys k [L][E].
func timeScores[F nn.Float](t *nn.Tape[F], q, k nn.Tensor[F], heads int) nn.Tensor[F] {
	e, n, m := q.Cols/heads, q.Rows, k.Rows
	scale := F(1 / math.Sqrt(float64(e)))
	y := t.New(heads*n, m, q.Grad != nil || k.Grad != nil)
	for h := range heads {
		vq, vk := nn.View[F]{Data: q.Value[h*e:], Row: q.Cols, Col: 1}, nn.View[F]{Data: k.Value[h*e:], Row: k.Cols, Col: 1}
		nn.Gemm(nn.RowMajor(y.Value[h*n*m:], m), vq, vk.T(), n, e, m, false)
	}
	for i, v := range y.Value {
		y.Value[i] = v * scale
	}
	if y.Grad != nil {
		t.Record(func() {
			d := t.Floats(n * m)
			for h := range heads {
				for i, v := range y.Grad[h*n*m : (h+1)*n*m] {
					d[i] = v * scale
				}
				dv := nn.RowMajor(d, m)
				vq, vk := nn.View[F]{Data: q.Value[h*e:], Row: q.Cols, Col: 1}, nn.View[F]{Data: k.Value[h*e:], Row: k.Cols, Col: 1}
				if q.Grad != nil {
					nn.Gemm(nn.View[F]{Data: q.Grad[h*e:], Row: q.Cols, Col: 1}, dv, vk, n, m, e, true)
				}
				if k.Grad != nil {
					nn.Gemm(nn.View[F]{Data: k.Grad[h*e:], Row: k.Cols, Col: 1}, dv.T(), vq, m, n, e, true)
				}
			}
		})
	}
	return y
}

// capBound is where scores level off, 8 tanh(s/8). With it e^s stays within e^-8 and e^8,
// which the fixed-point sums need.
const capBound = 8

// capScores is 8 tanh(s/8).
func capScores[F nn.Float](t *nn.Tape[F], s nn.Tensor[F]) nn.Tensor[F] {
	y := t.New(s.Rows, s.Cols, s.Grad != nil)
	for i, v := range s.Value {
		y.Value[i] = F(nn.SoftCap(float64(v)))
	}
	if y.Grad != nil {
		t.Record(func() {
			for i, d := range y.Grad {
				r := y.Value[i] / capBound
				s.Grad[i] += F(d * (1 - F(r*r)))
			}
		})
	}
	return y
}

// Exponentials is e^s of scores that are capped. Of others it is e^(s - top), top the
// largest of the row: the ratio of two sums over a row does not change by that, and none
// overflows.
func Exponentials[F nn.Float](t *nn.Tape[F], s nn.Tensor[F], capped bool) nn.Tensor[F] {
	y := t.New(s.Rows, s.Cols, s.Grad != nil)
	for r := range s.Rows {
		row := y.Row(r)
		copy(row, s.Row(r))
		if !capped && len(row) > 0 {
			top := row[0]
			for _, v := range row {
				top = max(top, v)
			}
			for i := range row {
				row[i] -= top
			}
		}
	}
	nn.Exp(y.Value)
	if y.Grad != nil {
		t.Record(func() {
			for i, d := range y.Grad {
				s.Grad[i] += F(d * y.Value[i])
			}
		})
	}
	return y
}

// ItemAttention is multi-time attention over items, rows of one vector each: notes,
// images, strips. Because the projection behind the attention is linear, an item is
// projected once for every head when it arrives, y^h = W^h x, and a reference point j
// takes sum_h sum_i a^h_ji y^h_i + b, which is the same up to rounding. Project is
// [H*D][width], without bias.
type ItemAttention[F nn.Float] struct {
	Keys    TimeKeys[F]
	Project Dense
	// Bias is [D].
	Bias nn.Param
	D    int
}

// NewItemAttention adds the parameters under a prefix, for items of a width, tokens of
// width d and time embeddings of width e.
func NewItemAttention[F nn.Float](p *nn.Params[F], prefix string, e, heads, width, d int, softCap bool) ItemAttention[F] {
	return ItemAttention[F]{
		Keys:    NewTimeKeys(p, prefix, e, heads, softCap),
		Project: NewProjection(p, prefix+"out", heads*d, width),
		Bias:    p.Add(prefix+"bias", d),
		D:       d,
	}
}

// Attend is [stays*T][D] from the embedded reference times phiR [T][E], and the embedded
// times phiT [R][E] and projected vectors y [R][H*D] of all items of the batch. The items
// of stay b are rows starts[b] to starts[b+1]; a stay without items has zeros.
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
		bias := t.Value(l.Bias)
		for j := range points {
			nn.Axpy(out.Row(b*points+j), 1, bias)
		}
	}
	if t.Records() && y.Grad != nil { // else items are not what anybody asks the slopes of
		t.Record(func() {
			for b := range stays {
				from, to := starts[b], starts[b+1]
				if from == to {
					continue
				}
				nn.AddColumns(t.Grad(l.Bias), out.Grad[b*points*l.D:(b+1)*points*l.D])
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

// views are a head's weights, projected items and output of one stay b, whose items begin
// at row `from` of all `items`.
func (l ItemAttention[F]) views(a, y, out []F, h, b, points, from, items int) (w, v, o nn.View[F]) {
	width := l.Keys.Heads * l.D
	return nn.View[F]{Data: a[h*points*items+from:], Row: items, Col: 1},
		nn.View[F]{Data: y[from*width+h*l.D:], Row: width, Col: 1},
		nn.RowMajor(out[b*points*l.D:], l.D)
}
