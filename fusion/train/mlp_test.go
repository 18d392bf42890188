package train

import (
	"context"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion/score"
)

// rings is a problem whose answer is known: points of the plane, positive within the
// ring between 0.8 and 1.6 of the centre, with dropout so that chance has a part in it.
type rings struct {
	params         nn.Params[float32]
	w1, b1, w2, b2 nn.Param
	x              [][2]float32
	y              []bool
	held           int // the last ones are for validation
	poison         int // an example whose value is NaN; -1: none
	broken         error
}

const ringUnits = 16

func newRings(examples, held int, seed uint64) *rings {
	r := &rings{held: held, poison: -1}
	r.w1, r.b1 = r.params.Add("w1", ringUnits, 2), r.params.Add("b1", ringUnits)
	r.w2, r.b2 = r.params.Add("w2", 1, ringUnits), r.params.Add("b2", 1)
	d := nn.Draw{Seed: seed}
	for i := range r.params.Values {
		r.params.Values[i] = float32(d.Normal(0, 0, uint64(i)))
	}
	for i := range uint64(examples + held) {
		x := [2]float32{float32(d.Normal(1, i, 0)), float32(d.Normal(1, i, 1))}
		radius := math.Hypot(float64(x[0]), float64(x[1]))
		r.x, r.y = append(r.x, x), append(r.y, radius > 0.8 && radius < 1.6)
	}
	return r
}

func (r *rings) Params() *nn.Params[float32] { return &r.params }
func (r *rings) Examples() int               { return len(r.x) - r.held }

func (r *rings) logits(t *nn.Tape[float32], examples []int, s *Shard) nn.Tensor[float32] {
	x := t.Floats(2 * len(examples))
	for i, e := range examples {
		x[2*i], x[2*i+1] = r.x[e][0], r.x[e][1]
		if e == r.poison {
			x[2*i] = float32(math.NaN())
		}
	}
	h := t.ReLU(t.Linear(t.Input(len(examples), 2, x), r.w1, r.b1))
	if s != nil {
		h = t.Dropout(h, 1, nn.Dropping{Draw: s.Draw, Stream: 1, First: uint64(s.From), Rate: 0.1})
	}
	return t.Linear(h, r.w2, r.b2)
}

func (r *rings) Loss(t *nn.Tape[float32], s Shard) nn.Tensor[float32] {
	examples := s.Examples()
	y, w := t.Floats(len(examples)), t.Floats(len(examples))
	for i, e := range examples {
		y[i], w[i] = 0, 1/float32(len(s.Batch))
		if r.y[e] {
			y[i] = 1
		}
	}
	return t.BCE(r.logits(t, examples, &s), y, w)
}

func (r *rings) Validate(_ context.Context, p *nn.Params[float32]) (*Validation, error) {
	if r.held == 0 || r.broken != nil {
		return nil, r.broken
	}
	examples := make([]int, r.held)
	for i := range examples {
		examples[i] = r.Examples() + i
	}
	logits := r.logits(nn.NewTape(p, false), examples, nil)
	predicted := make([]float64, r.held)
	for i, v := range logits.Value {
		predicted[i] = float64(nn.Sigmoid(v))
	}
	truth := r.y[r.Examples():]
	return &Validation{AUROC: score.AUROC(predicted, truth), AUPRC: score.AveragePrecision(predicted, truth)}, nil
}

// quick settings for the rings.
func quick() Settings {
	s := Default()
	s.Epochs, s.Batch, s.Warmup, s.Rate, s.Decay, s.Average = 12, 25, 10, 0.03, 0.001, 0.9
	return s
}
