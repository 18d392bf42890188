package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// EntropyLoss is equation 3 of the paper over the full softmax of every modality's
// router, p[m] [N][S]: the mean over modalities of the entropy of their mean choice of
// experts, less the entropy of the mean over modalities. It is minus the mutual
// information of modality and expert: from -ln min(M, S), where each modality keeps to
// experts of its own, to 0, where all choose alike. means are the mean choices [1][S].
func EntropyLoss[F nn.Float](t *nn.Tape[F], p []nn.Tensor[F]) (loss nn.Tensor[F], means []nn.Tensor[F]) {
	means = t.Tensors(len(p))
	graded := false
	for m := range p {
		means[m] = t.Scale(1/F(p[m].Rows), ColumnSums(t, p[m]))
		graded = graded || means[m].Grad != nil
	}
	all := t.Floats(means[0].Cols)
	clear(all)
	each := 1 / F(len(p))
	var sum float64
	for _, q := range means {
		nn.Axpy(all, each, q.Value)
		sum += entropy(q.Value) / float64(len(p))
	}
	y := t.New(1, 1, graded)
	y.Value[0] = F(sum - entropy(all))
	if y.Grad != nil {
		kept := means
		t.Record(func() {
			for _, q := range kept {
				for i, v := range q.Value {
					if v > 0 { // d/dq of -q ln q + q ln q' is ln(all/q); the constants cancel
						q.Grad[i] += F(y.Grad[0] * each * F(math.Log(float64(all[i]))-math.Log(float64(v))))
					}
				}
			}
		})
	}
	return y, means
}

// entropy in nats; 0 ln 0 is 0.
func entropy[F nn.Float](p []F) (h float64) {
	for _, v := range p {
		if v > 0 {
			h -= float64(float64(v) * math.Log(float64(v)))
		}
	}
	return h
}
