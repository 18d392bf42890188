package parity

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// invented makes cases of random sizes, without expected values.
type invented struct {
	r *rand.Rand
	c *Case
}

func (v *invented) tensor(to map[string]Tensor, name string, shape ...int) {
	n := 1
	for _, d := range shape {
		n *= d
	}
	t := Tensor{Shape: shape, Values: make([]float64, n)}
	for i := range t.Values {
		t.Values[i] = float64(float32(0.5 * v.r.NormFloat64()))
	}
	to[name] = t
}

func (v *invented) weight(name string, shape ...int) { v.tensor(v.c.weights, name, shape...) }

func (v *invented) weightsUnder(prefix string, shapes map[string][]int) {
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		v.weight(prefix+name, shapes[name]...)
	}
}

// mask of rows, or of rows and channels; about a third is missing.
func (v *invented) mask(name string, shape ...int) {
	v.tensor(v.c.in, name, shape...)
	m := v.c.in[name].Values
	for i := range m {
		m[i] = 0
		if v.r.IntN(3) > 0 {
			m[i] = 1
		}
	}
}

func (v *invented) tau(name string, l int) {
	v.tensor(v.c.in, name, l)
	for i := range v.c.in[name].Values {
		v.c.in[name].Values[i] = float64(float32(v.r.Float64()))
	}
	slices.Sort(v.c.in[name].Values)
}

func (v *invented) attention(prefix string, d, e, in int) {
	for _, name := range []string{"W_Q", "W_K"} {
		v.weight(prefix+name, e, e)
	}
	v.weight(prefix+"b_Q", e)
	v.weight(prefix+"b_K", e)
	v.weight(prefix+"W_O", d, in)
	v.weight(prefix+"b_O", d)
}

func (v *invented) moe(prefix, router string, modalities, width, experts, hidden int) {
	out := modalities * width
	switch router {
	case "joint":
		v.weight(prefix+"router.W", 1, out, experts)
		v.weight(prefix+"W_1", experts, hidden, out)
		v.weight(prefix+"b_1", experts, hidden)
		v.weight(prefix+"W_2", experts, out, hidden)
		v.weight(prefix+"b_2", experts, out)
	case "permod":
		v.weight(prefix+"router.W", modalities, width, experts)
		v.weight(prefix+"W_1", experts, hidden, width)
		v.weight(prefix+"b_1", experts, hidden)
		v.weight(prefix+"W_2", experts, out, hidden)
		v.weight(prefix+"b_2", experts, out)
	default:
		each := experts / modalities
		v.weight(prefix+"router.W", modalities, width, each)
		v.weight(prefix+"W_1", modalities, each, hidden, width)
		v.weight(prefix+"b_1", modalities, each, hidden)
		v.weight(prefix+"W_2", modalities, each, out, hidden)
		v.weight(prefix+"b_2", modalities, each, out)
	}
}

