package nn

// Linear is W x + b for every row of x [R][K], [R][N]: w is [N][K], and b is [N] or
// NoParam. Where the tape serves packed weights and has those of w, it uses them; the
// bits are the same.
func (t *Tape[F]) Linear(x Tensor[F], w, b Param) Tensor[F] {
	n := t.params.Len(w) / x.Cols
	y := t.New(x.Rows, n, x.Grad != nil || !t.inputs)
	if p := t.packed.layer(w, 0); p != nil {
		p.Rows(single(y.Value), single(x.Value), x.Rows)
	} else if x.Rows > 0 {
		var bias []F
		if b != NoParam {
			bias = t.Value(b)
		}
		LinearRows(y.Value, t.Value(w), x.Value, bias, x.Rows)
	}
	switch {
	case t.inputs && x.Grad != nil:
		t.Record(func() { linearInputBackward(x.Grad, t.Value(w), y.Grad, x.Rows) })
	case t.record && !t.inputs:
		t.Record(func() {
			if b != NoParam {
				AddColumns(t.Grad(b), y.Grad)
			}
			LinearBackward(x.Grad, t.Grad(w), x.Value, t.Value(w), y.Grad, x.Rows)
		})
	}
	return y
}

// LinearAt sets out [R][N] to dense layer i of a stack, w [count][N][K] and b [count][N],
// of x [R][K]. It records nothing, because an expert's rows are gathered outside the
// tape's tensors: whoever calls it records LinearAtBackward.
func (t *Tape[F]) LinearAt(out []F, w, b Param, i int, x []F, rows int) {
	if p := t.packed.layer(w, i); p != nil {
		p.Rows(single(out), single(x), rows)
		return
	}
	n, k := len(out)/rows, len(x)/rows
	LinearRows(out, t.Value(w)[i*n*k:(i+1)*n*k], x, t.Value(b)[i*n:(i+1)*n], rows)
}

// LinearAtBackward adds to dx [R][K], which may be nil, and to the gradients of w and b
// what [Tape.LinearAt] at x gives, given the gradient of its output dy [R][N].
func (t *Tape[F]) LinearAtBackward(dx []F, w, b Param, i int, x, dy []F, rows int) {
	n, k := len(dy)/rows, len(x)/rows
	if t.inputs {
		if dx != nil {
			linearInputBackward(dx, t.Value(w)[i*n*k:(i+1)*n*k], dy, rows)
		}
		return
	}
	AddColumns(t.Grad(b)[i*n:(i+1)*n], dy)
	LinearBackward(dx, t.Grad(w)[i*n*k:(i+1)*n*k], x, t.Value(w)[i*n*k:(i+1)*n*k], dy, rows)
}

// Serve makes the tape take packed weights where there are some. Only a float32 tape that
// does not record may: packed weights have no gradients. Any other panics.
func (t *Tape[F]) Serve(p *PackedParams) {
	if t.record || !isSingle[F]() {
		panic("nn: Serve: packed weights are for a float32 tape that does not record")
	}
	t.packed = p
}

// Add is x + y of two tensors of one size.
func (t *Tape[F]) Add(x, y Tensor[F]) Tensor[F] {
	if x.Rows != y.Rows || x.Cols != y.Cols {
		panic("nn: Add: shapes do not fit")
	}
	z := t.New(x.Rows, x.Cols, x.Grad != nil || y.Grad != nil)
	add(z.Value, x.Value, y.Value)
	if z.Grad != nil {
		t.Record(func() {
			if x.Grad != nil {
				Axpy(x.Grad, 1, z.Grad)
			}
			if y.Grad != nil {
				Axpy(y.Grad, 1, z.Grad)
			}
		})
	}
	return z
}

// add sets z to x + y, all [N].
func add[F Float](z, x, y []F) {
	if copy(z, x); isSingle[F]() && axpyFast(single(z), 1, single(y)) {
		return // once y, fused, is y
	}
	for i, v := range y {
		z[i] += v
	}
}

// Scale is a times x, for a constant a.
func (t *Tape[F]) Scale(a F, x Tensor[F]) Tensor[F] {
	y := t.New(x.Rows, x.Cols, x.Grad != nil)
	for i, v := range x.Value {
		y.Value[i] = a * v
	}
	if y.Grad != nil {
		t.Record(func() { Axpy(x.Grad, a, y.Grad) })
	}
	return y
}

// ReLU is max(x, 0), see [ReLU].
func (t *Tape[F]) ReLU(x Tensor[F]) Tensor[F] {
	y := t.copyOf(x)
	ReLU(y.Value)
	if y.Grad != nil {
		t.Record(func() { ReLUBackward(x.Grad, y.Value, y.Grad) })
	}
	return y
}

