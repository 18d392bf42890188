package nn

import "math"

// Attention is scaled dot-product attention with several heads (Vaswani et al. 2017)
// within groups of rows, without a mask. q [groups*n][D] asks kv [groups*m][2D], whose
// first D columns are the keys and whose others are the values; heads are contiguous
// slices of D/heads columns; the result is [groups*n][D]. Scores are divided by
// sqrt(D/heads). d drops attention weights, and takes one row of its draw for each group.
func (t *Tape[F]) Attention(q, kv Tensor[F], groups, heads int, d Dropping) Tensor[F] {
	width := q.Cols
	if groups < 1 || heads < 1 || width%heads != 0 || kv.Cols != 2*width || q.Rows%groups != 0 || kv.Rows%groups != 0 {
		panic("nn: Attention: shapes do not fit")
	}
	a := attention[F]{q: q, kv: kv, groups: groups, heads: heads, n: q.Rows / groups, m: kv.Rows / groups, e: width / heads}
	a.scale = F(1 / math.Sqrt(float64(a.e)))
	a.out = t.New(q.Rows, width, q.Grad != nil || kv.Grad != nil)
	each := heads * a.n * a.m
	a.weight = t.Floats(groups * each)
	if d.Rate > 0 {
		a.keep = t.Floats(groups * each)
		for g := range groups {
			Keep(a.keep[g*each:(g+1)*each], d.Draw.Row(d.Stream, d.First+uint64(g)), 0, d.Rate)
		}
		a.dropped = t.Floats(groups * each)
	}
	for part := range groups * heads {
		a.forward(part)
	}
	if a.out.Grad != nil {
		kept := a
		slope := t.Floats(2 * a.n * a.m)
		t.Record(func() {
			for part := range groups * heads {
				kept.backward(part, slope)
			}
		})
	}
	return a.out
}

// attention is what forward and backward of one call share. A part of it is one head of
// one group.
type attention[F Float] struct {
	q, kv, out            Tensor[F]
	groups, heads         int
	n, m, e               int // queries and keys of a group, width of a head
	scale                 F
	weight, keep, dropped []F // [groups][heads][n][m]
}

// views are a part's query, key, value and output within the rows of the tensors, or of
// their gradients.
func (a *attention[F]) views(part int, q, kv, out []F) (vq, vk, vv, vo View[F]) {
	g, at := part/a.heads, part%a.heads*a.e
	width := a.heads * a.e
	vq = View[F]{q[g*a.n*width+at:], width, 1}
	vk = View[F]{kv[g*a.m*2*width+at:], 2 * width, 1}
	vv = View[F]{kv[g*a.m*2*width+width+at:], 2 * width, 1}
	return vq, vk, vv, View[F]{out[g*a.n*width+at:], width, 1}
}

// forward computes one part: the weights softmax(q k^T scale), which are kept for
// backward, and their product with the values.
func (a *attention[F]) forward(part int) {
	q, k, v, out := a.views(part, a.q.Value, a.kv.Value, a.out.Value)
	size := a.n * a.m
	w := a.weight[part*size : (part+1)*size]
	Gemm(RowMajor(w, a.m), q, k.T(), a.n, a.e, a.m, false)
	for i, s := range w {
		w[i] = s * a.scale
	}
	for i := range a.n {
		Softmax(w[i*a.m : (i+1)*a.m])
	}
	if a.keep != nil {
		dropped := a.dropped[part*size : (part+1)*size]
		for i, k := range a.keep[part*size : (part+1)*size] {
			dropped[i] = k * w[i]
		}
		w = dropped
	}
	Gemm(out, RowMajor(w, a.m), v, a.n, a.m, a.e, false)
}

// backward adds one part's gradients to those of q and kv, as far as they have any.
// memory is [2][n][m] of scratch.
func (a *attention[F]) backward(part int, memory []F) {
	q, k, v, _ := a.views(part, a.q.Value, a.kv.Value, a.out.Value)
	size := a.n * a.m
	w := a.weight[part*size : (part+1)*size]
	used, dw, ds := w, memory[:size], memory[size:2*size]
	if a.keep != nil {
		used = a.dropped[part*size : (part+1)*size]
	}
	// A side that wants no gradient has none to write to: its view is of scratch.
	dout := View[F]{}
	var dq, dk, dv View[F]
	_, _, _, dout = a.views(part, a.q.Value, a.kv.Value, a.out.Grad)
	if a.q.Grad != nil {
		dq, _, _, _ = a.views(part, a.q.Grad, a.kv.Value, a.out.Grad)
	}
	if a.kv.Grad != nil {
		_, dk, dv, _ = a.views(part, a.q.Value, a.kv.Grad, a.out.Grad)
		Gemm(dv, RowMajor(used, a.m).T(), dout, a.m, a.n, a.e, true)
	}
	Gemm(RowMajor(dw, a.m), dout, v.T(), a.n, a.e, a.m, false)
	if a.keep != nil {
		for i, k := range a.keep[part*size : (part+1)*size] {
			dw[i] *= k
		}
	}
	clear(ds)
	for i := range a.n {
		row := dw[i*a.m : (i+1)*a.m]
		SoftmaxBackward(ds[i*a.m:(i+1)*a.m], w[i*a.m:(i+1)*a.m], row)
	}
	for i, s := range ds {
		ds[i] = s * a.scale
	}
	if a.q.Grad != nil {
		Gemm(dq, RowMajor(ds, a.m), k, a.n, a.m, a.e, true)
	}
	if a.kv.Grad != nil {
		Gemm(dk, RowMajor(ds, a.m).T(), q, a.m, a.n, a.e, true)
	}
}
