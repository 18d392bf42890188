package fusion

import (
	"math"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Numbers that are known of the published network at its own sizes.
func TestPublishedConstants(t *testing.T) {
	tape := nn.NewTape(new(nn.Params[float64]), false)
	near(t, "noise of a router at 0", NoiseScale(tape, tape.Input(1, 1, []float64{0})).Value[0], 0.70315, 5e-6)
	near(t, "CV^2 of equal loads", Variation(tape, tape.Input(1, 4, []float64{3, 3, 3, 3})).Value[0], 0, 1e-12)

	// A mixture of experts that say nothing is the uniform distribution in logarithms.
	const out = 48 * 128 * 4
	p := new(nn.Params[float64])
	l, w := NewExperts(p, "", 2, 1, 1, out, true), p.Add("w", 2, 1)
	tape = nn.NewTape(p, false)
	x := tape.Input(1, 1, []float64{1})
	y := l.Combine(tape, x, TopK(tape, GateScores(tape, Laplace, x, w), 2), 0, 1, nn.Dropping{})
	near(t, "log-mixture of uniform experts, M = 4", y.Value[7], -10.1095, 5e-5)

	// Tokens are scaled by sqrt(128) before the positions are added.
	p = new(nn.Params[float64])
	positions := p.Add("positions", 1, 128)
	tape = nn.NewTape(p, false)
	one := make([]float64, 128)
	one[0] = 1
	near(t, "sqrt(128)", Place(tape, tape.Input(1, 128, one), positions, true).Value[0], 11.3137, 5e-5)
}

// The published network's modules have its numbers of parameters.
func TestPublishedParameters(t *testing.T) {
	count := func(add func(p *nn.Params[float32])) int {
		p := &nn.Params[float32]{Later: true}
		add(p)
		return p.Total()
	}
	const d, e, heads = 128, 64, 8
	check := func(what string, got, want int) {
		if got != want {
			t.Errorf("%s has %d parameters, want %d", what, got, want)
		}
	}
	check("time attention of 30 channels", count(func(p *nn.Params[float32]) {
		l := SeriesAttention[float32]{Heads: heads, Points: 48, Seen: true, Members: [][]int{make([]int, 30)}}
		NewTimeKeys(p, "", e, heads, false)
		NewDense(p, "out", d, l.Columns(0))
	}), 69_888)
	for width, want := range map[int]int{768: 794_880, 1024: 1_057_024, 256: 270_592} {
		check("time attention of items", count(func(p *nn.Params[float32]) { NewItemAttention(p, "", e, heads, width, d, false) }), want)
	}
	for m, want := range map[int]int{2: 12_595_712, 3: 18_893_312, 4: 25_190_912} {
		check("an expert", count(func(p *nn.Params[float32]) { NewExperts(p, "", 1, m*48*d, 512, m*48*d, true) }), want)
	}
}

// As it serves, a network has no noise and no dropout: the same input gives the same
// logits. (The published code leaves the noise on.) In training they differ by the step.
func TestNoiseIsForTraining(t *testing.T) {
	c := small("noise", func(c *Config) { c.Points, c.Cells = 6, 6 })
	n, err := NewNetwork[float64](c)
	if err != nil {
		t.Fatal(err)
	}
	n.Init(2)
	in := []*encoders.Input{invented(n.Shape(), 1)}
	logit := func(train *Train) float64 {
		tape := nn.NewTape(n.Params(), false)
		return n.Forward(tape, in, train).Logits.Value[0]
	}
	if a, b := logit(nil), logit(nil); a != b || math.IsNaN(a) {
		t.Errorf("two passes give %v and %v", a, b)
	}
	step := func(s uint64) *Train { return &Train{Draw: nn.Draw{Seed: 1, Step: s}, First: 3} }
	if a, b, again := logit(step(1)), logit(step(2)), logit(step(1)); a == b || a != again || a == logit(nil) {
		t.Errorf("step 1 gives %v, step 2 %v, step 1 again %v", a, b, again)
	}
}

// In training a stay's masks and noise go by its row of the draw: alone it has the same
// bits as in a batch, so that a step does not depend on how its batch is cut.
func TestTrainingDoesNotDependOnTheCut(t *testing.T) {
	for _, c := range variants() {
		c.Points, c.Cells = 6, 6
		c.Dropout = Dropout{Input: 0.2, Gate: 0.1, Token: 0.1, Attention: 0.1, Residual: 0.2, Hidden: 0.1, Expert: 0.2, NowInput: 0.1, NowHidden: 0.2, SkipInput: 0.1, SkipHidden: 0.2, HeadInput: 0.1, HeadHidden: 0.1}
		n, err := NewNetwork[float32](c)
		if err != nil {
			t.Fatal(err)
		}
		n.Init(4)
		var in []*encoders.Input
		for seed := range uint64(5) {
			in = append(in, invented(n.Shape(), seed))
		}
		logits := func(from, to int) []float32 {
			tape := nn.NewTape(n.Params(), true)
			return n.Forward(tape, in[from:to], &Train{Draw: nn.Draw{Seed: 1, Step: 2}, First: uint64(from)}).Logits.Value
		}
		all, tasks := logits(0, 5), len(c.Tasks)
		for _, cut := range [][2]int{{0, 2}, {2, 5}, {3, 4}} {
			if got := logits(cut[0], cut[1]); !slices.Equal(got, all[cut[0]*tasks:cut[1]*tasks]) {
				t.Errorf("%s: stays %v give %v, in the whole batch %v", c.Name, cut, got, all[cut[0]*tasks:cut[1]*tasks])
			}
		}
	}
}