// inventedNetwork makes a case of the group network: any number of reference points, channels,
// items, modalities and experts.
func inventedNetwork(r *rand.Rand) *Case {
	v := &invented{r, &Case{Name: "invented", Params: map[string]any{}, in: map[string]Tensor{}, weights: map[string]Tensor{}}}
	names := [][]string{{"ts"}, {"text", "ts"}, {"ts", "cxr", "text"}, {"ts", "cxr", "text", "ecg"}}[r.IntN(4)]
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	one := func(most int) int { return 1 + r.IntN(most) }
	t, heads, mtand, channels, hidden, outputs := one(9), one(3), one(4), one(7), one(6), 2+r.IntN(5)
	d, e := heads*one(5), mtand*one(5)
	router, unit := pick("joint", "permod", "disjoint"), pick("stay", "token")
	experts := len(names) * (2 + r.IntN(4))
	k := 1 + r.IntN(experts/len(names))
	var listed []any
	for _, name := range names {
		listed = append(listed, name)
	}
	v.c.Params = map[string]any{
		"modalities": listed, "T": float64(t), "D": float64(d), "heads": float64(heads), "layers": float64(one(3)), "mtand_heads": float64(mtand),
		"utde_mode": pick("batch", "batch_seq", "batch_seq_feature"), "unit": unit, "router": router, "form": pick("plain", "log"),
		"gating": pick("softmax", "laplace", "gaussian"), "k": float64(k), "task": pick("IHM", "PHE"), "missing_mode": "none",
	}
	v.weight("phi.w", e)
	v.weight("phi.b", e)
	v.weight("pos.P", t, d)
	v.weight("type.E", len(names), d)
	out := 1
	if v.c.Text("utde_mode") == "batch_seq_feature" {
		out = d
	}
	v.weightsUnder("utde.", map[string][]int{"W_reg": {d, 2 * channels}, "W_1": {d, 2 * d}, "b_1": {d}, "W_2": {out, d}, "b_2": {out}})
	for _, name := range names {
		l, width := one(6), channels
		if name == series {
			v.mask("ts.mask", l, width)
			v.tensor(v.c.in, "ts.R", t, 2*width)
			v.attention("mtand.ts.", d, e, 2*width*mtand)
		} else {
			width = one(9)
			v.mask(name+".mask", l)
			v.attention("mtand."+name+".", d, e, width*mtand)
		}
		v.tensor(v.c.in, name+".X", l, width)
		v.tau(name+".tau", l)
		v.weight("final."+name+".ln.g", d)
		v.weight("final."+name+".ln.b", d)
	}
	width := d
	if unit == "stay" {
		width *= t
	}
	ffn := one(8)
	for l := range v.c.Int("layers") {
		v.moe(fmt.Sprintf("layer%d.moe.", l), router, len(names), width, experts, hidden)
		for _, name := range names {
			v.weightsUnder(fmt.Sprintf("layer%d.%s.", l, name), map[string][]int{
				"ln1.g": {d}, "ln1.b": {d}, "ln2.g": {d}, "ln2.b": {d}, "ln3.g": {d}, "ln3.b": {d},
				"attn.W_in": {3 * d, d}, "attn.b_in": {3 * d}, "attn.W_out": {d, d}, "attn.b_out": {d},
				"ffn.W_1": {ffn, d}, "ffn.b_1": {ffn}, "ffn.W_2": {d, ffn}, "ffn.b_2": {d},
			})
		}
	}
	if v.c.Text("task") != "PHE" {
		outputs = 2
	}
	joined := d * len(names)
	v.weightsUnder("head.", map[string][]int{
		"W_a": {joined, joined}, "b_a": {joined}, "W_b": {joined, joined}, "b_b": {joined}, "W_out": {outputs, joined}, "b_out": {outputs},
	})
	v.tensor(v.c.in, "label", outputs)
	for i := range v.c.in["label"].Values {
		v.c.in["label"].Values[i] = float64(r.IntN(2))
	}
	return v.c
}

// At sizes that no vector has, layers and twins agree, in everything on the way.
func TestLayersAndTwinsAtAnySize(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 30
	}
	for seed := range uint64(rounds) {
		c := inventedNetwork(rand.New(rand.NewPCG(seed, 7)))
		got, wrong := outputs(c, runNetwork[float64])
		if wrong != "" {
			t.Fatalf("seed %d, %v: %s", seed, c.Params, wrong)
		}
		want, wrong := outputs(c, network[float64])
		if wrong != "" {
			t.Fatalf("seed %d, the twin, %v: %s", seed, c.Params, wrong)
		}
		for name, w := range want {
			if len(w) != len(got[name]) {
				t.Fatalf("seed %d, %v: %s has %d elements, the twin's %d", seed, c.Params, name, len(got[name]), len(w))
			}
			for i := range w {
				if !(math.Abs(got[name][i]-w[i]) <= 1e-9*max(1, math.Abs(w[i]))) {
					t.Fatalf("seed %d, %v: %s[%d] is %v, the twin's %v", seed, c.Params, name, i, got[name][i], w[i])
				}
			}
		}
	}
}
