package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var (
	_ = register("moe", runMoE[float64], runMoE[float32])
	_ = register("moe_grad", runMoE[float64], runMoE[float32])
)

// moeConfig of a case, the stack of whose experts has W_2 under a prefix.
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
