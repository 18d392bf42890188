package nn

// Add is x + y, of one size.
func (t *Tape[F]) Add(x, y Tensor[F]) Tensor[F] {
	if x.Rows != y.Rows || x.Cols != y.Cols {
		panic("nn: Add: shapes do not fit")
	}
	z := t.New(x.Rows, x.Cols, x.Grad != nil || y.Grad != nil)
	for i, v := range x.Value {
		z.Value[i] = v + y.Value[i]
	}
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

// Scale is a times x.
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

// ReLU is max(x, 0).
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

// Sigmoid is 1/(1+exp(-x)).
func (t *Tape[F]) Sigmoid(x Tensor[F]) Tensor[F] {
	y := t.copyOf(x)
	Sigmoids(y.Value)
	if y.Grad != nil {
		t.Record(func() { SigmoidBackward(x.Grad, y.Value, y.Grad) })
	}
	return y
}

// Softmax is the softmax of every row.
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

// LayerNorm normalises every row, see [LayerNorm]; gain and bias are [Cols].
func (t *Tape[F]) LayerNorm(x Tensor[F], gain, bias Param) Tensor[F] {
	y := t.New(x.Rows, x.Cols, true)
	g, b := t.Of(gain), t.Of(bias)
	for r := range x.Rows {
		LayerNorm(y.Row(r), x.Row(r), g, b)
	}
	if t.record {
		t.Record(func() {
			dg, db, dx := t.GradOf(gain), t.GradOf(bias), x.Grad
			if dx == nil {
				dx = t.Floats(len(x.Value))
			}
			for r := range x.Rows {
				at := r * x.Cols
				LayerNormBackward(dx[at:at+x.Cols], dg, db, x.Row(r), t.Of(gain), y.GradRow(r))
			}
		})
	}
	return y
}

func (t *Tape[F]) copyOf(x Tensor[F]) Tensor[F] {
	y := t.New(x.Rows, x.Cols, x.Grad != nil)
	copy(y.Value, x.Value)
	return y
}
