package train_test

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion/train"
)

// line is y = a x + b on four points.
type line struct {
	params nn.Params[float32]
	a, b   nn.Param
}

func (l *line) Params() *nn.Params[float32] { return &l.params }
func (l *line) Examples() int               { return 4 }

func (l *line) Loss(t *nn.Tape[float32], s train.Shard) nn.Tensor[float32] {
	n := len(s.Examples())
	x, y, w := t.Floats(n), t.Floats(n), t.Floats(n)
	for i, e := range s.Examples() {
		x[i], y[i], w[i] = float32(e), 3*float32(e)+2, 1/float32(len(s.Batch))
	}
	return t.SquaredError(t.Linear(t.Input(n, 1, x), l.a, l.b), y, w)
}

func (l *line) Validate(context.Context, *nn.Params[float32]) (*train.Validation, error) {
	return nil, nil
}

func Example() {
	l := new(line)
	l.a, l.b = l.params.Add("a", 1, 1), l.params.Add("b", 1)
	s := train.Default()
	s.Epochs, s.Batch, s.Rate, s.Decay, s.Clip = 400, 2, 0.1, 0, 0
	r, err := (&train.Loop{Problem: l, Settings: s, Seed: 1, Threads: 2}).Run(context.Background())
	fmt.Printf("%.1f %v\n", r.Weights, err)
	// Output: [3.0 2.0] <nil>
}
