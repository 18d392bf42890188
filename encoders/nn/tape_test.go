package nn_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/nn/gradient"
)

type (
	tape   = nn.Tape[float64]
	tensor = nn.Tensor[float64]
)

func randomise(p *nn.Params[float64], seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range p.Values {
		p.Values[i] = r.NormFloat64()
	}
}

// probe is a loss whose gradient by x is a fixed set of different numbers.
func probe(t *tape, x tensor) tensor {
	n := len(x.Value)
	target, weight := t.Floats(n), t.Floats(n)
	for i := range target {
		target[i], weight[i] = math.Sin(float64(i)), 0.3+0.2*math.Cos(float64(3*i))
	}
	return t.SquaredError(x, target, weight)
}

// Every op, and a small network of them, in float64: the worst relative error of the
// gradient must stay within 1e-6.
func TestTapeGradients(t *testing.T) {
	const rows, cols = 6, 4
	p := new(nn.Params[float64])
	x, y := p.Add("x", rows, cols), p.Add("y", rows, cols)
	q, kv := p.Add("q", 4, cols), p.Add("kv", rows, 2*cols)
	w, b := p.Add("w", 3, cols), p.Add("b", 3)
	gain, bias := p.Add("gain", cols), p.Add("bias", cols)
	drop := nn.Dropping{Draw: nn.Draw{Seed: 3}, Stream: 1, First: 7, Rate: 0.3}
	px := func(t *tape) tensor { return t.Param(x, rows, cols) }
	targets, weights := make([]float64, rows*cols), make([]float64, rows*cols)
	for i := range targets {
		targets[i], weights[i] = float64(i%2), float64(i%3)/3
		if i%3 == 0 {
			targets[i] = math.NaN() // unknown, weight 0
		}
	}
	for _, c := range []struct {
		name string
		loss func(t *tape) tensor
	}{
		{"Linear", func(t *tape) tensor { return probe(t, t.Linear(px(t), w, b)) }},
		{"Linear without bias", func(t *tape) tensor { return probe(t, t.Linear(px(t), w, nn.NoParam)) }},
		{"Add", func(t *tape) tensor { return probe(t, t.Add(px(t), t.Param(y, rows, cols))) }},
		{"Scale", func(t *tape) tensor { return probe(t, t.Scale(-1.5, px(t))) }},
		{"ReLU", func(t *tape) tensor { return probe(t, t.ReLU(px(t))) }},
		{"GELU", func(t *tape) tensor { return probe(t, t.GELU(px(t))) }},
		{"Sigmoid", func(t *tape) tensor { return probe(t, t.Sigmoid(px(t))) }},
		{"Softmax", func(t *tape) tensor { return probe(t, t.Softmax(px(t))) }},
		{"LayerNorm", func(t *tape) tensor { return probe(t, t.LayerNorm(px(t), gain, bias)) }},
		{"Dropout", func(t *tape) tensor { return probe(t, t.Dropout(px(t), 2, drop)) }},
		{"Concat", func(t *tape) tensor {
			return probe(t, t.Concat([]tensor{px(t), t.Input(rows, 1, weights[:6]), t.Param(y, rows, cols)}))
		}},
		{"Columns", func(t *tape) tensor { return probe(t, t.Columns(px(t), 1, 3)) }},
		{"Gather", func(t *tape) tensor { return probe(t, t.Gather(px(t), []int{3, 0, 3, 5})) }},
		{"Each", func(t *tape) tensor { return probe(t, t.Each(px(t), 3, 2)) }},
		{"Append", func(t *tape) tensor { return probe(t, t.Append(px(t), t.Param(q, 4, cols), 2)) }},
		{"Mean", func(t *tape) tensor { return probe(t, t.Mean(px(t), 3)) }},
		{"Max", func(t *tape) tensor { return probe(t, t.Max(px(t), 3)) }},
		{"Attention", func(t *tape) tensor {
			return probe(t, t.Attention(t.Param(q, 4, cols), t.Param(kv, rows, 2*cols), 2, 2, nn.Dropping{}))
		}},
		{"Attention with dropout", func(t *tape) tensor {
			return probe(t, t.Attention(t.Param(q, 4, cols), t.Param(kv, rows, 2*cols), 2, 2, drop))
		}},
		{"BCE", func(t *tape) tensor { return t.BCE(px(t), targets, weights) }},
		{"SquaredError", func(t *tape) tensor { return t.SquaredError(px(t), targets, weights) }},
		{"CrossEntropy", func(t *tape) tensor {
			return t.CrossEntropy(px(t), []int{0, 3, 1, 1, 2, 0}, []float64{1, 0.5, 0, 2, 1, 1})
		}},
		{"network", func(t *tape) tensor {
			h := t.Attention(t.Each(px(t), 2, 1), t.Concat([]tensor{px(t), t.Param(y, rows, cols)}), 3, 2, nn.Dropping{})
			h = t.LayerNorm(t.Add(h, t.Each(t.Param(y, rows, cols), 2, 0)), gain, bias)
			return t.CrossEntropy(t.Linear(t.Dropout(t.GELU(h), 1, drop), w, b), []int{0, 1, 2}, []float64{1, 1, 1})
		}},
	} {
		randomise(p, 5)
		worst, where := gradient.Check(p, 1000, c.loss)
		t.Logf("%-24s worst relative error %.1e", c.name, worst)
		if !(worst <= 1e-6) {
			t.Errorf("%s: %s", c.name, where)
		}
	}
}

