package parity

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var (
	_ = registerTwin("moe", moe[float64], moe[float32])
	_ = registerTwin("moe_grad", moe[float64], moe[float32])
)

// expertWeights of one MoE layer: Router [R][in][S_r], W1 [..][h][in], B1 [..][h],
// W2 [..][out][h], B2 [..][out]; the experts stacked over all routers.
type expertWeights[F nn.Float] struct {
	Router, W1, B1, W2, B2 []F
	Routers                int // R
	Experts                int // S_r, a router's
	Hidden, Out            int
}

func expertWeightsOf[F nn.Float](c *Case, prefix string) expertWeights[F] {
	w := expertWeights[F]{W1: Weight[F](c, prefix+"W_1"), B1: Weight[F](c, prefix+"b_1"), W2: Weight[F](c, prefix+"W_2"), B2: Weight[F](c, prefix+"b_2")}
	shape := c.InShape("router.W") // the cases of one seed share their experts
	if shape != nil {
		w.Router = In[F](c, "router.W")
	} else {
		shape = c.WeightShape(prefix + "router.W")
		w.Router = Weight[F](c, prefix+"router.W")
	}
	w.Routers, w.Experts = shape[0], shape[2]
	second := c.WeightShape(prefix + "W_2")
	w.Out, w.Hidden = second[len(second)-2], second[len(second)-1]
	return w
}

// mixture is the MoE of the paper over rows of every modality x[m] [n][width]
// (section 6.7): y [n][out], gates [R][n][S_r].
func mixture[F nn.Float](w expertWeights[F], router, gating, form string, k int, x [][]F, n int) (y, gates []F, err error) {
	inputs := x
	switch router {
	case "joint":
		inputs = [][]F{joinRows(x, n)}
	case "permod", "disjoint":
	default:
		return nil, nil, fmt.Errorf("router %q, want joint, permod or disjoint", router)
	}
	if len(inputs) != w.Routers {
		return nil, nil, fmt.Errorf("%d routers for %d inputs", w.Routers, len(inputs))
	}
	y = make([]F, n*w.Out)
	for m, rows := range inputs {
		in := len(rows) / n
		r, err := route(gating, rows, w.Router[m*in*w.Experts:(m+1)*in*w.Experts], n, w.Experts, k)
		if err != nil {
			return nil, nil, err
		}
		gates = append(gates, r.gates...)
		first := 0
		if router == "disjoint" {
			first = m * w.Experts
		}
		for b := range n {
			w.combine(y[b*w.Out:(b+1)*w.Out], rows[b*in:b*in+in], r.gates[b*w.Experts:(b+1)*w.Experts], r.top[b*k:b*k+k], first, form)
		}
	}
	return y, gates, nil
}

// joinRows sets the modalities beside each other, row by row.
func joinRows[F nn.Float](x [][]F, n int) (joined []F) {
	for b := range n {
		for _, rows := range x {
			w := len(rows) / n
			joined = append(joined, rows[b*w:b*w+w]...)
		}
	}
	return joined
}

// leastLog is what the published code puts in place of an exact 0 inside the log.
const leastLog = 2.220446049250313e-16

// combine adds what the chosen experts say of one row to y [out]: the weighted sum
// of plain FFN outputs, or, in the published form, the log of the weighted sum of
// their softmax.
func (w *expertWeights[F]) combine(y, x, gates []F, top []int, first int, form string) {
	in := len(x)
	hidden, out, sum := make([]F, w.Hidden), make([]F, w.Out), make([]F, w.Out)
	for _, e := range top {
		at := first + e
		nn.Linear(hidden, w.W1[at*w.Hidden*in:(at+1)*w.Hidden*in], x, w.B1[at*w.Hidden:(at+1)*w.Hidden])
		nn.GELU(hidden)
		nn.Linear(out, w.W2[at*w.Out*w.Hidden:(at+1)*w.Out*w.Hidden], hidden, w.B2[at*w.Out:(at+1)*w.Out])
		if form == "log" {
			nn.Softmax(out)
		}
		for i, v := range out {
			sum[i] += gates[e] * v
		}
	}
	for i, v := range sum {
		if form == "log" {
			if v == 0 {
				v = leastLog
			}
			v = F(math.Log(float64(v)))
		}
		y[i] += v
	}
}

func moe[F nn.Float](c *Case) (Outputs[F], error) {
	x := make([][]F, c.Int("M"))
	for m := range x {
		x[m] = In[F](c, fmt.Sprint("x", m))
	}
	y, gates, err := mixture(expertWeightsOf[F](c, ""), c.Text("router"), c.Text("gating"), c.Text("form"), c.Int("k"), x, c.Int("N"))
	return Outputs[F]{"y": y, "gates": gates}, err
}
