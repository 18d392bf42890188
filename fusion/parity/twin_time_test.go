package parity

import (
	"fmt"
	"math/rand/v2"
	"testing"

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
	for name, t := range c.Counts("ref_times_T") {
		r := queryTimes(t)
		v := make([]F, t)
		for j := range v {
			v[j] = F(r[j])
		}
		out[name] = v
	}
	return out, nil
}

// A case may ask for the reference times of any length.
func TestReferenceTimesOfAnyLength(t *testing.T) {
	c := &Case{Name: "times", Group: "time_embedding", Params: map[string]any{"E": 3.0}, in: map[string]Tensor{}, out: map[string]Tensor{}, ref: map[string]Tensor{}, weights: map[string]Tensor{}}
	v := invented{rand.New(rand.NewPCG(1, 3)), c}
	v.tau("tau", 5)
	v.weight("phi.w", 3)
	v.weight("phi.b", 3)
	c.f64, c.f32 = tolerance{abs: map[string]float64{"*": 1e-12}}, tolerance{abs: map[string]float64{"*": 1e-6}}
	for i, n := range []int{0, 1, 2, 3, 17, 48, 97, 1000} {
		times := make([]float64, n)
		for j := range times {
			if n > 1 {
				times[j] = float64(j) / float64(n-1)
			}
		}
		to := c.out
		if i%2 > 0 {
			to = c.ref
		}
		to[fmt.Sprint("ref_times_T", n)] = Tensor{Shape: []int{n}, Values: times}
	}
	for name, groups := range map[string]map[string]runner{"layers": groups, "twins": twins} {
		if r := walk([]*Case{c}, groups)[0]; !r.OK {
			t.Errorf("%s: %s", name, r.Err)
		}
	}
	c.out["ref_times_T2x"] = Tensor{Shape: []int{0}}
	if r := walk([]*Case{c}, groups)[0]; r.OK {
		t.Error("a length that is no number is computed")
	}
}
