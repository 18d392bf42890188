package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var (
	_ = registerTwin("mtand", mtand[float64], mtand[float32])
	_ = registerTwin("mtand_grad", mtand[float64], mtand[float32])
)

// attentionWeights of one modality: the shared embedding W, B [E], the projections
// WQ, WK [E][E], BQ, BK [E] and WO [D][H*d], BO [D].
type attentionWeights[F nn.Float] struct {
	W, B, WQ, BQ, WK, BK, WO, BO []F
	Heads                        int
}

// attentionWeightsOf reads the projections under prefix, which may be "".
func attentionWeightsOf[F nn.Float](c *Case, prefix string, heads int) attentionWeights[F] {
	return attentionWeights[F]{
		W: Weight[F](c, "phi.w"), B: Weight[F](c, "phi.b"),
		WQ: Weight[F](c, prefix+"W_Q"), BQ: Weight[F](c, prefix+"b_Q"),
		WK: Weight[F](c, prefix+"W_K"), BK: Weight[F](c, prefix+"b_K"),
		WO: Weight[F](c, prefix+"W_O"), BO: Weight[F](c, prefix+"b_O"),
		Heads: heads,
	}
}

// timeAttention is mTAND in its closed form, from values x [L][d] at the times tau
// [L] under a mask [L][d] to t reference times: z [t][D], with the scores
// [H][t][L] and the heads' outputs o [t][H*d] on the way.
func timeAttention[F nn.Float](a attentionWeights[F], t int, tau []float64, x, mask []F) (z, scores, o []F) {
	e, l := len(a.W), len(tau)
	d := len(x) / l
	q, k := make([]F, t*e), make([]F, l*e)
	nn.LinearRows(q, a.WQ, embedTimes(queryTimes(t), a.W, a.B), a.BQ, t)
	nn.LinearRows(k, a.WK, embedTimes(tau, a.W, a.B), a.BK, l)
	scores = make([]F, a.Heads*t*l)
	attentionScores(scores, q, k, a.Heads, e)
	o = make([]F, t*a.Heads*d)
	for j := range t {
		for h := range a.Heads {
			at := (j*a.Heads + h) * d
			maskedAverage(o[at:at+d], scores[(h*t+j)*l:(h*t+j)*l+l], x, mask)
		}
	}
	z = make([]F, t*len(a.BO))
	nn.LinearRows(z, a.WO, o, a.BO, t)
	return z, scores, o
}

// valuesAndMask is [x|m] and [m|m], both [L][2C].
func valuesAndMask[F nn.Float](x, m []F, channels int) (values, mask []F) {
	for i := 0; i < len(x); i += channels {
		values = append(append(values, x[i:i+channels]...), m[i:i+channels]...)
		mask = append(append(mask, m[i:i+channels]...), m[i:i+channels]...)
	}
	return values, mask
}

// spreadMask is a row mask [L] as a mask [L][d].
func spreadMask[F nn.Float](rows []F, d int) []F {
	mask := make([]F, 0, len(rows)*d)
	for _, m := range rows {
		for range d {
			mask = append(mask, m)
		}
	}
	return mask
}

func mtand[F nn.Float](c *Case) (Outputs[F], error) {
	shape := c.InShape("X")
	if len(shape) != 2 || shape[0] < 1 || shape[1] < 1 {
		return nil, fmt.Errorf("in/X has shape %v, want [L][d]", shape)
	}
	x, mask := In[F](c, "X"), In[F](c, "mask")
	if len(c.InShape("mask")) == 2 {
		x, mask = valuesAndMask(x, mask, shape[1])
	} else {
		mask = spreadMask(mask, shape[1])
	}
	z, scores, o := timeAttention(attentionWeightsOf[F](c, "", c.Int("H")), c.Int("T"), In[float64](c, "tau"), x, mask)
	return Outputs[F]{"Z": z, "scores": scores, "o": o}, nil
}
