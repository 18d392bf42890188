package nn

import "unsafe"

// Tensor is a matrix on a [Tape]: Value is [Rows][Cols], and Grad has the same size where
// the tape records and the values depend on something that is to have a gradient; else
// Grad is nil. It is a small value that is passed by copy and shares its memory.
type Tensor[F Float] struct {
	Rows, Cols  int
	Value, Grad []F
}

// Row is row i of the values, not a copy.
func (x Tensor[F]) Row(i int) []F { return x.Value[i*x.Cols : (i+1)*x.Cols] }

// GradRow is row i of the gradient, not a copy.
func (x Tensor[F]) GradRow(i int) []F { return x.Grad[i*x.Cols : (i+1)*x.Cols] }

// Reshape is the same elements, and the same gradient, cut into other rows. It panics
// unless rows*cols is the number of elements.
func (x Tensor[F]) Reshape(rows, cols int) Tensor[F] {
	if rows*cols != x.Rows*x.Cols {
		panic("nn: Reshape: the sizes differ")
	}
	return Tensor[F]{rows, cols, x.Value, x.Grad}
}

// Tape runs a network forward, and backward if it records. One goroutine owns it. The
// memory of all tensors is the tape's and is taken back by Reset: after the first passes
// of a size nothing is allocated, but for the closures of a tape that records.
//
// A layer calls the tape's ops. A layer with an op of its own makes its result with New
// and fills Value; where the result has a Grad, it hands Record a function that adds to
// the gradients of the inputs, given that of the result. A gradient is added to, never
// set, since a tensor may be used more than once.
type Tape[F Float] struct {
	params *Params[F]
	packed *PackedParams
	record bool
	grads  []F
	// inputs says that only inputs have gradients; unread takes those of parameters then.
	inputs  bool
	unread  []F
	back    []func()
	floats  arena[F]
	ints    arena[int]
	bools   arena[bool]
	tensors arena[Tensor[F]]
}

// NewTape makes a tape over parameters, which the tape only reads. With record it keeps
// what Backward needs, and has gradients of all parameters.
func NewTape[F Float](p *Params[F], record bool) *Tape[F] {
	t := &Tape[F]{params: p, record: record}
	if record {
		t.grads = make([]F, len(p.Values))
	}
	return t
}

// NewInputTape makes a tape that records for the gradients of its inputs alone ([Tape.Leaf] and
// graded tensors of New): how an answer depends on what it was given costs one pass backward, and
// parameters have no gradients. packed may be nil, see [Tape.Serve].
func NewInputTape[F Float](p *Params[F], packed *PackedParams) *Tape[F] {
	return &Tape[F]{params: p, record: true, inputs: true, packed: packed}
}

// Reset forgets all tensors, whose memory the next pass uses again, and clears Grads.
// Tensors that were made before must not be used any more.
func (t *Tape[F]) Reset() {
	clear(t.back)
	t.back = t.back[:0]
	clear(t.grads)
	clear(t.unread)
	t.floats.reset()
	t.ints.reset()
	t.bools.reset()
	t.tensors.reset()
}

// Backward runs the recorded ops backwards from a loss, which must be [1][1], and adds to
// Grads. It panics on a tape that does not record.
func (t *Tape[F]) Backward(loss Tensor[F]) {
	if !t.record || len(loss.Grad) != 1 {
		panic("nn: Backward: want a loss of one element on a tape that records")
	}
	loss.Grad[0] = 1
	for i := len(t.back) - 1; i >= 0; i-- {
		t.back[i]()
	}
}

// Grads are the gradients of all parameters, laid out as Params.Values; nil where the
// tape does not record, or records for its inputs alone. They are the tape's memory, and cleared by Reset.
func (t *Tape[F]) Grads() []F { return t.grads }

// Records says whether the tape records, which is whether it can run backwards.
func (t *Tape[F]) Records() bool { return t.record }

// Value is the values of a parameter, which must not be written to.
func (t *Tape[F]) Value(p Param) []F { return t.params.Value(p) }

// Grad is a parameter's part of Grads; nil where the tape does not record. Where it records for its
// inputs alone it is memory that all parameters share and nobody reads.
func (t *Tape[F]) Grad(p Param) []F {
	if !t.record {
		return nil
	}
	if t.inputs {
		if n := t.params.Len(p); n > len(t.unread) {
			t.unread = make([]F, n)
		}
		return t.unread[:t.params.Len(p)]
	}
	return t.params.part(t.grads, p)
}

// Record adds a step to what Backward does. Steps run in the reverse of the order in
// which they were recorded.
func (t *Tape[F]) Record(back func()) { t.back = append(t.back, back) }

// New is a tensor whose values hold what was left there and are yet to be filled in. With
// graded it has a gradient of zeros if the tape records.
func (t *Tape[F]) New(rows, cols int, graded bool) Tensor[F] {
	y := Tensor[F]{Rows: rows, Cols: cols, Value: t.floats.take(rows * cols)}
	if graded && t.record {
		y.Grad = t.floats.take(rows * cols)
		clear(y.Grad)
	}
	return y
}

// Input is values [rows][cols] as a tensor without a gradient. They are not copied, and
// must stay as they are until Backward has run.
func (t *Tape[F]) Input(rows, cols int, values []F) Tensor[F] {
	if len(values) != rows*cols {
		panic("nn: Input: shapes do not fit")
	}
	return Tensor[F]{Rows: rows, Cols: cols, Value: values}
}

// Leaf is a copy of values [rows][cols] as a tensor with a gradient, for whoever asks how
// a loss depends on an input.
func (t *Tape[F]) Leaf(rows, cols int, values []F) Tensor[F] {
	x := t.New(rows, cols, true)
	copy(x.Value, t.Input(rows, cols, values).Value)
	return x
}

// Singles is x [N] in the tape's type: x itself on a float32 tape, else a copy that lasts
// until Reset.
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

// AsSingles is memory of float32 that is as long as dst: dst itself on a float32 tape,
// where direct is true, else new memory that the caller has to copy into dst.
func (t *Tape[F]) AsSingles(dst []F) (x []float32, direct bool) {
	if isSingle[F]() {
		return single(dst), true
	}
	return make([]float32, len(dst)), false
}

// Param is a parameter as a tensor [rows][cols], with its part of Grads as gradient.
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

// arena hands out memory that is all given back at once. What it hands out holds what was
// there before.
type arena[T any] struct {
	blocks    [][]T
	block, at int
}

// arenaBlock is the least size of a block, in elements; every further block is at least
// twice as large as the one before.
const arenaBlock = 1 << 14

// take hands out n elements, from the current block if they fit there, else from the next
// one that has room for them.
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

// reset gives all memory back. The blocks are kept for the next pass.
func (a *arena[T]) reset() { a.block, a.at = 0, 0 }
