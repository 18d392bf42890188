package nn

import "unsafe"

// Tensor is a matrix on a [Tape]: Value [Rows][Cols], and Grad of the same size where
// the tape records and the values depend on something that is to have a gradient,
// else nil.
type Tensor[F Float] struct {
	Rows, Cols  int
	Value, Grad []F
}

// Row is one row of the values.
func (x Tensor[F]) Row(i int) []F { return x.Value[i*x.Cols : (i+1)*x.Cols] }

// GradRow is one row of the gradient.
func (x Tensor[F]) GradRow(i int) []F { return x.Grad[i*x.Cols : (i+1)*x.Cols] }

// Reshape is the same elements in other rows; rows*cols must be as many.
func (x Tensor[F]) Reshape(rows, cols int) Tensor[F] {
	if rows*cols != x.Rows*x.Cols {
		panic("nn: Reshape: the sizes differ")
	}
	return Tensor[F]{rows, cols, x.Value, x.Grad}
}

// Tape runs a network forward, and backward if it records. One goroutine owns it. The
// memory of all tensors is the tape's, taken back by Reset: after the first passes of a
// size nothing is allocated, but for the closures of a tape that records.
//
// A layer calls the tape's ops. One with an op of its own makes its result with New,
// fills Value, and where Grad is there hands Record what adds to the gradients of the
// inputs, given that of the result. Every gradient is added to, never set.
type Tape[F Float] struct {
	params  *Params[F]
	packed  *PackedParams
	record  bool
	grads   []F
	back    []func()
	floats  arena[F]
	ints    arena[int]
	bools   arena[bool]
	tensors arena[Tensor[F]]
}

// NewTape makes a tape over parameters, which the tape only reads.
func NewTape[F Float](p *Params[F], record bool) *Tape[F] {
	t := &Tape[F]{params: p, record: record}
	if record {
		t.grads = make([]F, len(p.Values))
	}
	return t
}

// Reset forgets all tensors, keeps their memory, and clears Grads.
func (t *Tape[F]) Reset() {
	clear(t.back)
	t.back = t.back[:0]
	clear(t.grads)
	t.floats.reset()
	t.ints.reset()
	t.bools.reset()
	t.tensors.reset()
}

// Backward runs the recorded ops backwards from a loss [1][1].
func (t *Tape[F]) Backward(loss Tensor[F]) {
	if !t.record || len(loss.Grad) != 1 {
		panic("nn: Backward: want a loss of one element on a tape that records")
	}
	loss.Grad[0] = 1
	for i := len(t.back) - 1; i >= 0; i-- {
		t.back[i]()
	}
}

// Grads are the gradients of all parameters, in the order of Params.Values.
func (t *Tape[F]) Grads() []F { return t.grads }

// Records says whether the tape records.
func (t *Tape[F]) Records() bool { return t.record }

// Value is a parameter's values.
func (t *Tape[F]) Value(p Param) []F { return t.params.Value(p) }

// Grad is a parameter's part of Grads; nil where the tape does not record.
func (t *Tape[F]) Grad(p Param) []F {
	if !t.record {
		return nil
	}
	return t.params.part(t.grads, p)
}

// Record adds a step to what Backward does.
func (t *Tape[F]) Record(back func()) { t.back = append(t.back, back) }

// New is a tensor whose values are yet to be filled in; graded gives it a gradient of
// zeros if the tape records.
func (t *Tape[F]) New(rows, cols int, graded bool) Tensor[F] {
	y := Tensor[F]{Rows: rows, Cols: cols, Value: t.floats.take(rows * cols)}
	if graded && t.record {
		y.Grad = t.floats.take(rows * cols)
		clear(y.Grad)
	}
	return y
}

// Input is values [rows][cols] without a gradient. They are not copied and must stay
// as they are until Backward.
func (t *Tape[F]) Input(rows, cols int, values []F) Tensor[F] {
	if len(values) != rows*cols {
		panic("nn: Input: shapes do not fit")
	}
	return Tensor[F]{Rows: rows, Cols: cols, Value: values}
}

// Leaf is Input with a gradient.
func (t *Tape[F]) Leaf(rows, cols int, values []F) Tensor[F] {
	x := t.New(rows, cols, true)
	copy(x.Value, t.Input(rows, cols, values).Value)
	return x
}

// Singles is x as the tape's type: x itself on a float32 tape, else a copy.
func (t *Tape[F]) Singles(x []float32) []F {
	if isSingle[F]() {
		return unsafe.Slice((*F)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
	}
	y := t.Floats(len(x))
	for i, v := range x {
		y[i] = F(v)
	}
	return y
}

// AsSingles is memory of float32 as long as dst: dst itself on a float32 tape.
func (t *Tape[F]) AsSingles(dst []F) (x []float32, direct bool) {
	if isSingle[F]() {
		return single(dst), true
	}
	return make([]float32, len(dst)), false
}

// Param is a parameter as a tensor.
func (t *Tape[F]) Param(p Param, rows, cols int) Tensor[F] {
	x := t.Input(rows, cols, t.Value(p))
	x.Grad = t.Grad(p)
	return x
}

// Floats, Ints, Bools and Tensors are memory until Reset. What is in it is left from before.
func (t *Tape[F]) Floats(n int) []F          { return t.floats.take(n) }
func (t *Tape[F]) Ints(n int) []int          { return t.ints.take(n) }
func (t *Tape[F]) Bools(n int) []bool        { return t.bools.take(n) }
func (t *Tape[F]) Tensors(n int) []Tensor[F] { return t.tensors.take(n) }

// arena hands out memory that is all given back at once. What it hands out holds what
// was there before.
type arena[T any] struct {
	blocks    [][]T
	block, at int
}

// arenaBlock is the least size of a block, in elements.
const arenaBlock = 1 << 14

func (a *arena[T]) take(n int) []T {
	for ; a.block < len(a.blocks); a.block++ {
		if b := a.blocks[a.block]; a.at+n <= len(b) {
			a.at += n
			return b[a.at-n : a.at : a.at]
		}
		a.at = 0
	}
	size := max(n, arenaBlock)
	if last := len(a.blocks); last > 0 {
		size = max(size, 2*len(a.blocks[last-1]))
	}
	a.blocks = append(a.blocks, make([]T, size))
	a.at = n
	return a.blocks[a.block][:n:n]
}

func (a *arena[T]) reset() { a.block, a.at = 0, 0 }
