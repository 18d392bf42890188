package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var _ = registerTwin("time_embedding", timeEmbedding[float64], timeEmbedding[float32])

// queryTimes are the T reference times j/(T-1), in float64 until a value is asked
// for: the sine of a large argument needs them so.
func queryTimes(t int) []float64 {
	r := make([]float64, t)
	for j := range r {
		r[j] = float64(j) / float64(max(1, t-1))
	}
	return r
}

// embedTimes is [L][E], the embedding of each time.
func embedTimes[F nn.Float](tau []float64, w, b []F) []F {
	e := len(w)
	out := make([]F, len(tau)*e)
	for i, t := range tau {
		nn.TimeEmbedding(out[i*e:i*e+e], t, w, b)
	}
	return out
}

func timeEmbedding[F nn.Float](c *Case) (Outputs[F], error) {
	out := Outputs[F]{"phi": embedTimes(In[float64](c, "tau"), Weight[F](c, "phi.w"), Weight[F](c, "phi.b"))}
	for _, t := range []int{2, 4, 8, 24, 48} {
		r := queryTimes(t)
		v := make([]F, t)
		for j := range v {
			v[j] = F(r[j])
		}
		out[fmt.Sprintf("ref_times_T%d", t)] = v
	}
	return out, nil
}
