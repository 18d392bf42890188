package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("time_embedding", runTime[float64], runTime[float32])

func runTime[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	l := fusion.NewTimeEmbedding(b.params, c.Int("E"))
	if err := b.begin(fusion.EmbeddingLinks(b.params, l)); err != nil {
		return nil, err
	}
	tau := b.leaf("tau")
	y := l.At(b.tape, tau)
	b.probe("probe", y)
	b.backward()
	b.gradientOf("tau", tau)
	b.out["phi"] = y.Value
	for _, t := range []int{2, 4, 8, 24, 48} {
		b.out[fmt.Sprintf("ref_times_T%d", t)] = fusion.ReferenceTimes[F](fusion.Published, t)
	}
	return b.out, nil
}
