package parity

import (
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("gates", runGates[float64], runGates[float32])

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
