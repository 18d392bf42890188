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
	f := newStatistics(m)
	likelihood = f.expect(m, x, y)
	next := Mixture{m.Gate, make([]Expert, len(m.Experts))}
	after := newStatistics(m)
	reach := 1.0 // twice what the step before could take, at most the whole step
	for rounds = 1; rounds <= iterations; rounds++ {
		if err := ctx.Err(); err != nil {
			return likelihood, rounds, err
		}
		f.lines(m, &next)
		step := f.gateStep(len(x))
		for scale := reach; ; scale /= 2 {
			if scale < 1e-3 {
				scale = 0 // a kink of the Laplace gate: the lines move alone
			}
			f.moveGate(m, &next, step, scale)
			if l := after.expect(&next, x, y); l >= likelihood || scale == 0 {
				likelihood, reach = l, min(1, max(2*scale, 1e-2))
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

// most is how many experts a fit can have; arrays of that size keep a pass off the heap.
const most = 4

// statistics are the sufficient statistics of one pass over the data (the E step).
type statistics struct {
	// free is the number of the gate's parameters: w and beta of each expert.
	free int
	// line has, by expert, the sums of r, r x, r x^2, r y, r x y and r y^2, where r is
	// how much an observation belongs to the expert.
	line [][6]float64
	// gate [free] is the gradient of the gate's part of the likelihood: (r - p) ds, of w
	// and beta of each expert in turn.
	gate []float64
	// fisher is the Fisher matrix of that part, [free][free].
	fisher []float64
}

// newStatistics makes room for those of a mixture's fit.
func newStatistics(m *Mixture) *statistics {
	k := len(m.Experts)
	return &statistics{free: 2 * k, line: make([][6]float64, k), gate: make([]float64, 2*k), fisher: make([]float64, 4*k*k)}
}

// expect goes over the data once, fills f, and returns the mean log likelihood of m.
func (f *statistics) expect(m *Mixture, x, y []float64) float64 {
	var (
		p, q, slope, norm, half [most]float64 // norm and half: of the normal densities
		line                    [most][6]float64
		gate                    [most][2]float64
		fisher                  [most][most][4]float64 // i >= j: sums of c s s', c s, c s', c
	)
	total := 0.0
	for i := range m.Experts {
		norm[i], half[i] = 1/math.Sqrt(2*math.Pi*m.Experts[i].Nu), -0.5/m.Experts[i].Nu
	}
	experts := m.Experts
	for n := range x {
		x, y := x[n], y[n]
		m.shares(p[:len(experts)], x)
		sum := 0.0
		for i := range experts {
			e := &experts[i]
			d := y - e.A*x - e.B
			q[i] = p[i] * norm[i] * math.Exp(d*d*half[i])
			sum += q[i]
		}
		sum = max(sum, 1e-300)
		total += math.Log(sum)
		for i := range experts {
			r := q[i] / sum
			l, rx, ry := &line[i], r*x, r*y
			l[0] += r
			l[1] += rx
			l[2] += rx * x
			l[3] += ry
			l[4] += rx * y
			l[5] += ry * y
			_, slope[i] = m.Gate.score(experts[i].W, x)
			gate[i][0] += (r - p[i]) * slope[i]
			gate[i][1] += r - p[i]
			for j := range i + 1 {
				c := -p[i] * p[j]
				if i == j {
					c += p[i]
				}
				at := &fisher[i][j]
				at[0] += c * slope[i] * slope[j]
				at[1] += c * slope[i]
				at[2] += c * slope[j]
				at[3] += c
			}
		}
	}
	for i := range experts {
		f.line[i] = line[i]
		f.gate[2*i], f.gate[2*i+1] = gate[i][0], gate[i][1]
		for j := range i + 1 {
			at := f.fisher[2*i*f.free+2*j:]
			at[0], at[1], at[f.free], at[f.free+1] = fisher[i][j][0], fisher[i][j][1], fisher[i][j][2], fisher[i][j][3]
		}
	}
	return total / float64(len(x))
}

// lines sets the lines and variances of next to the weighted least-squares fits (the M
// step).
func (f *statistics) lines(m, next *Mixture) {
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
func (f *statistics) gateStep(n int) *mat.VecDense {
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
func (f *statistics) moveGate(m, next *Mixture, step *mat.VecDense, scale float64) {
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
