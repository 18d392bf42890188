package fusion

import (
	"fmt"
	"sync"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// recipe is the network of the PhysioNet 2012 recipe: 37 channels in three modalities,
// D 32, 49 tokens, two layers.
func recipe() *Config {
	c := small("physionet2012", nil)
	c.Modalities = []Modality{{Name: "vital", Kind: KindSeries}, {Name: "support", Kind: KindSeries}, {Name: "lab", Kind: KindSeries}}
	c.Channels = nil
	for m, n := range []int{10, 5, 22} {
		for i := range n {
			c.Channels = append(c.Channels, Channel{Name: fmt.Sprint(m, "-", i), Modality: c.Modalities[m].Name, Scale: 1})
		}
	}
	c.Statics = []string{"age", "sex", "height", "unit", "weight"}
	c.TimeWidth, c.Now, c.Skip, c.Width, c.FFN = 32, 64, 96, 32, 64
	c.Missing, c.States = MissingZeros, false
	c.Experts, c.Hidden = 8, 64
	c.Tasks = nil
	for k := range 8 {
		c.Tasks = append(c.Tasks, Task{Name: fmt.Sprint("t", k), Kind: TaskBinary, Weight: 1})
	}
	c.Dropout = Dropout{Input: 0.1, Token: 0.2, Residual: 0.2, Expert: 0.2, NowInput: 0.2, NowHidden: 0.3, SkipInput: 0.2, SkipHidden: 0.4, HeadInput: 0.3, HeadHidden: 0.3}
	return c
}

// The recipe has the number of parameters that it was measured with: 1.12 million, 723
// thousand without the skip.
func TestRecipeParameters(t *testing.T) {
	count := func(c *Config) int {
		n, err := NewNetwork[float32](c)
		if err != nil {
			t.Fatal(err)
		}
		return n.Params().Total()
	}
	with := count(recipe())
	c := recipe()
	c.Skip = 0
	without := count(c)
	t.Logf("%d parameters, %d without the skip", with, without)
	if with/10_000 != 112 || without/1000 != 723 {
		t.Errorf("%d and %d parameters, want 1.12 million and 723 thousand", with, without)
	}
}

// BenchmarkTrainingStep is one step of the recipe but for the optimiser: 64 stays in two
// shards of 32, forward and backward, each shard on a core of its own.
func BenchmarkTrainingStep(b *testing.B) {
	c := recipe()
	n, err := NewNetwork[float32](c)
	if err != nil {
		b.Fatal(err)
	}
	n.Init(1)
	const shards, each = 2, 32
	var tapes [shards]*nn.Tape[float32]
	var in [shards][]*encoders.Input
	labels := Labels{Known: make([]float64, len(c.Tasks)), Share: 1.0 / shards}
	for k := range labels.Known {
		labels.Known[k] = shards * each
		for i := range each {
			labels.Values = append(labels.Values, float32((i+k)%2))
		}
	}
	for s := range tapes {
		tapes[s] = nn.NewTape(n.Params(), true)
		for i := range each {
			in[s] = append(in[s], invented(n.Shape(), uint64(s*each+i)))
		}
	}
	b.ReportAllocs()
	step, begin := uint64(0), cpuTime()
	for b.Loop() {
		step++
		var wait sync.WaitGroup
		for s := range tapes {
			wait.Go(func() {
				t := tapes[s]
				t.Reset()
				out := n.Forward(t, in[s], &Train{Draw: nn.Draw{Seed: 1, Step: step}, First: uint64(s * each)})
				t.Backward(n.Loss(t, out, labels))
			})
		}
		wait.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/step")
	b.ReportMetric(float64((cpuTime()-begin).Milliseconds())/float64(b.N), "core-ms/step")
}
