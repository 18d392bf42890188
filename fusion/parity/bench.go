package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

// bench is one case on the production layers: their parameters, a tape that records, and
// how the case's tensors lie in the parameters.
type bench[F nn.Float] struct {
	c      *Case
	params *nn.Params[F]
	tape   *nn.Tape[F]
	links  []fusion.Link
	probes []func(loss nn.Tensor[F])
	out    Outputs[F]
}

// newBench is a case without any layer yet.
func newBench[F nn.Float](c *Case) *bench[F] {
	return &bench[F]{c: c, params: new(nn.Params[F]), out: Outputs[F]{}}
}

// begin sets the parameters of the layers, which were added before, from the case, and
// makes the tape.
func (b *bench[F]) begin(links ...[]fusion.Link) error {
	for _, l := range links {
		b.links = append(b.links, l...)
	}
	err := fusion.Import(b.params, b.links, func(name string) ([]F, bool) {
		t, ok := b.c.in[name] // the cases of one seed share their weights, but for some
		if !ok {
			t, ok = b.c.weights[name]
		}
		return convert[F](t), ok
	})
	b.tape = nn.NewTape(b.params, true)
	return err
}

// leaf is an input of the case as a tensor with a gradient.
func (b *bench[F]) leaf(name string) nn.Tensor[F] {
	shape := b.c.InShape(name)
	v := In[F](b.c, name)
	rows := 1
	switch {
	case len(shape) == 1:
		rows = len(v)
	case len(shape) > 1:
		rows = len(v) / max(1, shape[len(shape)-1])
	}
	return b.tape.Leaf(rows, len(v)/max(1, rows), v)
}

// probe adds sum(probe * y) to the loss of the case; without such an input nothing.
func (b *bench[F]) probe(name string, y nn.Tensor[F]) {
	if b.c.InShape(name) == nil {
		return
	}
	p := In[F](b.c, name)
	if len(p) != len(y.Value) {
		panic(fmt.Sprintf("parity: case %s: %s has %d elements, the output %d", b.c.Name, name, len(p), len(y.Value)))
	}
	b.probes = append(b.probes, func(loss nn.Tensor[F]) { nn.Axpy(y.Grad, loss.Grad[0], p) })
}

// backward runs the case's loss backwards and takes the gradients of all weights.
func (b *bench[F]) backward() {
	if len(b.probes) == 0 {
		return
	}
	loss := b.tape.New(1, 1, true)
	for _, p := range b.probes {
		b.tape.Record(func() { p(loss) })
	}
	b.gradients(loss)
}

// gradients runs a loss backwards and takes the gradients of the case's weights.
func (b *bench[F]) gradients(loss nn.Tensor[F]) {
	b.tape.Backward(loss)
	for _, l := range b.links {
		b.out[gradient+l.Name] = fusion.Export(b.params, b.tape.Grads(), l)
	}
}

// gradientOf takes the gradient of an input.
func (b *bench[F]) gradientOf(name string, x nn.Tensor[F]) { b.out[gradient+name] = x.Grad }
