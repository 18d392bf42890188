package lab

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Gate is how a mixture weighs its experts at x: by the softmax of these scores.
type Gate int

// Gates of the experiment, in one dimension.
const (
	// Laplace scores -|w_i - x| + beta_i, as in equation 4 of the paper.
	Laplace Gate = iota
	// Softmax scores w_i x + beta_i.
	Softmax
)

// String is the gate's name.
func (g Gate) String() string { return [...]string{"laplace", "softmax"}[g] }

// score is that of an expert at x, and its derivative by w.
func (g Gate) score(w, x float64) (s, slope float64) {
	if g == Softmax {
		return w * x, x
	}
	if d := w - x; d > 0 {
		return -d, -1
	} else {
		return d, 1
	}
}

// Expert is one component: the gate's parameters W and Beta, and a normal distribution of
// y around A x + B with the variance Nu.
type Expert struct{ W, Beta, A, B, Nu float64 }

// Mixture is a density of y given x in [0, 1], equation 4 of the paper in one dimension.
type Mixture struct {
	Gate    Gate
	Experts []Expert
}

// Truth draws the true mixture of two experts as appendix I of the paper has it, in
// one dimension: w and beta from N(0, 0.01), a and b from N(0, 1), nu the absolute
// value of one of N(0, 1), beta of the last expert 0. The softmax scores do not
// change when all w move together, so that w of the last expert is 0 there.
//
// One dimension asks for more than the paper says: where a centre of the Laplace
// gate is not inside (0, 1), -|w - x| is a line over all of x, and w and beta cannot
// be told apart. Truth draws again until both centres lie in [0.02, 0.98], the
// variances are at least 0.02, and the experts are told apart by their lines.
func Truth(g Gate, seed uint64) Mixture {
	r := rand.New(rand.NewPCG(seed, 1))
	for {
		m := Mixture{Gate: g, Experts: make([]Expert, 2)}
		for i := range m.Experts {
			m.Experts[i] = Expert{0.1 * r.NormFloat64(), 0.1 * r.NormFloat64(), r.NormFloat64(), r.NormFloat64(), math.Abs(r.NormFloat64())}
		}
		first, last := &m.Experts[0], &m.Experts[1]
		last.Beta = 0
		inside := func(w float64) bool { return w >= 0.02 && w <= 0.98 }
		if !inside(first.W) || !inside(last.W) || min(first.Nu, last.Nu) < 0.02 || !apart(first, last) {
			continue
		}
		if g == Softmax {
			first.W, last.W = first.W-last.W, 0
		}
		return m
	}
}

// Sample draws n pairs, with x uniform on [0, 1].
func (m *Mixture) Sample(r *rand.Rand, n int) (x, y []float64) {
	x, y = make([]float64, n), make([]float64, n)
	share := make([]float64, len(m.Experts))
	for i := range x {
		x[i] = r.Float64()
		m.shares(share, x[i])
		pick, u := 0, r.Float64()
		for u -= share[0]; u > 0 && pick < len(share)-1; u -= share[pick] {
			pick++
		}
		e := &m.Experts[pick]
		y[i] = e.A*x[i] + e.B + math.Sqrt(e.Nu)*r.NormFloat64()
	}
	return x, y
}

// shares sets p [experts] to the gate's weights at x.
func (m *Mixture) shares(p []float64, x float64) {
	top := math.Inf(-1)
	for i := range m.Experts {
		s, _ := m.Gate.score(m.Experts[i].W, x)
		p[i] = s + m.Experts[i].Beta
		top = max(top, p[i])
	}
	sum := 0.0
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}

// Near is where EM begins: k experts, each a true one with a normal perturbation of
// the given standard deviation on every parameter (on the logarithm of nu), every
// true expert taken at least once, the others at random.
func Near(r *rand.Rand, truth *Mixture, k int, spread float64) Mixture {
	m := Mixture{Gate: truth.Gate, Experts: make([]Expert, k)}
	of := make([]int, k)
	taken := make([]int, len(truth.Experts))
	for i := range of {
		of[i] = i
		if i >= len(truth.Experts) {
			of[i] = r.IntN(len(truth.Experts))
		}
		taken[of[i]]++
	}
	for i, j := range of {
		e := truth.Experts[j]
		m.Experts[i] = Expert{
			W: e.W + spread*r.NormFloat64(), Beta: e.Beta - math.Log(float64(taken[j])) + spread*r.NormFloat64(),
			A: e.A + spread*r.NormFloat64(), B: e.B + spread*r.NormFloat64(), Nu: e.Nu * math.Exp(spread*r.NormFloat64()),
		}
	}
	return m
}

// String lists the experts with their parameters.
func (m Mixture) String() string {
	text := m.Gate.String()
	for _, e := range m.Experts {
		text += fmt.Sprintf("  w %.3f beta %.3f a %.3f b %.3f nu %.3f", e.W, e.Beta, e.A, e.B, e.Nu)
	}
	return text
}

// apart says whether the lines of two experts keep a distance of two of their
// standard deviations over all of x.
func apart(a, b *Expert) bool {
	at0, at1 := a.B-b.B, a.A+a.B-b.A-b.B
	far := math.Sqrt(a.Nu) + math.Sqrt(b.Nu)
	return at0*at1 > 0 && min(math.Abs(at0), math.Abs(at1)) > 2*far
}
