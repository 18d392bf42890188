package fusion

import (
	"math"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/nn/gradient"
)

type (
	tape64   = nn.Tape[float64]
	tensor64 = nn.Tensor[float64]
	params64 = nn.Params[float64]
)

// probe is a loss whose gradients by x are all different.
func probe(t *tape64, x tensor64) tensor64 {
	target, weight := t.Floats(len(x.Value)), t.Floats(len(x.Value))
	for i := range target {
		target[i], weight[i] = math.Sin(float64(i)), 0.3+0.2*math.Cos(float64(3*i))
	}
	return t.SquaredError(x, target, weight)
}

// Every layer in float64: the worst relative error of the gradient by its parameters
// and inputs (which are parameters here) must stay within 1e-6.
func TestLayerGradients(t *testing.T) {
	drop := nn.Dropping{Draw: nn.Draw{Seed: 4}, Stream: 2, First: 9, Rate: 0.2}
	for _, c := range []struct {
		name string
		make func(p *params64) func(t *tape64) tensor64
	}{
		{"time embedding", func(p *params64) func(t *tape64) tensor64 {
			l, x := NewTimeEmbedding(p, 6), p.Add("times", 5, 1)
			return func(t *tape64) tensor64 { return probe(t, l.At(t, t.Param(x, 5, 1))) }
		}},
		{"time scores, capped", func(p *params64) func(t *tape64) tensor64 {
			l, r, k := NewTimeKeys(p, "", 6, 2, true), p.Add("r", 3, 6), p.Add("k", 4, 6)
			return func(t *tape64) tensor64 {
				s := capScores(t, l.Scores(t, t.Param(r, 3, 6), t.Param(k, 4, 6)))
				return probe(t, Exponentials(t, s, true))
			}
		}},
		{"series attention", seriesCheck(SeriesAttention[float64]{Hinges: true, Intensity: true, Capped: true}, 0.2)},
		{"series attention, not capped", seriesCheck(SeriesAttention[float64]{Hinges: true, Seen: true}, 1)},
		{"series attention, far scores", seriesCheck(SeriesAttention[float64]{Seen: true}, 60)},
		{"item attention", func(p *params64) func(t *tape64) tensor64 {
			l := NewItemAttention(p, "", 6, 2, 3, 4, true)
			r, k, x := p.Add("r", 5, 6), p.Add("k", 4, 6), p.Add("x", 4, 3)
			return func(t *tape64) tensor64 {
				y := t.Linear(t.Param(x, 4, 3), l.Project.W, nn.NoParam)
				return probe(t, l.Attend(t, t.Param(r, 5, 6), t.Param(k, 4, 6), y, []int{0, 1, 1, 4}))
			}
		}},
		{"UTDE, a gate per stay", utdeCheck(GateStay)},
		{"UTDE, a gate per point", utdeCheck(GatePoint)},
		{"UTDE, a gate per feature", utdeCheck(GateFeature)},
		{"missing embedding", func(p *params64) func(t *tape64) tensor64 {
			l := Settle{p.Add("type", 3), p.Add("missing", 2, 3), p.Add("states", 3, 3)}
			x, pos := p.Add("x", 6, 3), p.Add("positions", 2, 3)
			return func(t *tape64) tensor64 {
				y := SettleTokens(t, l, t.Param(x, 6, 3), []bool{true, false, true}, []int{2, 1, 2})
				return probe(t, Place(t, y, pos, true))
			}
		}},
		{"gate softmax, top 2", gateCheck(Softmax)},
		{"gate Laplace, top 2", gateCheck(Laplace)},
		{"gate Gaussian, top 2", gateCheck(Gaussian)},
		{"experts", expertsCheck(false, nn.Dropping{})},
		{"experts with dropout", expertsCheck(false, drop)},
		{"experts, log mixture", expertsCheck(true, nn.Dropping{})},
		{"load balance, published", routedCheck(func(t *tape64, r Routed[float64]) tensor64 { return r.PublishedBalance(t) })},
		{"load balance, full softmax", routedCheck(func(t *tape64, r Routed[float64]) tensor64 { return r.Balance(t) })},
		{"entropy loss", func(p *params64) func(t *tape64) tensor64 {
			x, y := p.Add("x", 3, 4), p.Add("y", 3, 4)
			return func(t *tape64) tensor64 {
				e, _ := EntropyLoss(t, []tensor64{t.Softmax(t.Param(x, 3, 4)), t.Softmax(t.Param(y, 3, 4))})
				return e
			}
		}},
		{"head", func(p *params64) func(t *tape64) tensor64 {
			l, x := NewHead(p, 6, 2), p.Add("x", 3, 6)
			return func(t *tape64) tensor64 { return probe(t, headLogits(t, l, t.Param(x, 3, 6), drop, drop)) }
		}},
	} {
		p := new(params64)
		loss := c.make(p)
		row := nn.Draw{Seed: 11}.Row(0, 0)
		for i := range p.Values {
			p.Values[i] = 0.7 * row.Normal(uint64(i))
		}
		worst, where := gradient.Check(p, 1000, loss)
		t.Logf("%-30s worst relative error %.1e", c.name, worst)
		if !(worst <= 1e-6) {
			t.Errorf("%s: %s", c.name, where)
		}
	}
}

