package fusion

import "github.com/vigil-icu/vigil/encoders/nn"

// Head turns the joined vectors h of the modalities into logits: W_out(W_b relu(W_a h) +
// h) (section 6.10 of the published network's specification).
type Head struct{ A, B, Out Dense }

// NewHead adds the parameters.
func NewHead[F nn.Float](p *nn.Params[F], width, outputs int) Head {
	return Head{NewDense(p, "head.a", width, width), NewDense(p, "head.b", width, width), NewDense(p, "head.out", outputs, width)}
}

// headLogits is [stays][outputs] from h [stays][width]; before drops h, hidden the
// hidden units.
func headLogits[F nn.Float](t *nn.Tape[F], l Head, h nn.Tensor[F], before, hidden nn.Dropping) nn.Tensor[F] {
	h = t.Dropout(h, 1, before)
	a := t.Dropout(t.ReLU(t.Linear(h, l.A.W, l.A.B)), 1, hidden)
	return t.Linear(t.Add(h, t.Linear(a, l.B.W, l.B.B)), l.Out.W, l.Out.B)
}
