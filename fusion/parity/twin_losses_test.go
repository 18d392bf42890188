package parity

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var _ = registerTwin("losses", losses[float64], losses[float32])

func losses[F nn.Float](c *Case) (Outputs[F], error) {
	if c.InShape("p_direct") != nil {
		m, n, s := c.Int("M"), c.Int("N"), c.Int("S")
		_, e := entropyLoss(In[F](c, "p_direct"), m, n, s)
		return Outputs[F]{"entropy_exact": {e}}, nil
	}
	n := c.Int("N")
	x := make([][]F, c.Int("M"))
	for m := range x {
		x[m] = In[F](c, fmt.Sprint("x", m))
	}
	if c.Wants("entropy") {
		return entropyCase(c, x, n)
	}
	if c.Text("router") == "joint" {
		x = [][]F{joinRows(x, n)}
	}
	s, k := c.Int("S_r"), c.Int("k")
	w := In[F](c, "W")
	noisy := c.InShape("eps") != nil
	out := Outputs[F]{}
	var balance float64
	for m, rows := range x {
		in := len(rows) / n
		r, err := route(c.Text("gating"), rows, w[m*in*s:(m+1)*in*s], n, s, k)
		if err != nil {
			return nil, err
		}
		load := make([]F, s)
		if noisy {
			sigma := noiseSigma(rows, In[F](c, "N")[m*in*s:(m+1)*in*s], n, s)
			r.gates = noisyGates(r.scores, sigma, In[F](c, "eps")[m*n*s:(m+1)*n*s], n, s, k, load)
			out["sigma"] = append(out["sigma"], sigma...)
		}
		importance := make([]F, s)
		for i, g := range r.gates {
			importance[i%s] += g
			if !noisy && g > 0 {
				load[i%s]++
			}
		}
		a, b := variation(importance), variation(load)
		balance += balanceCoefficient * (a + b)
		out["scores"] = append(out["scores"], r.scores...)
		out["gates"] = append(out["gates"], r.gates...)
		out["importance"] = append(out["importance"], importance...)
		out["load"] = append(out["load"], load...)
		out["cv2_importance"] = append(out["cv2_importance"], F(a))
		out["cv2_load"] = append(out["cv2_load"], F(b))
	}
	out["balance"] = []F{F(balance)}
	return out, nil
}

// noiseSigma is softplus(x N) + 0.01, [n][S].
func noiseSigma[F nn.Float](x, noise []F, n, s int) []F {
	in := len(x) / n
	sigma := make([]F, n*s)
	for b := range n {
		for i := range s {
			var sum float64
			for j, v := range x[b*in : b*in+in] {
				sum += float64(v) * float64(noise[j*s+i])
			}
			sigma[b*s+i] = F(math.Max(sum, 0) + math.Log1p(math.Exp(-math.Abs(sum))) + 0.01)
		}
	}
	return sigma
}

// noisyGates routes by the scores with their noise and adds the smooth load: the
// probability that each expert would be kept under another draw.
func noisyGates[F nn.Float](scores, sigma, eps []F, n, s, k int, load []F) []F {
	gates := make([]F, n*s)
	noisy := make([]F, s)
	for b := range n {
		for i := range s {
			noisy[i] = scores[b*s+i] + eps[b*s+i]*sigma[b*s+i]
		}
		top := make([]int, k)
		keep(gates[b*s:b*s+s], top, noisy)
		if k == s { // nobody can be left out: the load is a count
			for i := range s {
				load[i]++
			}
			continue
		}
		order, share := make([]int, k+1), make([]F, k+1)
		nn.TopK(order, share, noisy)
		for i := range s {
			threshold := noisy[order[k-1]]
			if slices.Contains(top, i) {
				threshold = noisy[order[k]]
			}
			z := float64(scores[b*s+i]-threshold) / float64(sigma[b*s+i])
			load[i] += F(0.5 * math.Erfc(-z/math.Sqrt2))
		}
	}
	return gates
}

// variation is the squared coefficient of variation: unbiased variance over the
// squared mean plus 1e-10.
func variation[F nn.Float](v []F) float64 {
	var mean, sum float64
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(len(v))
	for _, x := range v {
		d := float64(x) - mean
		sum += d * d
	}
	return sum / float64(len(v)-1) / (mean*mean + 1e-10)
}

func entropyCase[F nn.Float](c *Case, x [][]F, n int) (Outputs[F], error) {
	s, w := c.Int("S"), In[F](c, "W")
	out := Outputs[F]{}
	for m, rows := range x {
		in := len(rows) / n
		r, err := route(c.Text("gating"), rows, w[m*in*s:(m+1)*in*s], n, s, s)
		if err != nil {
			return nil, err
		}
		out["scores"] = append(out["scores"], r.scores...)
		out["p"] = append(out["p"], r.gates...) // all experts kept: the full softmax
	}
	means, e := entropyLoss(out["p"], len(x), n, s)
	out["p_mean"], out["entropy"] = means, []F{e}
	return out, nil
}

// entropyLoss is equation 3 of the paper over p [m][n][S]: the mean over modalities
// of the entropy of their mean expert choice, less the entropy of the mean over
// modalities. means is [m][S].
func entropyLoss[F nn.Float](p []F, m, n, s int) (means []F, loss F) {
	means = make([]F, m*s)
	all := make([]float64, s)
	var each float64
	for k := range m {
		row := make([]float64, s)
		for i := range s {
			for b := range n {
				row[i] += float64(p[(k*n+b)*s+i]) / float64(n)
			}
			means[k*s+i] = F(row[i])
			all[i] += row[i] / float64(m)
		}
		each += entropy(row) / float64(m)
	}
	return means, F(each - entropy(all))
}

// entropy in nats; 0 ln 0 is 0.
func entropy(p []float64) (h float64) {
	for _, v := range p {
		if v > 0 {
			h -= v * math.Log(v)
		}
	}
	return h
}
