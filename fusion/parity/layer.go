package parity

import (
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("fusion_layer", runLayer[float64], runLayer[float32])

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
