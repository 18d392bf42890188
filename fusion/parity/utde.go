package parity

import (
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("utde", runUTDE[float64], runUTDE[float32])

func runUTDE[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	d := c.Int("D")
	regular := fusion.NewProjection(b.params, "regular", d, c.WeightShape("W_reg")[1])
	l, err := fusion.NewUTDE(b.params, "", c.Text("mode"), d)
	if err != nil {
		return nil, err
	}
	if err := b.begin(fusion.UTDELinks(b.params, "", l, regular)); err != nil {
		return nil, err
	}
	r, irr := b.leaf("R"), b.leaf("E_irr")
	reg := b.tape.Linear(r, regular.W, regular.B)
	mixed, gate := l.Mix(b.tape, irr, reg, c.Int("T"), nn.Dropping{})
	b.probe("probe", mixed)
	b.backward()
	b.gradientOf("R", r)
	b.gradientOf("E_irr", irr)
	b.out["E_reg"], b.out["g"], b.out["E"] = reg.Value, gate.Value, mixed.Value
	return b.out, nil
}
