package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("losses", runLosses[float64], runLosses[float32])

// balanceCoefficient of the load-balance loss in the cases (section 6.9).
const balanceCoefficient = 0.01

func runLosses[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	if c.InShape("p_direct") != nil {
		if err := b.begin(); err != nil {
			return nil, err
		}
		p, n, s := In[F](c, "p_direct"), c.Int("N"), c.Int("S")
		each := make([]nn.Tensor[F], c.Int("M"))
		for m := range each {
			each[m] = b.tape.Input(n, s, p[m*n*s:(m+1)*n*s])
		}
		e, _ := fusion.EntropyLoss(b.tape, each)
		b.out["entropy_exact"] = e.Value
		return b.out, nil
	}
	shape := c.InShape("W") // [R][in][S_r]
	k := shape[2]
	if !c.Wants("entropy") {
		k = c.Int("k")
	}
	m := fusion.MoE[F]{Router: c.Text("router"), Gate: c.Text("gating"), TopK: k, PerRouter: shape[2]}
	for r := range shape[0] {
		m.Centres = append(m.Centres, b.params.Add(fmt.Sprint("centres", r), shape[2], shape[1]))
		m.NoiseWeights = append(m.NoiseWeights, b.params.Add(fmt.Sprint("noise", r), shape[2], shape[1]))
	}
	links := fusion.RouterLinks(b.params, "W", m.Centres, shape[2])
	if c.InShape("eps") != nil {
		links = append(links, fusion.RouterLinks(b.params, "N", m.NoiseWeights, shape[2])...)
	}
	if err := b.begin(links); err != nil {
		return nil, err
	}
	x := make([]nn.Tensor[F], c.Int("M"))
	for i := range x {
		x[i] = b.leaf(fmt.Sprint("x", i))
	}
	if c.Wants("entropy") {
		b.entropy(m, x)
	} else {
		b.balance(m, x)
	}
	for i := range x {
		b.gradientOf(fmt.Sprint("x", i), x[i])
	}
	return b.out, nil
}

func (b *bench[F]) entropy(m fusion.MoE[F], x []nn.Tensor[F]) {
	p := make([]nn.Tensor[F], len(x))
	for i := range x {
		r := m.Route(b.tape, i, x, nil)
		p[i] = b.tape.Softmax(r.Scores)
		b.out["scores"] = append(b.out["scores"], r.Scores.Value...)
		b.out["p"] = append(b.out["p"], p[i].Value...)
	}
	e, means := fusion.EntropyLoss(b.tape, p)
	for _, q := range means {
		b.out["p_mean"] = append(b.out["p_mean"], q.Value...)
	}
	b.out["entropy"] = e.Value
	b.gradients(e)
}

func (b *bench[F]) balance(m fusion.MoE[F], x []nn.Tensor[F]) {
	t, n := b.tape, x[0].Rows
	var loss nn.Tensor[F]
	for i := range m.Routers() {
		var eps []F
		if b.c.InShape("eps") != nil {
			eps = In[F](b.c, "eps")[i*n*m.PerRouter : (i+1)*n*m.PerRouter]
		}
		r := m.Route(t, i, x, eps)
		importance, load := fusion.ColumnSums(t, r.Chosen.Gates(t, m.PerRouter)), r.Load(t)
		one := r.PublishedBalance(t)
		if i == 0 {
			loss = one
		} else {
			loss = t.Add(loss, one)
		}
		add := func(name string, v []F) { b.out[name] = append(b.out[name], v...) }
		add("scores", r.Scores.Value)
		add("sigma", r.Scale.Value)
		add("gates", r.Chosen.Gates(t, m.PerRouter).Value)
		add("importance", importance.Value)
		add("load", load.Value)
		add("cv2_importance", fusion.Variation(t, importance).Value)
		add("cv2_load", fusion.Variation(t, load).Value)
	}
	loss = t.Scale(balanceCoefficient, loss)
	b.out["balance"] = loss.Value
	b.gradients(loss)
}
