package nn

// Linear is W x + b for every row of x [R][K]: w is [N][K], b is [N] or NoParam.
func (t *Tape[F]) Linear(x Tensor[F], w, b Param) Tensor[F] {
	n := t.params.Len(w) / x.Cols
	y := t.New(x.Rows, n, true)
	if p := t.packed.of(w, 0); p != nil {
		p.Rows(single(y.Value), single(x.Value), x.Rows)
		return y
	}
	var bias []F
	if b != NoParam {
		bias = t.Of(b)
	}
	if x.Rows > 0 {
		LinearRows(y.Value, t.Of(w), x.Value, bias, x.Rows)
	}
	if t.record {
		t.Record(func() {
			if b != NoParam {
				AddColumns(t.GradOf(b), y.Grad)
			}
			LinearBackward(x.Grad, t.GradOf(w), x.Value, t.Of(w), y.Grad, x.Rows)
		})
	}
	return y
}

// LinearOf sets out [R][N] to the dense layer number i of a stack, w [count][N][K] and b
// [count][N], of x [R][K]. It records nothing: see LinearOfBackward.
func (t *Tape[F]) LinearOf(out []F, w, b Param, i int, x []F, rows int) {
	if p := t.packed.of(w, i); p != nil {
		p.Rows(single(out), single(x), rows)
		return
	}
	n, k := len(out)/rows, len(x)/rows
	LinearRows(out, t.Of(w)[i*n*k:(i+1)*n*k], x, t.Of(b)[i*n:(i+1)*n], rows)
}

// LinearOfBackward adds to dx [R][K], or nil, and to the gradients of the parameters
// what LinearOf at x gives, given the gradient of its output dy [R][N].
func (t *Tape[F]) LinearOfBackward(dx []F, w, b Param, i int, x, dy []F, rows int) {
	n, k := len(dy)/rows, len(x)/rows
	AddColumns(t.GradOf(b)[i*n:(i+1)*n], dy)
	LinearBackward(dx, t.GradOf(w)[i*n*k:(i+1)*n*k], x, t.Of(w)[i*n*k:(i+1)*n*k], dy, rows)
}

// LinearBackward adds to dx [R][K], or nil, and to dw [N][K] the gradients of
// [LinearRows] with weights w [N][K] at x [R][K], given that of its output dy [R][N].
func LinearBackward[F Float](dx, dw, x, w, dy []F, rows int) {
	if rows == 0 {
		return
	}
	k := len(x) / rows
	n := len(dy) / rows
	MatMulTAAdd(dw, dy, x, n, rows, k)
	if dx != nil {
		MatMulAdd(dx, dy, w, rows, n, k)
	}
}

// AddColumns adds to sum [N] the rows of x [R][N].
func AddColumns[F Float](sum, x []F) {
	for n := len(sum); len(x) > 0; x = x[n:] {
		Axpy(sum, 1, x[:n])
	}
}

// PackedParams are packed weights by parameter, for tapes that serve: a layer's, or
// those of a stack of layers. It is immutable once its parts are in.
type PackedParams struct{ stacks map[Param][]*Packed }

// Serve makes the tape take packed weights where there are some; only a float32 tape
// that does not record may.
func (t *Tape[F]) Serve(p *PackedParams) {
	if t.record || !isSingle[F]() {
		panic("nn: Serve: packed weights are for a float32 tape that does not record")
	}
	t.packed = p
}

// Pack packs a parameter w [count][N][K] with its bias b [count][N], or NoParam.
func (p *PackedParams) Pack(from *Params[float32], w, b Param, count, n, k int) {
	if p.stacks == nil {
		p.stacks = map[Param][]*Packed{}
	}
	for i := range count {
		var bias []float32
		if b != NoParam {
			bias = from.Of(b)[i*n : (i+1)*n]
		}
		p.stacks[w] = append(p.stacks[w], Pack(from.Of(w)[i*n*k:(i+1)*n*k], bias, n, k))
	}
}

func (p *PackedParams) of(w Param, i int) *Packed {
	if p == nil {
		return nil
	}
	if s := p.stacks[w]; i < len(s) {
		return s[i]
	}
	return nil
}
