package fusion

import (
	"math"
	"strings"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Init draws the weights from a seed, each parameter by its place in the list.
//
// Gates of UTDE, self-attention, feed-forward networks and the second matrix of a now
// token are Xavier-uniform, the outputs of attention and feed-forward networks half of
// that, with biases of 0. Experts are normal with variance 2/(in+out), the second matrix
// half of that, biases 0; their centres are standard normal, for a softmax gate over
// sqrt(in); weights of the router's noise are 0. Other dense layers and the time
// embedding are uniform within 1/sqrt(in), biases too. The output layer is 0.3 of that,
// its bias the task's. Positions are normal with 0.02, types and missing embeddings with
// 0.1.
func (n *Network[F]) Init(seed uint64) {
	draw := nn.Draw{Seed: seed}
	for i, name := range n.params.Names {
		values, shape := n.params.Of(nn.Param(i)), n.params.Shapes[i]
		law := n.law(name, shape)
		row := draw.Row(uint64(i), 0)
		for j := range values {
			x := law.fixed
			switch {
			case law.uniform > 0:
				x = law.uniform * (float64(2*row.Uniform(uint64(j))) - 1)
			case law.normal > 0:
				x = law.normal * row.Normal(uint64(j))
			}
			values[j] = F(x)
		}
	}
	for k, task := range n.Config.Tasks {
		n.params.Of(n.head.Out.B)[k] = F(task.Bias)
	}
}

// law of a parameter: uniform within +-uniform, normal with that deviation, or fixed.
type law struct{ uniform, normal, fixed float64 }

func (n *Network[F]) law(name string, shape []int) law {
	first, last := float64(shape[0]), float64(shape[len(shape)-1])
	layer, at := strings.CutPrefix(name, "layer")
	suffix := layer[strings.LastIndexByte(layer, '.')+1:]
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.HasSuffix(name, part) {
				return true
			}
		}
		return false
	}
	xavier := math.Sqrt(6 / (first + last))
	switch {
	case suffix == "gain":
		return law{fixed: 1}
	case suffix == "bias" && !strings.HasSuffix(name, "attention.bias"):
		return law{}
	case name == "positions":
		return law{normal: 0.02}
	case suffix == "type" || suffix == "missing" || suffix == "states":
		return law{normal: 0.1}
	case strings.HasPrefix(name, "time."):
		return law{uniform: 1}
	case suffix == "centres" && n.Config.Gate == Softmax:
		return law{normal: 1 / math.Sqrt(last)}
	case suffix == "centres":
		return law{normal: 1}
	case suffix == "noise":
		return law{}
	case has("experts.w1", "experts.w2"):
		deviation := math.Sqrt(2 / (last + float64(shape[1])))
		if suffix == "w2" {
			deviation /= 2
		}
		return law{normal: deviation}
	case has("experts.b1", "experts.b2"):
		return law{}
	case at && has("out.w", "ffn2.w"):
		return law{uniform: xavier / 2}
	case at && has("keyvalue.w"):
		return law{uniform: math.Sqrt(6 / (2 * last))}
	case at && suffix == "w", has("utde.first.w", "utde.second.w", "now2.w"):
		return law{uniform: xavier}
	case at, has("utde.first.b", "utde.second.b", "now2.b"):
		return law{}
	case name == "head.out.w":
		return law{uniform: 0.3 / math.Sqrt(last)}
	case suffix == "b" || suffix == "bias": // of the fan-in of its weights, which stand before it
		return law{uniform: 1 / math.Sqrt(n.fanIn(name))}
	}
	return law{uniform: 1 / math.Sqrt(last)}
}

// fanIn is the width of the weights that a bias belongs to.
func (n *Network[F]) fanIn(bias string) float64 {
	weights := strings.TrimSuffix(bias, "b")
	if strings.HasSuffix(bias, "attention.bias") {
		weights = strings.TrimSuffix(bias, "bias") + "out."
	}
	i, ok := n.params.Named(weights + "w")
	if !ok {
		panic("fusion: Init: no weights for " + bias)
	}
	shape := n.params.Shapes[i]
	return float64(shape[len(shape)-1])
}
