package lab

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Fit moves m to the maximum of the likelihood by EM: until an iteration moves no
// parameter by more than tolerance, or for so many iterations. Lines and variances
// go to the maximum of their part of the expected likelihood, the gate goes one step
// of Fisher scoring on its part, halved while the likelihood falls (a generalised
// EM). It returns the mean log likelihood and the iterations.
func (m *Mixture) Fit(ctx context.Context, x, y []float64, tolerance float64, iterations int) (likelihood float64, rounds int, err error) {
	f := newSums(m)
	likelihood = f.expect(m, x, y)
	next := Mixture{m.Gate, make([]Expert, len(m.Experts))}
	after := newSums(m)
	for rounds = 1; rounds <= iterations; rounds++ {
		if err := ctx.Err(); err != nil {
			return likelihood, rounds, err
		}
		f.lines(m, &next)
		step := f.gateStep(len(x))
		for scale := 1.0; ; scale /= 2 {
			if scale < 1e-3 {
				scale = 0 // a kink of the Laplace gate: the lines move alone
			}
			f.moveGate(m, &next, step, scale)
			if l := after.expect(&next, x, y); l >= likelihood || scale == 0 {
				likelihood = l
				break
			}
		}
		moved := distance(m, &next)
		copy(m.Experts, next.Experts)
		f, after = after, f
		if moved < tolerance {
			return likelihood, rounds, nil
		}
	}
	return likelihood, iterations, nil
}

// sums are what one pass over the data leaves.
type sums struct {
	k, free int
	p, q, s []float64    // of one pair: gate's weight, responsibility, slope of the score by w
	line    [][6]float64 // by expert: sums of r, r x, r x^2, r y, r x y, r y^2
	gate    []float64    // [free] gradient: (r - p) ds, of w and beta of each expert in turn
	fisher  []float64    // [free][free]
	d       []float64    // [free] of one pair
}

func newSums(m *Mixture) *sums {
	k := len(m.Experts)
	n := 2 * k
	f := func(n int) []float64 { return make([]float64, n) }
	return &sums{k: k, free: n, p: f(k), q: f(k), s: f(k), line: make([][6]float64, k), gate: f(n), fisher: f(n * n), d: f(n)}
}

// expect goes over the data once and returns the mean log likelihood.
func (f *sums) expect(m *Mixture, x, y []float64) float64 {
	clear(f.line)
	clear(f.gate)
	clear(f.fisher)
	total := 0.0
	scale := make([]float64, f.k)
	for i := range m.Experts {
		scale[i] = 1 / math.Sqrt(2*math.Pi*m.Experts[i].Nu)
	}
	for n := range x {
		m.shares(f.p, x[n])
		sum := 0.0
		for i := range m.Experts {
			e := &m.Experts[i]
			d := y[n] - e.A*x[n] - e.B
			f.q[i] = f.p[i] * scale[i] * math.Exp(-d*d/(2*e.Nu))
			sum += f.q[i]
		}
		sum = max(sum, 1e-300)
		total += math.Log(sum)
		for i := range m.Experts {
			r := f.q[i] / sum
			l := &f.line[i]
			l[0] += r
			l[1] += r * x[n]
			l[2] += r * x[n] * x[n]
			l[3] += r * y[n]
			l[4] += r * x[n] * y[n]
			l[5] += r * y[n] * y[n]
			_, s := m.Gate.score(m.Experts[i].W, x[n])
			f.s[i] = s
			f.gate[2*i] += (r - f.p[i]) * s
			f.gate[2*i+1] += r - f.p[i]
		}
		for i := range f.k {
			for j := range i + 1 {
				c := -f.p[i] * f.p[j]
				if i == j {
					c += f.p[i]
				}
				at := f.fisher[2*i*f.free+2*j:]
				at[0] += c * f.s[i] * f.s[j]
				at[1] += c * f.s[i]
				at[f.free] += c * f.s[j]
				at[f.free+1] += c
			}
		}
	}
	return total / float64(len(x))
}

// lines sets the experts of next to the weighted least squares fits.
func (f *sums) lines(m, next *Mixture) {
	for i := range next.Experts {
		e, l := &next.Experts[i], &f.line[i]
		*e = m.Experts[i]
		det := l[0]*l[2] - l[1]*l[1]
		if l[0] < 1e-9 || det < 1e-12*l[0]*l[0] {
			continue // nobody follows this expert: it stays
		}
		e.A = (l[0]*l[4] - l[1]*l[3]) / det
		e.B = (l[3] - e.A*l[1]) / l[0]
		e.Nu = max((l[5]-2*e.A*l[4]-2*e.B*l[3]+e.A*e.A*l[2]+2*e.A*e.B*l[1]+e.B*e.B*l[0])/l[0], 1e-4)
	}
}

// gateStep solves the Fisher matrix for the gradient. The matrix is singular along
// what the gate does not see (all beta together, for softmax all w): a small ridge
// keeps the step off there.
func (f *sums) gateStep(n int) *mat.VecDense {
	a := mat.NewSymDense(f.free, nil)
	for i := range f.free {
		for j := range i + 1 {
			a.SetSym(i, j, f.fisher[i*f.free+j])
		}
	}
	ridge := 1e-7 * float64(n)
	for i := range f.free {
		a.SetSym(i, i, a.At(i, i)+ridge)
	}
	step := mat.NewVecDense(f.free, nil)
	var c mat.Cholesky
	if !c.Factorize(a) || c.SolveVecTo(step, mat.NewVecDense(f.free, f.gate)) != nil {
		step.Zero()
	}
	return step
}

// moveGate puts the gate of next a step from m's, no parameter further than 1/2, and
// keeps beta of the last expert (for softmax its w too) at 0.
func (f *sums) moveGate(m, next *Mixture, step *mat.VecDense, scale float64) {
	scale /= max(1, 2*mat.Norm(step, math.Inf(1)))
	for i := range m.Experts {
		next.Experts[i].W = m.Experts[i].W + scale*step.AtVec(2*i)
		next.Experts[i].Beta = m.Experts[i].Beta + scale*step.AtVec(2*i+1)
	}
	next.fix()
}

// fix takes out of the gate's parameters what the gate does not see.
func (m *Mixture) fix() {
	last := m.Experts[len(m.Experts)-1]
	for i := range m.Experts {
		m.Experts[i].Beta -= last.Beta
		if m.Gate == Softmax {
			m.Experts[i].W -= last.W
		}
	}
}

// distance is the largest difference of a parameter.
func distance(a, b *Mixture) (d float64) {
	for i := range a.Experts {
		p, q := a.Experts[i], b.Experts[i]
		d = max(d, math.Abs(p.W-q.W), math.Abs(p.Beta-q.Beta), math.Abs(p.A-q.A), math.Abs(p.B-q.B), math.Abs(p.Nu-q.Nu))
	}
	return d
}