// GELU is x Phi(x), see [GELU].
func (t *Tape[F]) GELU(x Tensor[F]) Tensor[F] {
	y := t.copyOf(x)
	GELU(y.Value)
	if y.Grad != nil {
		t.Record(func() { GELUBackward(x.Grad, x.Value, y.Grad) })
	}
	return y
}

// Sigmoid is 1/(1+exp(-x)), see [Sigmoid].
func (t *Tape[F]) Sigmoid(x Tensor[F]) Tensor[F] {
	y := t.copyOf(x)
	Sigmoids(y.Value)
	if y.Grad != nil {
		t.Record(func() { SigmoidBackward(x.Grad, y.Value, y.Grad) })
	}
	return y
}

// Softmax is the softmax of every row, see [Softmax].
func (t *Tape[F]) Softmax(x Tensor[F]) Tensor[F] {
	y := t.copyOf(x)
	for r := range y.Rows {
		Softmax(y.Row(r))
	}
	if y.Grad != nil {
		t.Record(func() {
			for r := range y.Rows {
				SoftmaxBackward(x.GradRow(r), y.Row(r), y.GradRow(r))
			}
		})
	}
	return y
}

// LayerNorm normalises every row and applies gain and bias [Cols], see [LayerNorm].
func (t *Tape[F]) LayerNorm(x Tensor[F], gain, bias Param) Tensor[F] {
	y := t.New(x.Rows, x.Cols, true)
	g, b := t.Value(gain), t.Value(bias)
	for r := range x.Rows {
		LayerNorm(y.Row(r), x.Row(r), g, b)
	}
	if t.record {
		t.Record(func() {
			dg, db, dx := t.Grad(gain), t.Grad(bias), x.Grad
			if dx == nil {
				dx = t.Floats(len(x.Value))
			}
			for r := range x.Rows {
				at := r * x.Cols
				LayerNormBackward(dx[at:at+x.Cols], dg, db, x.Row(r), t.Value(gain), y.GradRow(r))
			}
		})
	}
	return y
}

// copyOf is a new tensor with the values of x, for ops that work in place. It has a
// gradient if x has one.
func (t *Tape[F]) copyOf(x Tensor[F]) Tensor[F] {
	y := t.New(x.Rows, x.Cols, x.Grad != nil)
	copy(y.Value, x.Value)
	return y
}

// Dropping is one use of dropout (Srivastava et al. 2014): the elements of row r of a
// batch are dropped with probability Rate, by row First+r of Stream in the draw. The zero
// value drops nothing.
type Dropping struct {
	Draw          Draw
	Stream, First uint64
	Rate          float64
}

// Dropout drops elements of x with probability d.Rate and scales the others by
// 1/(1-Rate). Each group of `share` rows side by side has one mask, drawn by the group's
// number: with share the tokens of a stay, an element is dropped at all times of the stay
// or at none.
func (t *Tape[F]) Dropout(x Tensor[F], share int, d Dropping) Tensor[F] {
	if d.Rate == 0 {
		return x
	}
	if share < 1 || x.Rows%share != 0 {
		panic("nn: Dropout: shapes do not fit")
	}
	starts := t.Ints(x.Rows/share + 1)
	for g := range starts {
		starts[g] = g * share
	}
	return t.DropoutGroups(x, starts, d)
}

// DropoutGroups is [Tape.Dropout] where group g is the rows starts[g] to starts[g+1], so
// that groups may differ in size.
func (t *Tape[F]) DropoutGroups(x Tensor[F], starts []int, d Dropping) Tensor[F] {
	if d.Rate == 0 {
		return x
	}
	groups := len(starts) - 1
	if groups < 0 || starts[groups] != x.Rows {
		panic("nn: DropoutGroups: shapes do not fit")
	}
	y, keep := t.New(x.Rows, x.Cols, x.Grad != nil), t.Floats(groups*x.Cols)
	for g := range groups {
		mask := keep[g*x.Cols : (g+1)*x.Cols]
		Keep(mask, d.Draw.Row(d.Stream, d.First+uint64(g)), 0, d.Rate)
		for r := starts[g]; r < starts[g+1]; r++ {
			row := y.Row(r)
			for i, v := range x.Row(r) {
				row[i] = v * mask[i]
			}
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for g := range groups {
				mask := keep[g*x.Cols : (g+1)*x.Cols]
				for r := starts[g]; r < starts[g+1]; r++ {
					dx := x.GradRow(r)
					for i, v := range y.GradRow(r) {
						dx[i] += F(v * mask[i])
					}
				}
			}
		})
	}
	return y
}