// seriesCheck attends two modalities of three channels, one of which is never observed
// and one only at the cell that scores worst; scores are spread by a factor.
func seriesCheck(l SeriesAttention[float64], spread float64) func(p *params64) func(t *tape64) tensor64 {
	return func(p *params64) func(t *tape64) tensor64 {
		l.Heads, l.Points, l.Members = 2, 3, [][]int{{2, 0}, {1}}
		s, z := p.Add("scores", 6, 4), p.Add("z", 3, 4)
		n := []float64{1, 0, 2, 3 /**/, 0, 0, 0, 0 /**/, 0, 1, 0, 0}
		return func(t *tape64) tensor64 {
			scores := t.Scale(spread, t.Param(s, 6, 4))
			zs := t.Param(z, 3, 4)
			out := l.Outputs(t, 1)
			l.Attend(t, out, 0, scores, Exponentials(t, scores, l.Capped), Cells[float64]{Count: 4, Z: zs.Value, N: n, ZGrad: zs.Grad})
			return probe(t, t.Concat(out))
		}
	}
}

func utdeCheck(mode string) func(p *params64) func(t *tape64) tensor64 {
	return func(p *params64) func(t *tape64) tensor64 {
		l, _ := NewUTDE(p, "", mode, 3)
		x, y := p.Add("irr", 4, 3), p.Add("reg", 4, 3)
		return func(t *tape64) tensor64 {
			mixed, _ := l.Mix(t, t.Param(x, 4, 3), t.Param(y, 4, 3), 2, nn.Dropping{})
			return probe(t, mixed)
		}
	}
}

func gateCheck(kind string) func(p *params64) func(t *tape64) tensor64 {
	return func(p *params64) func(t *tape64) tensor64 {
		x, w := p.Add("x", 5, 4), p.Add("centres", 6, 4)
		return func(t *tape64) tensor64 {
			return probe(t, TopK(t, GateScores(t, kind, t.Param(x, 5, 4), w), 2).Gates(t, 6))
		}
	}
}

func expertsCheck(mixture bool, drop nn.Dropping) func(p *params64) func(t *tape64) tensor64 {
	return func(p *params64) func(t *tape64) tensor64 {
		l := NewExperts(p, "", 4, 3, 5, 6, mixture)
		x, w := p.Add("x", 6, 3), p.Add("centres", 3, 3)
		return func(t *tape64) tensor64 {
			rows := t.Param(x, 6, 3)
			return probe(t, l.Combine(t, rows, TopK(t, GateScores(t, Laplace, rows, w), 2), 1, 2, drop))
		}
	}
}

func routedCheck(loss func(t *tape64, r Routed[float64]) tensor64) func(p *params64) func(t *tape64) tensor64 {
	return func(p *params64) func(t *tape64) tensor64 {
		m, err := NewMoE(p, "", MoEConfig{Router: Joint, Gate: Laplace, Experts: 5, TopK: 2, Hidden: 3, Noise: 1}, 2, 3)
		if err != nil {
			panic(err)
		}
		x, y := p.Add("x", 6, 3), p.Add("y", 6, 3)
		eps := make([]float64, 30)
		for i := range eps {
			eps[i] = math.Sin(float64(7 * i))
		}
		return func(t *tape64) tensor64 {
			return loss(t, m.Route(t, 0, []tensor64{t.Param(x, 6, 3), t.Param(y, 6, 3)}, eps))
		}
	}
}

// The whole network in training, with dropout, noise, masked labels and the auxiliary
// losses, in every form.
func TestNetworkGradients(t *testing.T) {
	for _, c := range variants() {
		c.Dropout = Dropout{Input: 0.1, Gate: 0.1, Token: 0.1, Attention: 0.1, Residual: 0.2, Hidden: 0.1, Expert: 0.2, NowInput: 0.1, NowHidden: 0.2, HeadInput: 0.1, HeadHidden: 0.1}
		c.Points, c.Cells = 5, max(5, c.Cells/192) // few, for the time that differences take
		n, err := NewNetwork[float64](c)
		if err != nil {
			t.Fatal(err)
		}
		n.Init(7)
		typicalEdges(n.StatEdges, statEdges[:])
		in := []*encoders.Input{invented(n.Shape(), 1), invented(n.Shape(), 2), invented(n.Shape(), 5)}
		labels := Labels{Values: []float32{1, 0.5, nan32, 0.2, nan32, 1, 0, -2, 1}, Known: []float64{3, 2, 2}, Share: 1}
		most := 4
		if testing.Short() {
			most = 1
		}
		worst, where := gradient.Check(n.Params(), most, func(t *tape64) tensor64 {
			return n.Loss(t, n.Forward(t, in, &Train{Draw: nn.Draw{Seed: 3, Step: 5}, First: 40}), labels)
		})
		t.Logf("%-18s %6d parameters, worst relative error %.1e", c.Name, n.Params().Total(), worst)
		if !(worst <= 1e-6) {
			t.Errorf("%s: %s", c.Name, where)
		}
	}
}

var nan32 = float32(math.NaN())
