package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("gates", runGates[float64], runGates[float32])

// runGates is the scores of a router, its experts, and how near the choice was: the gap
// between the last score that is kept and the first that is not.
func runGates[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	n, s, k := c.Int("N"), c.Int("S"), c.Int("k")
	centres := b.params.Add("centres", s, c.InShape("x")[1])
	if err := b.begin(fusion.RouterLinks(b.params, "W", []nn.Param{centres}, s)); err != nil {
		return nil, err
	}
	x := b.leaf("x")
	scores := fusion.GateScores(b.tape, c.Text("gating"), x, centres)
	chosen := fusion.TopK(b.tape, scores, k)
	gates := chosen.Gates(b.tape, s)
	b.probe("probe", gates)
	b.backward()
	b.gradientOf("x", x)
	top, gap := make([]F, n*k), make([]F, n)
	for i, e := range chosen.Index {
		top[i] = F(e)
	}
	if k < s {
		more := fusion.TopK(b.tape, scores, k+1)
		for r := range n {
			last := more.Index[r*(k+1)+k-1:]
			gap[r] = scores.Row(r)[last[0]] - scores.Row(r)[last[1]]
		}
	}
	b.out["scores"], b.out["gates"], b.out["gates_lowest_index"] = scores.Value, gates.Value, gates.Value
	b.out["topk"], b.out["topk_lowest_index"], b.out["gap"] = top, top, gap
	b.out["topk_reference_run"] = nil // what the reference selected in a tie is not to be matched
	return b.out, nil
}

var (
	_ = register("moe", runMoE[float64], runMoE[float32])
	_ = register("moe_grad", runMoE[float64], runMoE[float32])
)

// moeConfig is the configuration of a case's mixture of experts, whose stack of experts
// has W_2 under a prefix.
func moeConfig(c *Case, prefix string) fusion.MoEConfig {
	second := c.WeightShape(prefix + "W_2")
	experts := second[0]
	if len(second) == 4 { // by modality and expert
		experts *= second[1]
	}
	return fusion.MoEConfig{
		Router: c.Text("router"), Gate: c.Text("gating"), Experts: experts, TopK: c.Int("k"),
		Hidden: second[len(second)-1], Mixture: c.Text("form") == "log",
	}
}

// runMoE is a mixture of experts with all of its routers, summed.
func runMoE[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	modalities, rows := c.Int("M"), c.Int("N")
	m, err := fusion.NewMoE(b.params, "", moeConfig(c, ""), modalities, c.InShape("x0")[1])
	if err != nil {
		return nil, err
	}
	if err := b.begin(fusion.MoELinks(b.params, "", m)); err != nil {
		return nil, err
	}
	x := make([]nn.Tensor[F], modalities)
	for i := range x {
		x[i] = b.leaf(fmt.Sprint("x", i))
	}
	var y nn.Tensor[F]
	for i := range m.Routers() {
		r := m.Route(b.tape, i, x, nil)
		one := m.Combine(b.tape, i, r, rows, nn.Dropping{})
		if i == 0 {
			y = one
		} else {
			y = b.tape.Add(y, one)
		}
		b.out["gates"] = append(b.out["gates"], r.Chosen.Gates(b.tape, m.PerRouter).Value...)
	}
	b.probe("probe", y)
	b.backward()
	for i := range x {
		b.gradientOf(fmt.Sprint("x", i), x[i])
	}
	b.out["y"] = y.Value
	return b.out, nil
}

var _ = register("losses", runLosses[float64], runLosses[float32])

// balanceCoefficient is the weight of the load-balance loss in the cases, as in the
// published code.
const balanceCoefficient = 0.01

// runLosses is the entropy loss, of probabilities or of routers, or the load-balance
// loss, by what the case wants.
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

// entropy is equation 3 of the paper over routers of mixture m, one for each modality.
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

// balance is the published load-balance loss, with all that it is made of.
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

var _ = register("fusion_layer", runLayer[float64], runLayer[float32])

// runLayer is one fusion layer on the tokens of one stay.
func runLayer[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	names, d := c.List("modalities"), c.Int("D")
	l, err := fusion.NewLayer(b.params, "", names, moeConfig(c, "moe."), c.Text("unit") == "stay", c.Int("T"), d, c.Int("heads"),
		c.WeightShape(names[0] + ".ffn.W_1")[0])
	if err != nil {
		return nil, err
	}
	if err := b.begin(fusion.LayerLinks(b.params, "", names, l)); err != nil {
		return nil, err
	}
	x := make([]nn.Tensor[F], len(names))
	for m, name := range names {
		x[m] = b.leaf("x." + name)
	}
	out, y, routed := l.Run(b.tape, x, 1)
	for m, name := range names {
		b.probe("probe."+name, out[m])
		b.out["out."+name] = out[m].Value
	}
	b.backward()
	for m, name := range names {
		b.gradientOf("x."+name, x[m])
	}
	for _, r := range routed {
		b.out["gates"] = append(b.out["gates"], r.Chosen.Gates(b.tape, l.MoE.PerRouter).Value...)
	}
	b.out["moe_y"] = y.Value
	return b.out, nil
}
