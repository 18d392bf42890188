package nn

import "math"

// AdamW is Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter
// 2019, algorithm 2) over one flat slice of parameters. Its state is its fields, so
// that a checkpoint is a copy of them.
type AdamW[F Float] struct {
	Beta1, Beta2 float64 // 0.9 and 0.999 in the papers
	Epsilon      float64 // 1e-8, added to the root of the corrected second moment
	Decay        float64 // weight decay: every step takes rate * Decay of each parameter
	Steps        int     // done so far
	Mean, Square []F     // moments of the gradient, [N]
}

// NewAdamW returns an optimiser of n parameters with the papers' betas and epsilon.
func NewAdamW[F Float](n int, decay float64) *AdamW[F] {
	return &AdamW[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: decay, Mean: make([]F, n), Square: make([]F, n)}
}

// Step moves the parameters [N] against their gradients [N] at a learning rate. Every
// element goes by itself.
func (a *AdamW[F]) Step(params, grads []F, rate float64) {
	if len(params) != len(a.Mean) || len(grads) != len(a.Mean) {
		panic("nn: AdamW: shapes do not fit")
	}
	a.Steps++
	correct1 := 1 - math.Pow(a.Beta1, float64(a.Steps))
	correct2 := 1 - math.Pow(a.Beta2, float64(a.Steps))
	b1, b2, one1, one2 := F(a.Beta1), F(a.Beta2), F(1-a.Beta1), F(1-a.Beta2)
	keep, step, root, epsilon := F(1-rate*a.Decay), F(rate/correct1), F(1/math.Sqrt(correct2)), F(a.Epsilon)
	mean, square := a.Mean[:len(params)], a.Square[:len(params)]
	for i, g := range grads {
		m := F(b1*mean[i]) + F(one1*g)
		v := F(b2*square[i]) + F(one2*F(g*g))
		mean[i], square[i] = m, v
		params[i] = F(keep*params[i]) - F(step*m)/(F(F(math.Sqrt(float64(v)))*root)+epsilon)
	}
}
