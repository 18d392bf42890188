package parity

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var _ = registerTwin("fusion_layer", fusionLayer[float64], fusionLayer[float32])

// blockWeights of one modality in one layer (section 6.4).
type blockWeights[F nn.Float] struct {
	norm                               [3][2][]F // gain and offset before attention, MoE and FFN
	attnIn, attnInB, attnOut, attnOutB []F
	ffn1, ffn1B, ffn2, ffn2B           []F
}

func blockWeightsOf[F nn.Float](c *Case, prefix string) (w blockWeights[F]) {
	for i, name := range [...]string{"ln1.", "ln2.", "ln3."} {
		w.norm[i] = [2][]F{Weight[F](c, prefix+name+"g"), Weight[F](c, prefix+name+"b")}
	}
	w.attnIn, w.attnInB = Weight[F](c, prefix+"attn.W_in"), Weight[F](c, prefix+"attn.b_in")
	w.attnOut, w.attnOutB = Weight[F](c, prefix+"attn.W_out"), Weight[F](c, prefix+"attn.b_out")
	w.ffn1, w.ffn1B = Weight[F](c, prefix+"ffn.W_1"), Weight[F](c, prefix+"ffn.b_1")
	w.ffn2, w.ffn2B = Weight[F](c, prefix+"ffn.W_2"), Weight[F](c, prefix+"ffn.b_2")
	return w
}

// normRows is LayerNorm of each row of x [t][D].
func normRows[F nn.Float](x []F, t int, gain, offset []F) []F {
	d := len(x) / t
	out := make([]F, len(x))
	for j := range t {
		nn.LayerNorm(out[j*d:j*d+d], x[j*d:j*d+d], gain, offset)
	}
	return out
}

// selfAttention of x [t][D] with heads and no causal mask.
func selfAttention[F nn.Float](w *blockWeights[F], x []F, t, heads int) []F {
	d := len(x) / t
	packed := make([]F, t*3*d)
	nn.LinearRows(packed, w.attnIn, x, w.attnInB, t)
	mixed, weight := make([]F, t*d), make([]F, t)
	e := d / heads
	scale := F(1 / math.Sqrt(float64(e)))
	part := func(row, which, head int) []F {
		at := row*3*d + which*d + head*e
		return packed[at : at+e]
	}
	for j := range t {
		for h := range heads {
			for b := range t {
				weight[b] = nn.Dot(part(j, 0, h), part(b, 1, h)) * scale
			}
			nn.Softmax(weight)
			for b := range t {
				for i, v := range part(b, 2, h) {
					mixed[j*d+h*e+i] += weight[b] * v
				}
			}
		}
	}
	out := make([]F, t*d)
	nn.LinearRows(out, w.attnOut, mixed, w.attnOutB, t)
	return out
}

// layerOf runs one layer over the modalities' x [t][D] in the order of names; unit
// stay makes one MoE row of a whole modality, token one per reference point.
func layerOf[F nn.Float](c *Case, prefix string, names []string, x map[string][]F) (next map[string][]F, y, gates []F, err error) {
	t, heads := c.Int("T"), c.Int("heads")
	rows := t
	if c.Text("unit") == "stay" {
		rows = 1
	}
	next = map[string][]F{}
	var normed [][]F
	for _, name := range names {
		w := blockWeightsOf[F](c, prefix+name+".")
		u := selfAttention(&w, normRows(x[name], t, w.norm[0][0], w.norm[0][1]), t, heads)
		for i, v := range x[name] {
			u[i] += v
		}
		next[name] = u
		normed = append(normed, normRows(u, t, w.norm[1][0], w.norm[1][1]))
	}
	y, gates, err = mixture(expertWeightsOf[F](c, prefix+"moe."), c.Text("router"), c.Text("gating"), c.Text("form"), c.Int("k"), normed, rows)
	if err != nil {
		return nil, nil, nil, err
	}
	for m, name := range names {
		w := blockWeightsOf[F](c, prefix+name+".")
		u := next[name]
		width := len(u) / rows
		for b := range rows {
			for i := range width {
				u[b*width+i] += y[b*width*len(names)+m*width+i]
			}
		}
		hidden := make([]F, t*len(w.ffn1B))
		nn.LinearRows(hidden, w.ffn1, normRows(u, t, w.norm[2][0], w.norm[2][1]), w.ffn1B, t)
		nn.ReLU(hidden)
		f := make([]F, len(u))
		nn.LinearRows(f, w.ffn2, hidden, w.ffn2B, t)
		for i, v := range f {
			u[i] += v
		}
	}
	return next, y, gates, nil
}

func fusionLayer[F nn.Float](c *Case) (Outputs[F], error) {
	names := c.List("modalities")
	x := map[string][]F{}
	for _, name := range names {
		x[name] = In[F](c, "x."+name)
	}
	next, y, gates, err := layerOf(c, "", names, x)
	if err != nil {
		return nil, err
	}
	out := Outputs[F]{"gates": gates, "moe_y": y}
	for _, name := range names {
		out["out."+name] = next[name]
	}
	return out, nil
}
