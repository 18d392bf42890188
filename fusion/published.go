package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Link says where the elements of one tensor of the published network lie in ours:
// element i of Len is element At(i) of a parameter.
type Link struct {
	Name string
	Len  int
	At   func(i int) (nn.Param, int)
}

// same is a tensor that is a parameter as it is.
func same[F nn.Float](p *nn.Params[F], name string, to nn.Param) Link {
	return Link{name, p.Len(to), func(i int) (nn.Param, int) { return to, i }}
}

// DenseLinks are the links of a dense layer, by the published names of weights and bias.
func DenseLinks[F nn.Float](p *nn.Params[F], w, b string, to Dense) []Link {
	return []Link{same(p, w, to.W), same(p, b, to.B)}
}

// EmbeddingLinks are the links of a time embedding, phi.w and phi.b.
func EmbeddingLinks[F nn.Float](p *nn.Params[F], l TimeEmbedding[F]) []Link {
	return []Link{same(p, "phi.w", l.W), same(p, "phi.b", l.B)}
}

// KeyLinks are the links of the projections of times, under a prefix.
func KeyLinks[F nn.Float](p *nn.Params[F], prefix string, l TimeKeys[F]) []Link {
	return append(DenseLinks(p, prefix+"W_Q", prefix+"b_Q", l.Query), DenseLinks(p, prefix+"W_K", prefix+"b_K", l.Key)...)
}

// ItemLinks are the links of an item modality's attention: the published W_O is
// [D][H*width], ours [H*D][width].
func ItemLinks[F nn.Float](p *nn.Params[F], prefix string, l ItemAttention[F]) []Link {
	n, h := p.Len(l.Project.W), l.Keys.Heads
	width := n / (h * l.D)
	out := Link{prefix + "W_O", n, func(i int) (nn.Param, int) {
		d, head, c := i/(h*width), i/width%h, i%width
		return l.Project.W, (head*l.D+d)*width + c
	}}
	return append(KeyLinks(p, prefix, l.Keys), out, same(p, prefix+"b_O", l.Bias))
}

// UTDELinks are the links of the UTDE gate and of the regular branch's projection.
func UTDELinks[F nn.Float](p *nn.Params[F], prefix string, l UTDE[F], regular Dense) []Link {
	links := append(DenseLinks(p, prefix+"W_1", prefix+"b_1", l.First), DenseLinks(p, prefix+"W_2", prefix+"b_2", l.Second)...)
	return append(links, same(p, prefix+"W_reg", regular.W))
}

// MoELinks are the links of a mixture of experts: the published router.W [R][in][S] has a
// column for each expert, and our centres have a row.
func MoELinks[F nn.Float](p *nn.Params[F], prefix string, m MoE[F]) []Link {
	return append(RouterLinks(p, prefix+"router.W", m.Centres, m.PerRouter),
		same(p, prefix+"W_1", m.Experts.W1), same(p, prefix+"b_1", m.Experts.B1),
		same(p, prefix+"W_2", m.Experts.W2), same(p, prefix+"b_2", m.Experts.B2))
}

// RouterLinks are those of one tensor of routers' weights [R][in][experts].
func RouterLinks[F nn.Float](p *nn.Params[F], name string, centres []nn.Param, experts int) []Link {
	each := p.Len(centres[0])
	in := each / experts
	return []Link{{name, each * len(centres), func(i int) (nn.Param, int) {
		r, k, e := i/each, i%each/experts, i%experts
		return centres[r], e*in + k
	}}}
}

// BlockLinks are the links of a modality's block: the published attn.W_in has the rows of
// query, key and value in one tensor.
func BlockLinks[F nn.Float](p *nn.Params[F], prefix string, b Block) []Link {
	var links []Link
	for i, n := range [...]norm{b.Norm1, b.Norm2, b.Norm3} {
		links = append(links, same(p, fmt.Sprintf("%sln%d.g", prefix, i+1), n.Gain), same(p, fmt.Sprintf("%sln%d.b", prefix, i+1), n.Bias))
	}
	joined := func(name string, q, kv nn.Param) Link {
		n := p.Len(q)
		return Link{prefix + name, n + p.Len(kv), func(i int) (nn.Param, int) {
			if i < n {
				return q, i
			}
			return kv, i - n
		}}
	}
	links = append(links, joined("attn.W_in", b.Query.W, b.KeyValue.W), joined("attn.b_in", b.Query.B, b.KeyValue.B))
	links = append(links, DenseLinks(p, prefix+"attn.W_out", prefix+"attn.b_out", b.Out)...)
	links = append(links, DenseLinks(p, prefix+"ffn.W_1", prefix+"ffn.b_1", b.First)...)
	return append(links, DenseLinks(p, prefix+"ffn.W_2", prefix+"ffn.b_2", b.Second)...)
}