// mlp is one training step of a network that has most ops.
func mlp(t *nn.Tape[float32], x []float32, w1, b1, gain, bias, w2, b2 nn.Param) nn.Tensor[float32] {
	h := t.Linear(t.Input(8, 16, x), w1, b1)
	h = t.Add(h, t.ReLU(t.LayerNorm(h, gain, bias)))
	h = t.Concat([]nn.Tensor[float32]{t.GELU(h), t.Sigmoid(h)})
	h = t.Attention(t.Each(t.Columns(h, 0, 16), 4, 3), h, 2, 2, nn.Dropping{})
	h = t.Append(h, t.Mean(h, 2), 1)
	return t.BCE(t.Linear(h, w2, b2), ones, ones)
}

var ones = []float32{1, 0, 1}

func mlpParams() (p *nn.Params[float32], w1, b1, gain, bias, w2, b2 nn.Param) {
	p = new(nn.Params[float32])
	w1, b1, gain, bias = p.Add("w1", 16, 16), p.Add("b1", 16), p.Add("gain", 16), p.Add("bias", 16)
	w2, b2 = p.Add("w2", 1, 16), p.Add("b2", 1)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range p.Values {
		p.Values[i] = float32(r.NormFloat64())
	}
	return p, w1, b1, gain, bias, w2, b2
}

func TestTapeThatDoesNotRecordAllocatesNothing(t *testing.T) {
	p, w1, b1, gain, bias, w2, b2 := mlpParams()
	still, x := nn.NewTape(p, false), make([]float32, 8*16)
	if n := testing.AllocsPerRun(20, func() {
		still.Reset()
		mlp(still, x, w1, b1, gain, bias, w2, b2)
	}); n != 0 {
		t.Errorf("%v allocations a pass", n)
	}
}

// A tape gives the same bits when it records, when it does not, with packed weights,
// and when it is used again; its gradients begin at 0 again.
func TestTapeIsTheSameAgain(t *testing.T) {
	p, w1, b1, gain, bias, w2, b2 := mlpParams()
	x := make([]float32, 8*16)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	record, still, served := nn.NewTape(p, true), nn.NewTape(p, false), nn.NewTape(p, false)
	packed := new(nn.PackedParams)
	packed.Pack(p, w1, b1, 1, 16, 16)
	served.Serve(packed)
	var grads []float32
	for range 3 {
		record.Reset()
		loss := mlp(record, x, w1, b1, gain, bias, w2, b2)
		record.Backward(loss)
		still.Reset()
		served.Reset()
		a, b := mlp(still, x, w1, b1, gain, bias, w2, b2), mlp(served, x, w1, b1, gain, bias, w2, b2)
		if a.Value[0] != loss.Value[0] || b.Value[0] != loss.Value[0] || loss.Value[0] == 0 {
			t.Fatalf("recorded %v, not recorded %v, packed %v", loss.Value[0], a.Value[0], b.Value[0])
		}
		if grads != nil && !slices.Equal(grads, record.Grads()) {
			t.Fatal("the second pass has other gradients")
		}
		grads = slices.Clone(record.Grads())
	}
}
