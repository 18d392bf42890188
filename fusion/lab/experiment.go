package lab

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"
)

// Settings are those of the convergence experiment. The paper's are [Paper].
type Settings struct {
	Seed uint64
	// From and To are the sizes of the smallest and the largest sample.
	From, To int
	// Sizes is how many sizes there are between them, in equal steps of the logarithm.
	Sizes int
	// Datasets is how many samples of each size are drawn.
	Datasets int
	// Spread is the standard deviation of the start around the truth.
	Spread float64
	// Tolerance ends EM when no parameter moves by more.
	Tolerance float64
	// Iterations is the most that EM does.
	Iterations int
	// Threads is how many fits run at one time; the results do not depend on it.
	Threads int
}

// Paper has what appendix I of the paper states (10 sizes from 10^3 to 10^5, 5 data
// sets each, tolerance 10^-6, 2000 iterations), and a spread of 0.05, which it
// leaves open.
func Paper() Settings {
	return Settings{Seed: 1, From: 1e3, To: 1e5, Sizes: 10, Datasets: 5, Spread: 0.05, Tolerance: 1e-6, Iterations: 2000, Threads: 2}
}

// Curve is one line of the plot: a gate, and how many experts are fitted to its two.
type Curve struct {
	Gate Gate
	// Experts is 2 in the exact setting and 3 in the over-specified one.
	Experts int
	Truth   Mixture
	Points  []Point
	// Loss is the slope of the loss; the others are those of the weighted differences.
	Loss Slope
	Mass Slope
	// W, A, B and Nu are, in the over-specified setting, of cells of more than one
	// expert.
	W, A  Slope
	B, Nu Slope
}

// Name is that of the curve, as it stands in the plot.
func (c *Curve) Name() string {
	if c.Experts == 2 {
		return c.Gate.String() + ", exact"
	}
	return c.Gate.String() + ", over-specified"
}

// Point holds the fits at one size of the sample.
type Point struct {
	N int
	// Errors are those of the fits, by data set.
	Errors []Errors
	// Cut counts the fits that EM's limit of iterations ended.
	Cut int
}

// Mean is the mean loss over the data sets, and twice its standard deviation.
func (p *Point) Mean() (mean, twice float64) {
	for _, e := range p.Errors {
		mean += e.Loss / float64(len(p.Errors))
	}
	for _, e := range p.Errors {
		twice += sq(e.Loss - mean)
	}
	return mean, 2 * math.Sqrt(twice/max(1, float64(len(p.Errors)-1)))
}

// Slope is that of log error over log n, with its 95 % interval and the factor before n.
type Slope struct{ Value, Low, High, Factor float64 }

// Convergence fits every setting at every size. progress is told after each fit, one call
// at a time. The same settings give the same bits. The error is that of ctx, when it
// ends.
func Convergence(ctx context.Context, s Settings, progress func(done, of int)) ([]Curve, error) {
	var curves []Curve
	for _, k := range []int{2, 3} {
		for _, g := range []Gate{Laplace, Softmax} {
			c := Curve{Gate: g, Experts: k, Truth: Truth(g, s.Seed), Points: make([]Point, s.Sizes)}
			for i := range c.Points {
				along := float64(i) / float64(max(1, s.Sizes-1))
				c.Points[i] = Point{N: int(math.Round(float64(s.From) * math.Pow(float64(s.To)/float64(s.From), along))), Errors: make([]Errors, s.Datasets)}
			}
			curves = append(curves, c)
		}
	}
	type task struct{ curve, point, set int }
	var tasks []task
	for p := s.Sizes - 1; p >= 0; p-- { // the longest first
		for c := range curves {
			for d := range s.Datasets {
				tasks = append(tasks, task{c, p, d})
			}
		}
	}
	var mu sync.Mutex
	var failed error
	done := 0
	queue := make(chan task)
	var group sync.WaitGroup
	for range max(1, s.Threads) {
		group.Go(func() {
			for t := range queue {
				p := &curves[t.curve].Points[t.point]
				e, cut, err := fitOne(ctx, s, &curves[t.curve], p.N, t.set)
				mu.Lock()
				p.Errors[t.set] = e
				if cut {
					p.Cut++
				}
				if failed == nil {
					failed = err
				}
				done++
				if err == nil {
					progress(done, len(tasks))
				}
				mu.Unlock()
			}
		})
	}
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	group.Wait()
	if failed != nil {
		return nil, failed
	}
	for i := range curves {
		curves[i].slopes()
	}
	return curves, nil
}

// fitOne draws a data set and fits it. Both gates and both numbers of experts see
// draws of their own.
func fitOne(ctx context.Context, s Settings, c *Curve, n, set int) (Errors, bool, error) {
	r := rand.New(rand.NewPCG(s.Seed, uint64(n)<<16|uint64(set)<<8|uint64(c.Experts)<<4|uint64(c.Gate)))
	x, y := c.Truth.Sample(r, n)
	m := Near(r, &c.Truth, c.Experts, s.Spread)
	_, rounds, err := m.Fit(ctx, x, y, s.Tolerance, s.Iterations)
	return Compare(&m, &c.Truth), rounds >= s.Iterations, err
}

// slopes fits a line through the points of each error.
func (c *Curve) slopes() {
	c.Loss = c.slope(func(e *Errors) float64 { return e.Loss })
	c.Mass = c.slope(func(e *Errors) float64 { return e.Mass })
	if c.Experts == 2 {
		c.W = c.slope(func(e *Errors) float64 { return e.W })
		c.A = c.slope(func(e *Errors) float64 { return e.A })
		c.B = c.slope(func(e *Errors) float64 { return e.B })
		c.Nu = c.slope(func(e *Errors) float64 { return e.Nu })
		return
	}
	c.W = c.slope(func(e *Errors) float64 { return e.SplitW })
	c.A = c.slope(func(e *Errors) float64 { return e.SplitA })
	c.B = c.slope(func(e *Errors) float64 { return e.SplitB })
	c.Nu = c.slope(func(e *Errors) float64 { return e.SplitNu })
}

// slope is least squares of log error on log n over all data sets. Errors of 0, as
// of a fit that has no cell of two experts, are left out.
func (c *Curve) slope(of func(*Errors) float64) Slope {
	var xs, ys []float64
	for i := range c.Points {
		for j := range c.Points[i].Errors {
			if v := of(&c.Points[i].Errors[j]); v > 0 {
				xs, ys = append(xs, math.Log(float64(c.Points[i].N))), append(ys, math.Log(v))
			}
		}
	}
	n := float64(len(xs))
	if n < 3 {
		return Slope{Value: math.NaN(), Low: math.NaN(), High: math.NaN(), Factor: math.NaN()}
	}
	mx, my := 0.0, 0.0
	for i := range xs {
		mx, my = mx+xs[i]/n, my+ys[i]/n
	}
	sxx, sxy, syy := 0.0, 0.0, 0.0
	for i := range xs {
		sxx, sxy, syy = sxx+sq(xs[i]-mx), sxy+(xs[i]-mx)*(ys[i]-my), syy+sq(ys[i]-my)
	}
	b := sxy / sxx
	se := math.Sqrt(max(0, syy-b*sxy) / (n - 2) / sxx)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}.Quantile(0.975)
	return Slope{Value: b, Low: b - t*se, High: b + t*se, Factor: math.Exp(my - b*mx)}
}
