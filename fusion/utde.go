package fusion

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// The modes of the UTDE gate: one gate for a stay, for a reference point, or for every
// feature of it. The words are those of the published code.
const (
	GateStay    = "batch"
	GatePoint   = "batch_seq"
	GateFeature = "batch_seq_feature"
)

// UTDE is the unified temporal discretisation embedding (Zhang et al. 2023, and appendix
// E.2 of the paper). It mixes the irregular branch with the regular one: g = sigmoid(W2
// relu(W1 u)), out = g irr + (1-g) reg. For a gate per stay u is the maximum of both
// branches over time, else both branches at the point.
type UTDE[F nn.Float] struct {
	Mode          string
	First, Second Dense
}

// NewUTDE adds the parameters of a gate under a prefix; d is the width of both branches.
// An unknown mode is an error.
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

// Mix is [stays*T][D] from both branches of that size, and the gate, which is [stays][1],
// [stays*T][1] or [stays*T][D] by its mode. drop drops elements of the gate's input u.
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

// between is g x + (1-g) y. An element of g stands for as many elements of x and y, side
// by side, as there are more of them.
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

// lastColumns is how many columns the last-observation branch has for a channel.
const lastColumns = 6

// LastObservation fills dst [points][6*C] for the channels `members` of a series, C of
// them: the last value carried forward, z, relu(z-1) and relu(-z-1), exp(-age/3) and
// exp(-age/12) with the age in points, which are hours, and 1 where the channel was
// observed in this hour. All are 0 until it was first observed. A column stands for all
// members, then comes the next.
func LastObservation(dst []float32, s *encoders.Series, members []int, points int) {
	clear(dst)
	n := len(members)
	carry(s, members, points, func(j, i, age int, z float32) {
		row := dst[j*lastColumns*n:]
		row[i], row[n+i], row[2*n+i] = z, max(z-1, 0), max(-z-1, 0)
		row[3*n+i], row[4*n+i] = decays[0][min(age, longest)], decays[1][min(age, longest)]
		if age == 0 {
			row[5*n+i] = 1
		}
	})
}

// CarryForward fills dst [points][2*C] for the channels `members`: the last value of the
// hour, else that of the hour before, 0 until there was one; behind them 1 where the
// channel was observed in this hour. It is the regular branch as the paper describes it,
// without the quirks of its code, in which an hour without events breaks the chain.
func CarryForward(dst []float32, s *encoders.Series, members []int, points int) {
	clear(dst)
	n := len(members)
	carry(s, members, points, func(j, i, age int, z float32) {
		dst[j*2*n+i] = z
		if age == 0 {
			dst[j*2*n+n+i] = 1
		}
	})
}

// carry calls set for every reference point j and member i from its first observation
// on, with the age of the last one in points and its value.
func carry(s *encoders.Series, members []int, points int, set func(j, i, age int, z float32)) {
	wide := s.Cells / points
	for i, ch := range members {
		age, z := -1, float32(0)
		for j := range points {
			if age >= 0 {
				age++
			}
			for at := ch*s.Cells + j*wide; at < ch*s.Cells+(j+1)*wide; at++ {
				if s.Count[at] > 0 {
					age, z = 0, s.Last[at]
				}
			}
			if age >= 0 {
				set(j, i, age, z)
			}
		}
	}
}

// longest is the greatest age that is told from longer ones: exp(-longest/12) is 6e-10.
const longest = 255

// decays are exp(-age/3) and exp(-age/12) for every age up to longest.
var decays = func() (d [2][longest + 1]float32) {
	for age := range longest + 1 {
		d[0][age], d[1][age] = float32(math.Exp(-float64(age)/3)), float32(math.Exp(-float64(age)/12))
	}
	return d
}()
