package nn

import "math"

// AdamW is Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter
// 2019, algorithm 2) over one flat slice of N parameters. All of its state is in its
// fields, so that a checkpoint is a copy of them.
type AdamW[F Float] struct {
	// Beta1 and Beta2 are the decay rates of the two moments; 0.9 and 0.999 in the
	// papers.
	Beta1, Beta2 float64
	// Epsilon is added to the root of the corrected second moment; 1e-8 in the papers.
	Epsilon float64
	// Decay is the weight decay: every step takes rate * Decay of each parameter away.
	Decay float64
	// Steps counts the steps that were done, for the correction of the moments' bias.
	Steps int
	// Mean and Square are the running moments of the gradient and of its square, [N].
	Mean, Square []F
}

// NewAdamW returns an optimiser of n parameters with the papers' betas and epsilon, and
// the given weight decay.
func NewAdamW[F Float](n int, decay float64) *AdamW[F] {
	return &AdamW[F]{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Decay: decay, Mean: make([]F, n), Square: make([]F, n)}
}

// Step moves params [N] against their gradients grads [N] at a learning rate. Every
// element goes by itself, so that the result does not depend on how parameters are cut
// into layers.
func (a *AdamW[F]) Step(params, grads []F, rate float64) {
	if len(params) != len(a.Mean) || len(grads) != len(a.Mean) {
		panic("nn: AdamW: shapes do not fit")
	}
	a.Steps++
	correct1 := 1 - math.Pow(a.Beta1, float64(a.Steps))
	correct2 := 1 - math.Pow(a.Beta2, float64(a.Steps))
	b1, b2, one1, one2 := F(a.Beta1), F(a.Beta2), F(1-a.Beta1), F(1-a.Beta2)
	keep, step, root, epsilon := F(1-float64(rate*a.Decay)), F(rate/correct1), F(1/math.Sqrt(correct2)), F(a.Epsilon)
	mean, square := a.Mean[:len(params)], a.Square[:len(params)]
	for i, g := range grads {
		m := F(b1*mean[i]) + F(one1*g)
		v := F(b2*square[i]) + F(one2*F(g*g))
		mean[i], square[i] = m, v
		params[i] = F(keep*params[i]) - F(step*m)/(F(F(math.Sqrt(float64(v)))*root)+epsilon)
	}
}

// Schedule is a learning rate that rises in a line to Rate over the first Warmup steps
// and then falls in half a cosine (Loshchilov and Hutter 2017) to Floor * Rate at the
// last of Steps. Floor is from 0 to 1; at 1 the rate stays where it is.
type Schedule struct {
	Rate          float64
	Warmup, Steps int
	Floor         float64
}

// At is the learning rate of step it, which counts from 1 to Steps.
func (s Schedule) At(it int) float64 {
	if it <= s.Warmup {
		return s.Rate * float64(it) / float64(s.Warmup)
	}
	done := float64(it-s.Warmup) / float64(max(1, s.Steps-s.Warmup))
	return s.Rate * (s.Floor + float64((1-s.Floor)*0.5*(1+math.Cos(math.Pi*min(done, 1)))))
}

// Norm is the Euclidean norm of x [N], summed in float64 in the order of [Sum].
func Norm[F Float](x []F) float64 {
	var s [lanes]float64
	i := 0
	for ; i+lanes <= len(x); i += lanes {
		for l := range s {
			v := float64(x[i+l])
			s[l] += float64(v * v)
		}
	}
	for l := range len(x) - i {
		v := float64(x[i+l])
		s[l] += float64(v * v)
	}
	return math.Sqrt(tree(&s))
}

// Clip scales a gradient [N] down to the norm limit if it is longer (Pascanu et al.
// 2013), and returns the norm that it had. A norm that is not a number leaves it alone,
// and the caller must look at what is returned.
func Clip[F Float](grads []F, limit float64) float64 {
	norm := Norm(grads)
	if norm > limit {
		scale := F(limit / norm)
		for i := range grads {
			grads[i] *= scale
		}
	}
	return norm
}

// Average moves the running average of weights [N] a step towards weights [N]:
// exponential, with factor min(decay, it/(it+10)) at step it = 1, 2, and so on, so that
// the first weights, which are still random, are soon forgotten.
func Average[F Float](average, weights []F, decay float64, it int) {
	if len(average) != len(weights) {
		panic("nn: Average: shapes do not fit")
	}
	toward := F(1 - min(decay, float64(it)/float64(it+10)))
	for i, w := range weights {
		average[i] += F(toward * (w - average[i]))
	}
}
