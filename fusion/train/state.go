package train

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// state is all that a run knows between two steps: from it the rest follows.
type state struct {
	progress
	weights []float32
	average []float32 // empty without a running average
	best    []float32 // the weights of the best epoch; empty without early stopping, and before the first
	adam    *nn.AdamW[float32]
}

// progress is the part of a state that is not weights.
type progress struct {
	Step      int     `json:"step"`     // steps done
	Sum       float64 `json:"sum"`      // of the losses of this epoch, each times its examples
	Norm      float64 `json:"norm"`     // sum of the gradient norms of this epoch
	Examples  int     `json:"examples"` // of this epoch so far
	Curve     []Point `json:"curve"`
	BestEpoch int     `json:"best_epoch"` // 0: none yet
	BestAUPRC float64 `json:"best_auprc"`
}

// Point is one epoch of the training curve.
type Point struct {
	Epoch      int         `json:"epoch"`
	Step       int         `json:"step"` // the last of the epoch
	Rate       float64     `json:"rate"` // of that step
	Loss       float64     `json:"loss"` // mean over the epoch's examples, while learning
	Norm       float64     `json:"gradient_norm"`
	Validation *Validation `json:"validation,omitempty"`
}

func newState(p *nn.Params[float32], s *Settings) *state {
	st := &state{weights: p.Values, adam: nn.NewAdamW[float32](len(p.Values), s.Decay)}
	st.adam.Beta1, st.adam.Beta2 = s.Beta1, s.Beta2
	if s.Average > 0 {
		st.average = slices.Clone(p.Values)
	}
	return st
}

// model is the weights that would be served now.
func (s *state) model() []float32 {
	if len(s.average) > 0 {
		return s.average
	}
	return s.weights
}

// endEpoch writes the epoch's point and says whether patience is at its end.
func (s *state) endEpoch(epoch int, rate float64, steps int, v *Validation, patience int) (stop bool) {
	s.Curve = append(s.Curve, Point{
		Epoch: epoch, Step: s.Step, Rate: rate, Loss: s.Sum / float64(s.Examples), Norm: s.Norm / float64(steps), Validation: v,
	})
	s.Sum, s.Norm, s.Examples = 0, 0, 0
	if v == nil || patience == 0 {
		return false
	}
	if s.BestEpoch == 0 || v.AUPRC > s.BestAUPRC {
		s.BestEpoch, s.BestAUPRC = epoch, v.AUPRC
		s.best = append(s.best[:0], s.model()...)
	}
	return epoch-s.BestEpoch >= patience
}

// stopped says the same of a state that was read back.
func (s *state) stopped(patience int) bool {
	return patience > 0 && s.BestEpoch > 0 && len(s.Curve)-s.BestEpoch >= patience
}

func sound(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
