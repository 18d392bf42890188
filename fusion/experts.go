package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Experts are a stack of Count two-layer networks, E(x) = W2 gelu(W1 x + b1) + b2 (E_i of
// the paper): W1 [Count][Hidden][In], B1 [Count][Hidden], W2 [Count][Out][Hidden], B2
// [Count][Out].
type Experts[F nn.Float] struct {
	W1, B1, W2, B2         nn.Param
	Count, In, Hidden, Out int
	// Mixture takes the log of a mixture of softmaxes, as the published code does, in
	// place of the paper's weighted sum.
	Mixture bool
}

// NewExperts adds the parameters of a stack of experts under a prefix.
func NewExperts[F nn.Float](p *nn.Params[F], prefix string, count, in, hidden, out int, mixture bool) Experts[F] {
	return Experts[F]{p.Add(prefix+"w1", count, hidden, in), p.Add(prefix+"b1", count, hidden),
		p.Add(prefix+"w2", count, out, hidden), p.Add(prefix+"b2", count, out), count, in, hidden, out, mixture}
}

// leastLog is what the published code puts in place of an exact 0 inside the log.
const leastLog = 2.220446049250313e-16

// Combine is [N][Out], sum_e g_e E_e(x) over the chosen experts of every row of x
// [N][In]; expert 0 of the choice is expert `first` of the stack. With Mixture it is
// log(sum_e g_e softmax(E_e(x))), an exact 0 replaced by leastLog. A row's experts are
// added up in the order of the stack, so that its bits do not depend on the other rows.
// drop drops hidden units; stays have `points` rows each.
func (l Experts[F]) Combine(t *nn.Tape[F], x nn.Tensor[F], c Chosen[F], first, points int, drop nn.Dropping) nn.Tensor[F] {
	sum := t.New(x.Rows, l.Out, true)
	clear(sum.Value)
	starts, order := c.byExpert(t, l.Count)
	for e := range l.Count {
		if at := order[starts[e]:starts[e+1]]; len(at) > 0 {
			l.one(t, expertRows[F]{x: x, sum: sum, c: c, at: at, e: first + e}, points, drop)
		}
	}
	if !l.Mixture {
		return sum
	}
	y := t.New(x.Rows, l.Out, true)
	for i, v := range sum.Value {
		if v == 0 {
			v = leastLog
		}
		y.Value[i] = F(math.Log(float64(v)))
	}
	if t.Records() {
		t.Record(func() {
			for i, v := range sum.Value {
				if v != 0 {
					sum.Grad[i] += y.Grad[i] / v
				}
			}
		})
	}
	return y
}

// byExpert sorts the places of Index by expert: those of expert e are
// order[starts[e]:starts[e+1]], rows ascending.
func (c Chosen[F]) byExpert(t *nn.Tape[F], count int) (starts, order []int) {
	starts, order = t.Ints(count+1), t.Ints(len(c.Index))
	next := t.Ints(count)
	clear(starts)
	for _, e := range c.Index {
		if e < count {
			starts[e+1]++
		}
	}
	for e := range count {
		starts[e+1] += starts[e]
	}
	copy(next, starts)
	for i, e := range c.Index {
		if e < count {
			order[next[e]] = i
			next[e]++
		}
	}
	return starts, order
}

// expertRows are the rows of a batch that go through one expert; at are their places in
// the choice.
type expertRows[F nn.Float] struct {
	x, sum               nn.Tensor[F]
	c                    Chosen[F]
	at                   []int
	e                    int
	in, before, act, out []F // gathered rows, hidden before and behind the GELU, what the expert says
	keep                 []F // factors of dropout, [n][hidden] or nil
}

// one runs the rows of one expert and adds what it says, times the gate, to the sum.
func (l Experts[F]) one(t *nn.Tape[F], s expertRows[F], points int, drop nn.Dropping) {
	n := len(s.at)
	s.in, s.act, s.out = t.Floats(n*l.In), t.Floats(n*l.Hidden), t.Floats(n*l.Out)
	for i, at := range s.at {
		copy(s.in[i*l.In:(i+1)*l.In], s.x.Row(at/s.c.K))
	}
	t.LinearAt(s.act, l.W1, l.B1, s.e, s.in, n)
	if t.Records() {
		s.before = t.Floats(n * l.Hidden)
		copy(s.before, s.act)
	}
	nn.GELU(s.act)
	if drop.Rate > 0 {
		s.keep = t.Floats(n * l.Hidden)
		for i, at := range s.at {
			r := at / s.c.K
			keep := s.keep[i*l.Hidden : (i+1)*l.Hidden]
			nn.Keep(keep, drop.Draw.Row(drop.Stream, drop.First+uint64(r/points)), uint64((r%points*l.Count+s.e)*l.Hidden), drop.Rate)
			for j, k := range keep {
				s.act[i*l.Hidden+j] *= k
			}
		}
	}
	t.LinearAt(s.out, l.W2, l.B2, s.e, s.act, n)
	for i, at := range s.at {
		row := s.out[i*l.Out : (i+1)*l.Out]
		if l.Mixture {
			nn.Softmax(row)
		}
		nn.Axpy(s.sum.Row(at/s.c.K), s.c.Weight.Value[at], row)
	}
	if t.Records() {
		kept := s
		t.Record(func() { l.backward(t, &kept) })
	}
}

// backward adds the gradients of one expert's rows: of its weights, of the gates and of
// x.
func (l Experts[F]) backward(t *nn.Tape[F], s *expertRows[F]) {
	n := len(s.at)
	dout, dact, dbefore, din := t.Floats(n*l.Out), t.Floats(n*l.Hidden), t.Floats(n*l.Hidden), t.Floats(n*l.In)
	clear(dout)
	clear(dact)
	clear(dbefore)
	clear(din)
	for i, at := range s.at {
		d, row, into := s.sum.GradRow(at/s.c.K), s.out[i*l.Out:(i+1)*l.Out], dout[i*l.Out:(i+1)*l.Out]
		if s.c.Weight.Grad != nil {
			s.c.Weight.Grad[at] += nn.Dot(d, row)
		}
		if l.Mixture {
			scaled := t.Floats(l.Out)
			clear(scaled)
			nn.Axpy(scaled, s.c.Weight.Value[at], d)
			nn.SoftmaxBackward(into, row, scaled)
		} else {
			nn.Axpy(into, s.c.Weight.Value[at], d)
		}
	}
	t.LinearAtBackward(dact, l.W2, l.B2, s.e, s.act, dout, n)
	for i, k := range s.keep {
		dact[i] *= k
	}
	nn.GELUBackward(dbefore, s.before, dact)
	t.LinearAtBackward(din, l.W1, l.B1, s.e, s.in, dbefore, n)
	if s.x.Grad != nil {
		for i, at := range s.at {
			nn.Axpy(s.x.GradRow(at/s.c.K), 1, din[i*l.In:(i+1)*l.In])
		}
	}
}
