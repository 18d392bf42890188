package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// TimeEmbedding is phi of the paper in its code's form (Time2Vec): the first element is
// linear in time, the rest are sines. W and B are [E].
type TimeEmbedding[F nn.Float] struct{ W, B nn.Param }

// NewTimeEmbedding adds the parameters of an embedding of width e.
func NewTimeEmbedding[F nn.Float](p *nn.Params[F], e int) TimeEmbedding[F] {
	return TimeEmbedding[F]{p.Add("time.w", e), p.Add("time.b", e)}
}

// At is [L][E], the embedding of times [L][1].
func (l TimeEmbedding[F]) At(t *nn.Tape[F], times nn.Tensor[F]) nn.Tensor[F] {
	w, b := t.Of(l.W), t.Of(l.B)
	y := t.New(times.Rows, len(w), true)
	for r, at := range times.Value {
		nn.TimeEmbedding(y.Row(r), float64(at), w, b)
	}
	if t.Records() {
		t.Record(func() { l.backward(t, times, y) })
	}
	return y
}

func (l TimeEmbedding[F]) backward(t *nn.Tape[F], times, y nn.Tensor[F]) {
	w, b, dw, db := t.Of(l.W), t.Of(l.B), t.GradOf(l.W), t.GradOf(l.B)
	for r, at := range times.Value {
		var along float64
		for i, d := range y.GradRow(r) {
			g := float64(d)
			if i > 0 {
				g *= math.Cos(float64(float64(w[i])*float64(at)) + float64(b[i]))
			}
			dw[i] += F(g * float64(at))
			db[i] += F(g)
			along += float64(g * float64(w[i]))
		}
		if times.Grad != nil {
			times.Grad[r] += F(along)
		}
	}
}