// LayerLinks are the links of a fusion layer with modalities of the given names.
func LayerLinks[F nn.Float](p *nn.Params[F], prefix string, names []string, l Layer[F]) []Link {
	links := MoELinks(p, prefix+"moe.", l.MoE)
	for m, name := range names {
		links = append(links, BlockLinks(p, prefix+name+".", l.Blocks[m])...)
	}
	return links
}

// Import sets parameters from the published network's tensors, which tensor finds by
// name. A tensor that is not there, or has another size, is an error.
func Import[F nn.Float](p *nn.Params[F], links []Link, tensor func(name string) ([]F, bool)) error {
	for _, l := range links {
		v, ok := tensor(l.Name)
		switch {
		case !ok:
			return fmt.Errorf("the published network's tensor %s is not there", l.Name)
		case len(v) != l.Len:
			return fmt.Errorf("the published network's tensor %s has %d elements, want %d", l.Name, len(v), l.Len)
		}
		for i, x := range v {
			param, at := l.At(i)
			p.Value(param)[at] = x
		}
	}
	return nil
}

// Export is the elements of a link, in the published order, from any flat slice that is
// laid out as the parameters, such as their gradients.
func Export[F nn.Float](p *nn.Params[F], flat []F, l Link) []F {
	out := make([]F, l.Len)
	for i := range out {
		param, at := l.At(i)
		out[i] = flat[p.Offsets[param]+at]
	}
	return out
}

// Published are the links of a whole network that is configured as the published one:
// its one series is called ts there, and the table of type vectors has the rows ts,
// text, cxr and ecg as far as the network has them. Learned embeddings of missing
// modalities, which the published code lacks, are missing.NAME; ts is never missing there.
func (n *Network[F]) Published() []Link {
	p := &n.params
	links := append(EmbeddingLinks(p, n.Phi), same(p, "pos.P", n.positions))
	var types []nn.Param
	for _, name := range [...]string{"ts", "text", "cxr", "ecg"} {
		for i := range n.Fronts {
			if n.Fronts[i].Name == name {
				types = append(types, n.Fronts[i].Settle.Type)
			}
		}
	}
	d := n.Config.Width
	links = append(links, Link{"type.E", d * len(types), func(i int) (nn.Param, int) { return types[i/d], i % d }})
	for i := range n.Fronts {
		m := &n.Fronts[i]
		prefix := "mtand." + m.Name + "."
		if m.Series >= 0 {
			links = append(links, KeyLinks(p, prefix, n.Keys)...)
			links = append(links, DenseLinks(p, prefix+"W_O", prefix+"b_O", m.Attention)...)
			links = append(links, UTDELinks(p, "utde.", m.UTDE, m.Regular)...)
		} else {
			links = append(links, ItemLinks(p, prefix, m.Items)...)
			if m.Settle.Missing != nn.NoParam {
				links = append(links, same(p, "missing."+m.Name, m.Settle.Missing))
			}
		}
		links = append(links, same(p, "final."+m.Name+".ln.g", m.Final.Gain), same(p, "final."+m.Name+".ln.b", m.Final.Bias))
	}
	for l, layer := range n.layers {
		links = append(links, LayerLinks(p, fmt.Sprintf("layer%d.", l), n.Config.names(), layer)...)
	}
	links = append(links, DenseLinks(p, "head.W_a", "head.b_a", n.head.A)...)
	links = append(links, DenseLinks(p, "head.W_b", "head.b_b", n.head.B)...)
	return append(links, DenseLinks(p, "head.W_out", "head.b_out", n.head.Out)...)
}
