package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// The modes of the UTDE gate: one gate for a stay, for a reference point, or for every
// feature of it.
const (
	GateStay    = "batch"
	GatePoint   = "batch_seq"
	GateFeature = "batch_seq_feature"
)

// UTDE mixes the irregular branch with the regular one: g = sigmoid(W2 relu(W1 u)),
// out = g irr + (1-g) reg. For a gate per stay u is the maximum of both branches over
// time, else both branches at the point.
type UTDE[F nn.Float] struct {
	Mode          string
	First, Second Dense
}

// NewUTDE adds the parameters of a gate under a prefix.
func NewUTDE[F nn.Float](p *nn.Params[F], prefix, mode string, d int) (UTDE[F], error) {
	out := 1
	switch mode {
	case GateStay, GatePoint:
	case GateFeature:
		out = d
	default:
		return UTDE[F]{}, fmt.Errorf("utde %q, want %s, %s or %s", mode, GateStay, GatePoint, GateFeature)
	}
	return UTDE[F]{mode, NewDense(p, prefix+"first", d, 2*d), NewDense(p, prefix+"second", out, d)}, nil
}

// Mix is [stays*T][D] from both branches of that size, and the gate: [stays][1],
// [stays*T][1] or [stays*T][D].
func (l UTDE[F]) Mix(t *nn.Tape[F], irr, reg nn.Tensor[F], points int, drop nn.Dropping) (mixed, gate nn.Tensor[F]) {
	u := t.Tensors(2)
	u[0], u[1] = irr, reg
	share := points
	if l.Mode == GateStay {
		u[0], u[1] = t.Max(irr, points), t.Max(reg, points)
		share = 1
	}
	h := t.ReLU(t.Linear(t.Dropout(t.Concat(u), share, drop), l.First.W, l.First.B))
	gate = t.Sigmoid(t.Linear(h, l.Second.W, l.Second.B))
	return between(t, gate, irr, reg), gate
}

// between is g x + (1-g) y; an element of g [..] stands for as many elements of x as
// there are more.
func between[F nn.Float](t *nn.Tape[F], g, x, y nn.Tensor[F]) nn.Tensor[F] {
	out := t.New(x.Rows, x.Cols, true)
	each := len(x.Value) / len(g.Value)
	for i, w := range g.Value {
		for j := i * each; j < (i+1)*each; j++ {
			out.Value[j] = F(w*x.Value[j]) + F((1-w)*y.Value[j]) // not fused: the bits are the same everywhere
		}
	}
	if t.Records() {
		t.Record(func() {
			for i, w := range g.Value {
				var sum F
				for j := i * each; j < (i+1)*each; j++ {
					d := out.Grad[j]
					sum += F(d * (x.Value[j] - y.Value[j]))
					if x.Grad != nil {
						x.Grad[j] += F(d * w)
					}
					if y.Grad != nil {
						y.Grad[j] += F(d * (1 - w))
					}
				}
				g.Grad[i] += sum
			}
		})
	}
	return out
}
