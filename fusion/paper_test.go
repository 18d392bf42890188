package fusion

import (
	"math"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// What the paper says (Han et al., "FuseMoE: Mixture-of-Experts Transformers for
// Fleximodal Fusion", NeurIPS 2024, arXiv 2402.03226), in our words, sentence by
// sentence, and that the code does so. Where its published code does otherwise the
// comment says what.

// gate64 are the gate weights of rows x [n][in] for centres [s][in], and the scores.
func gate64(kind string, x, centres []float64, in, k int) (gates, scores []float64) {
	p := new(nn.Params[float64])
	w := p.Add("w", len(centres)/in, in)
	copy(p.Values, centres)
	t := nn.NewTape(p, false)
	s := GateScores(t, kind, t.Input(len(x)/in, in, x), w)
	return TopK(t, s, k).Gates(t, s.Cols).Value, s.Value
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Equation 1: the output is the sum of the experts' outputs, each weighted by a softmax
// over the scores that TopK kept; the gate of the others is 0.
func TestPaperEquation1(t *testing.T) {
	gates, scores := gate64(Softmax, []float64{1, 2}, []float64{1, 0 /**/, 0, 1 /**/, -1, 0 /**/, 0.5, 0.5}, 2, 2)
	if want := []float64{1, 2, -1, 1.5}; !slices.Equal(scores, want) {
		t.Fatalf("scores %v, want x.w = %v", scores, want)
	}
	near(t, "gate of the best", gates[1], math.Exp(2)/(math.Exp(2)+math.Exp(1.5)), 1e-15)
	near(t, "gate of the second", gates[3], math.Exp(1.5)/(math.Exp(2)+math.Exp(1.5)), 1e-15)
	if gates[0] != 0 || gates[2] != 0 {
		t.Errorf("gates %v: experts that are not kept want 0", gates)
	}
	// y = sum_i G(x)_i E_i(x) with plain networks E_i (the published code mixes their
	// log-softmax, see TestPublishedConstants).
	p := new(nn.Params[float64])
	l, w := NewExperts(p, "", 3, 2, 4, 2, false), p.Add("w", 3, 2)
	row := nn.Draw{Seed: 1}.Row(0, 0)
	for i := range p.Values {
		p.Values[i] = row.Normal(uint64(i))
	}
	tape := nn.NewTape(p, false)
	x := tape.Input(1, 2, []float64{0.3, -0.7})
	chosen := TopK(tape, GateScores(tape, Laplace, x, w), 2)
	y := l.Combine(tape, x, chosen, 0, 1, nn.Dropping{})
	want := make([]float64, 2)
	for i, e := range chosen.Index {
		h, out := make([]float64, 4), make([]float64, 2)
		nn.Linear(h, p.Value(l.W1)[e*8:(e+1)*8], x.Value, p.Value(l.B1)[e*4:(e+1)*4])
		nn.GELU(h)
		nn.Linear(out, p.Value(l.W2)[e*8:(e+1)*8], h, p.Value(l.B2)[e*2:(e+1)*2])
		nn.Axpy(want, chosen.Weight.Value[i], out)
	}
	for i := range want {
		near(t, "y", y.Value[i], want[i], 1e-14)
	}
}

// Equation 2: the Laplace gate keeps the k largest of minus the Euclidean distance of x
// from the experts' centres, not squared, without scale or bias.
func TestPaperEquation2(t *testing.T) {
	gates, scores := gate64(Laplace, []float64{0, 0}, []float64{3, 4 /**/, 0, 1 /**/, 2, 0}, 2, 2)
	if want := []float64{-5, -1, -2}; !slices.Equal(scores, want) {
		t.Fatalf("scores %v, want %v", scores, want)
	}
	near(t, "the nearest", gates[1], 1/(1+math.Exp(-1)), 1e-15)
	near(t, "the next", gates[2], math.Exp(-1)/(1+math.Exp(-1)), 1e-15)
	if _, scores := gate64(Gaussian, []float64{0, 0}, []float64{3, 4}, 2, 1); scores[0] != -25 {
		t.Errorf("the Gaussian gate scores %v, want the squared distance, -25", scores)
	}
}

// What follows from equations 1 and 2: centres that are all as far give every kept
// expert 1/k, under every gate, ties to the lower index; a constant added to all scores
// changes nothing; a rotation of x and of the centres together changes no Laplace gate.
func TestPaperGateSymmetries(t *testing.T) {
	for _, kind := range []string{Softmax, Laplace, Gaussian} {
		gates, _ := gate64(kind, []float64{0, 0}, []float64{1, 0 /**/, 0, 1 /**/, -1, 0 /**/, 0, -1}, 2, 3)
		for e, want := range []float64{1. / 3, 1. / 3, 1. / 3, 0} {
			near(t, kind+" of equidistant centres", gates[e], want, 1e-15)
		}
	}
	tape := nn.NewTape(new(nn.Params[float64]), false)
	a := TopK(tape, tape.Input(1, 4, []float64{0.1, 2, -1, 1}), 2).Gates(tape, 4)
	b := TopK(tape, tape.Input(1, 4, []float64{100.1, 102, 99, 101}), 2).Gates(tape, 4)
	for e := range a.Value {
		near(t, "shifted scores", b.Value[e], a.Value[e], 1e-13)
	}
	turn := func(v []float64) (out []float64) {
		for i := 0; i < len(v); i += 2 {
			out = append(out, v[i]*math.Cos(1)-v[i+1]*math.Sin(1), v[i]*math.Sin(1)+v[i+1]*math.Cos(1))
		}
		return out
	}
	x, w := []float64{0.4, -1}, []float64{1, 2 /**/, -0.5, 0.3 /**/, 2, -2}
	before, _ := gate64(Laplace, x, w, 2, 2)
	after, _ := gate64(Laplace, turn(x), turn(w), 2, 2)
	for e := range before {
		near(t, "rotated", after[e], before[e], 1e-14)
	}
}

// Equation 3: the entropy loss is the mean over modalities of the entropy of their mean
// choice of experts, less the entropy of the mean over modalities. So it is never above
// 0, never below -ln min(M, S), and the choices are averaged over the batch first: a
// sure choice of each sample is not rewarded as such. (No commit of the published code
// has it.)
func TestPaperEquation3(t *testing.T) {
	tape := nn.NewTape(new(nn.Params[float64]), false)
	loss := func(rows int, p ...[]float64) float64 {
		var each []nn.Tensor[float64]
		for _, v := range p {
			each = append(each, tape.Input(rows, len(v)/rows, v))
		}
		e, _ := EntropyLoss(tape, each)
		return e.Value[0]
	}
	near(t, "the same choice", loss(1, []float64{0.2, 0.5, 0.3}, []float64{0.2, 0.5, 0.3}), 0, 1e-15)
	near(t, "experts of their own", loss(1, []float64{1, 0}, []float64{0, 1}), -math.Ln2, 1e-15)
	near(t, "sure and unsure samples", loss(2, []float64{1, 0 /**/, 0, 1}, []float64{0.5, 0.5 /**/, 0.5, 0.5}), 0, 1e-15)
	row := nn.Draw{Seed: 2}.Row(0, 0)
	for i := range uint64(200) {
		var p [][]float64
		for m := range uint64(4) {
			v := make([]float64, 3)
			for e := range v {
				v[e] = 4 * row.Normal(100*i+10*m+uint64(e))
			}
			nn.Softmax(v)
			p = append(p, v)
		}
		if e := loss(1, p...); e > 1e-15 || e < -math.Log(3)-1e-15 {
			t.Fatalf("loss %v is not between -ln min(4, 3) and 0", e)
		}
	}
}

// The embedding of a missing modality is learned: it takes the modality's place, gets a
// gradient of the task's loss, and what the absent slots hold does not count. (The
// published code writes zeros.)
func TestPaperMissingModalities(t *testing.T) {
	n, err := NewNetwork[float64](small("missing", func(c *Config) { c.Points, c.Cells, c.Skip = 4, 4, 0 }))
	if err != nil {
		t.Fatal(err)
	}
	n.Init(3)
	absent := invented(n.Shape(), 1)
	absent.Items[0] = encoders.Items{State: schemas.Absent, Width: 5}
	labels := Labels{Values: []float32{1, 0, 1}, Known: []float64{1, 1, 1}, Share: 1}
	tape := nn.NewTape(n.Params(), true)
	run := func(in *encoders.Input) float64 {
		tape.Reset()
		loss := n.Loss(tape, n.Forward(tape, []*encoders.Input{in}, nil), labels)
		tape.Backward(loss)
		return loss.Value[0]
	}
	before := run(absent)
	missing := n.Fronts[1].Settle.Missing
	if g := tape.Grad(missing); !slices.ContainsFunc(g, func(v float64) bool { return v != 0 }) {
		t.Errorf("the embedding of the missing notes has the gradient %v", g)
	}
	if g := tape.Grad(n.Fronts[0].Settle.Missing); slices.ContainsFunc(g, func(v float64) bool { return v != 0 }) {
		t.Errorf("vitals are there, their missing embedding has the gradient %v", g)
	}
	n.Params().Value(missing)[0] += 1
	if run(absent) == before {
		t.Error("the embedding of the missing notes does not count")
	}
}

// Joint: one router on all modalities. Per modality: a router each, one pool of experts,
// every expert speaks to all modalities, and what they say is added up. Disjoint: a
// router and S/M experts each. Every router is trained. (In the published code those of
// the latter two stay 0.)
func TestPaperRouters(t *testing.T) {
	const modalities, width, experts = 3, 4, 6
	for _, c := range []struct {
		router                     string
		routers, in, each, in2, of int
	}{{Joint, 1, 12, 6, 12, 6}, {PerModality, 3, 4, 6, 4, 6}, {Disjoint, 3, 4, 2, 4, 6}} {
		p := new(nn.Params[float64])
		m, err := NewMoE(p, "", MoEConfig{Router: c.router, Gate: Laplace, Experts: experts, TopK: 2, Hidden: 5}, modalities, width)
		if err != nil {
			t.Fatal(err)
		}
		if m.Routers() != c.routers || p.Len(m.Centres[0]) != c.each*c.in || m.Experts.In != c.in2 || m.Experts.Count != c.of || m.Experts.Out != modalities*width {
			t.Errorf("%s: %d routers of %d weights, %d experts from %d to %d", c.router, m.Routers(), p.Len(m.Centres[0]), m.Experts.Count, m.Experts.In, m.Experts.Out)
		}
		row := nn.Draw{Seed: 5}.Row(0, 0)
		for i := range p.Values {
			p.Values[i] = row.Normal(uint64(i))
		}
		tape := nn.NewTape(p, true)
		x := tape.Tensors(modalities)
		for i := range x {
			v := make([]float64, 2*width)
			for j := range v {
				v[j] = row.Normal(uint64(1000 + 10*i + j))
			}
			x[i] = tape.Input(2, width, v)
		}
		var y nn.Tensor[float64]
		for i := range m.Routers() {
			y = sum(tape, y, m.Combine(tape, i, m.Route(tape, i, x, nil), 2, nn.Dropping{}))
		}
		tape.Backward(probe(tape, y))
		for r, centres := range m.Centres {
			if !slices.ContainsFunc(tape.Grad(centres), func(v float64) bool { return v != 0 }) {
				t.Errorf("%s: router %d has no gradient", c.router, r)
			}
		}
	}
}

// Multi-time attention is a weighted mean of a channel's observations, whatever their
// order, and 0 where there are none; it gives every modality a value at the reference
// points.
func TestPaperTimeAttention(t *testing.T) {
	l := SeriesAttention[float64]{Heads: 1, Points: 2, Members: [][]int{{0, 1}}}
	attend := func(scores, z, n []float64) []float64 {
		tape := nn.NewTape(new(nn.Params[float64]), false)
		s := tape.Input(2, len(scores)/2, scores)
		out := l.Outputs(tape, 1)
		l.Attend(tape, out, 0, s, Exponentials(tape, s, false), Cells[float64]{Count: s.Cols, Z: z, N: n})
		return slices.Clone(out[0].Value)
	}
	got := attend([]float64{0.1, 2, -1 /**/, 1, 0, 0.5}, []float64{3, 99, -1 /**/, 7, 7, 7}, []float64{1, 0, 2 /**/, 0, 0, 0})
	for j, s := range [][2]float64{{0.1, -1}, {1, 0.5}} {
		a, b := math.Exp(s[0]), 2*math.Exp(s[1])
		near(t, "weighted mean", got[2*j], (3*a-b)/(a+b), 1e-14)
		near(t, "never observed", got[2*j+1], 0, 0)
	}
	turned := attend([]float64{-1, 2, 0.1 /**/, 0.5, 0, 1}, []float64{-1, 99, 3 /**/, 7, 7, 7}, []float64{2, 0, 1 /**/, 0, 0, 0})
	for i := range got {
		near(t, "another order", turned[i], got[i], 1e-15)
	}
}

// The regular branch carries the last value forward, and is the training mean, 0 after
// scaling, before there was one; UTDE mixes it with time attention by a gate between 0
// and 1 (appendix E.2; there the gate weighs the regular branch, here as in the code the
// other).
func TestPaperRegularBranch(t *testing.T) {
	s := encoders.NewSeries(1, 5)
	s.Count[1], s.Last[1] = 2, 1.5
	s.Count[3], s.Last[3] = 1, -0.5
	table := make([]float32, 10)
	CarryForward(table, &s, []int{0}, 5)
	if want := []float32{0, 0, 1.5, 1, 1.5, 0, -0.5, 1, -0.5, 0}; !slices.Equal(table, want) {
		t.Errorf("carried forward %v, want %v", table, want)
	}
	tape := nn.NewTape(new(nn.Params[float64]), false)
	for _, c := range [][2]float64{{0, -2}, {1, 4}, {0.25, -0.5}} {
		e := between(tape, tape.Input(1, 1, c[:1]), tape.Input(1, 1, []float64{4}), tape.Input(1, 1, []float64{-2}))
		near(t, "g irr + (1-g) reg", e.Value[0], c[1], 1e-15)
	}
}

// Modalities meet in the mixture of experts alone: without it, a modality's tokens do not
// depend on another's.
func TestPaperModalitiesMeetInTheMoE(t *testing.T) {
	for _, experts := range []int{0, 4} {
		p := new(nn.Params[float64])
		l, err := NewLayer(p, "", []string{"a", "b"}, MoEConfig{Router: Joint, Gate: Laplace, Experts: experts, TopK: 2, Hidden: 4}, false, 3, 4, 2, 8)
		if err != nil {
			t.Fatal(err)
		}
		row := nn.Draw{Seed: 6}.Row(0, 0)
		for i := range p.Values {
			p.Values[i] = row.Normal(uint64(i))
		}
		tape := nn.NewTape(p, false)
		run := func(b float64) []float64 {
			x := tape.Tensors(2)
			x[0], x[1] = tape.Leaf(3, 4, []float64{1, 2, 3, 4, 4, 3, 2, 1, 0, 1, 0, -1}), tape.Leaf(3, 4, []float64{b, 2, 1, 0, 0, 1, b, 1, 1, 1, 2, b})
			out, _, _ := l.Run(tape, x, 1)
			return out[0].Value
		}
		if same := slices.Equal(run(1), run(-2)); same != (experts == 0) {
			t.Errorf("%d experts: one modality the same whatever the other holds: %v", experts, same)
		}
	}
}
