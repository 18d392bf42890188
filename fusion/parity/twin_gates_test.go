package parity

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var _ = registerTwin("gates", gates[float64], gates[float32])

// routerScores sets out [S] to the scores of one row x [in] under the router w
// [in][S], which has one column per expert (section 6.6). All columns are computed
// in the same order, so that equal columns score equal.
func routerScores[F nn.Float](out []F, gating string, x, w []F) error {
	s := len(out)
	for i := range out {
		var sum float64
		for j, v := range x {
			c := w[j*s+i]
			if gating == "softmax" {
				sum += float64(v) * float64(c)
			} else {
				d := float64(v) - float64(c)
				sum += d * d
			}
		}
		switch gating {
		case "softmax":
			out[i] = F(sum)
		case "laplace":
			out[i] = F(-math.Sqrt(sum))
		case "gaussian":
			out[i] = F(-sum)
		default:
			return fmt.Errorf("gating %q, want softmax, laplace or gaussian", gating)
		}
	}
	return nil
}

// routed are the scores and gate weights of n rows under one router: scores and
// gates [n][S], top [n][k].
type routed[F nn.Float] struct {
	scores, gates []F
	top           []int
}

func route[F nn.Float](gating string, x, w []F, n, s, k int) (r routed[F], err error) {
	in := len(x) / n
	r = routed[F]{make([]F, n*s), make([]F, n*s), make([]int, n*k)}
	for b := range n {
		if err := routerScores(r.scores[b*s:b*s+s], gating, x[b*in:b*in+in], w); err != nil {
			return r, err
		}
		keep(r.gates[b*s:b*s+s], r.top[b*k:b*k+k], r.scores[b*s:b*s+s])
	}
	return r, nil
}

// keep spreads the softmax over the k largest scores into gates [S], 0 elsewhere.
func keep[F nn.Float](gates []F, top []int, scores []F) {
	share := make([]F, len(top))
	nn.TopK(top, share, scores)
	for i, e := range top {
		gates[e] = share[i]
	}
}

func gates[F nn.Float](c *Case) (Outputs[F], error) {
	n, s, k := c.Int("N"), c.Int("S"), c.Int("k")
	r, err := route(c.Text("gating"), In[F](c, "x"), In[F](c, "W"), n, s, k)
	if err != nil {
		return nil, err
	}
	gap := make([]F, n)
	top := make([]F, n*k)
	for b := range n {
		for i := range k {
			top[b*k+i] = F(r.top[b*k+i])
		}
		if k < s {
			index, share := make([]int, k+1), make([]F, k+1)
			nn.TopK(index, share, r.scores[b*s:b*s+s])
			gap[b] = r.scores[b*s+index[k-1]] - r.scores[b*s+index[k]]
		}
	}
	// What the reference selected in a tie is not to be matched.
	return Outputs[F]{"scores": r.scores, "gates": r.gates, "gap": gap, "topk": top,
		"topk_lowest_index": top, "gates_lowest_index": r.gates, "topk_reference_run": nil}, nil
}
