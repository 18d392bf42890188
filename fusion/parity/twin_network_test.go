package parity

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var (
	_ = registerTwin("network", network[float64], network[float32])
	_ = registerTwin("network_wide", network[float64], network[float32])
)

// typeRow of a modality in the table of type vectors: ts, text if there is text,
// then cxr, then ecg.
func typeRow(names []string, name string) int {
	row := 0
	for _, n := range [...]string{"ts", "text", "cxr", "ecg"} {
		if n == name {
			return row
		}
		if slices.Contains(names, n) {
			row++
		}
	}
	return row
}

// inputOf is Z of one modality [T][D], type vector included; a missing one is zeros
// or its learned embedding.
func inputOf[F nn.Float](c *Case, names []string, name string, out Outputs[F]) ([]F, error) {
	t, d := c.Int("T"), c.Int("D")
	if slices.Contains(c.List("missing"), name) {
		z := make([]F, t*d)
		if c.Text("missing_mode") == "learned" {
			learned := Weight[F](c, "missing."+name) // [T][D], or [D] for every reference point
			for i := range z {
				z[i] = learned[i%len(learned)]
			}
		}
		return z, nil
	}
	a := attentionWeightsOf[F](c, "mtand."+name+".", c.Int("mtand_heads"))
	tau, x, mask := In[float64](c, name+".tau"), In[F](c, name+".X"), In[F](c, name+".mask")
	width := c.InShape(name + ".X")[1]
	var z []F
	if name == "ts" {
		values, masks := valuesAndMask(x, mask, width)
		irr, _, _ := timeAttention(a, t, tau, values, masks)
		_, g, e, err := mixTimes(gateWeightsOf[F](c, "utde."), c.Text("utde_mode"), t, In[F](c, "ts.R"), irr)
		if err != nil {
			return nil, err
		}
		out["E_irr"], out["utde_g"] = irr, g
		z = e
	} else {
		z, _, _ = timeAttention(a, t, tau, x, spreadMask(mask, width))
	}
	kind := Weight[F](c, "type.E")[typeRow(names, name)*d:][:d]
	for i := range z {
		z[i] += kind[i%d]
	}
	return z, nil
}

func network[F nn.Float](c *Case) (Outputs[F], error) {
	names, t, d := c.List("modalities"), c.Int("T"), c.Int("D")
	out := Outputs[F]{}
	x := map[string][]F{}
	position := Weight[F](c, "pos.P")
	for _, name := range names {
		z, err := inputOf(c, names, name, out)
		if err != nil {
			return nil, err
		}
		out["Z."+name] = z
		x[name] = make([]F, t*d)
		for i, v := range z {
			x[name][i] = F(math.Sqrt(float64(d)))*v + position[i]
		}
	}
	for l := range c.Int("layers") {
		for _, name := range names {
			out[fmt.Sprintf("x%d.%s", l, name)] = slices.Clone(x[name])
		}
		next, y, gates, err := layerOf(c, fmt.Sprintf("layer%d.", l), names, x)
		if err != nil {
			return nil, err
		}
		out[fmt.Sprint("moe_y", l)], out[fmt.Sprint("gates", l)] = y, gates
		x = next
	}
	var h []F
	for _, name := range names {
		hidden := normRows(x[name], t, Weight[F](c, "final."+name+".ln.g"), Weight[F](c, "final."+name+".ln.b"))
		out["hidden."+name] = hidden
		h = append(h, hidden[(t-1)*d:]...)
	}
	head(c, h, out)
	return out, nil
}

// head is section 6.10: o = W_out(W_b relu(W_a h + b_a) + b_b + h) + b_out, the score
// and the task's loss.
func head[F nn.Float](c *Case, h []F, out Outputs[F]) {
	a, b := make([]F, len(h)), make([]F, len(h))
	nn.Linear(a, Weight[F](c, "head.W_a"), h, Weight[F](c, "head.b_a"))
	nn.ReLU(a)
	nn.Linear(b, Weight[F](c, "head.W_b"), a, Weight[F](c, "head.b_b"))
	for i := range b {
		b[i] += h[i]
	}
	bias := Weight[F](c, "head.b_out")
	logits := make([]F, len(bias))
	nn.Linear(logits, Weight[F](c, "head.W_out"), b, bias)
	out["logits"] = logits
	label := In[float64](c, "label")
	var loss float64
	if c.Text("task") == "PHE" {
		score := make([]F, len(logits))
		for i, v := range logits {
			score[i] = nn.Sigmoid(v)
			z := float64(v)
			loss += (math.Max(z, 0) - z*label[i] + math.Log1p(math.Exp(-math.Abs(z)))) / float64(len(logits))
		}
		out["score"] = score
	} else {
		p := slices.Clone(logits)
		nn.Softmax(p)
		out["score"] = p[1:2]
		z0, z1 := float64(logits[0]), float64(logits[1])
		top := math.Max(z0, z1)
		loss = top + math.Log(math.Exp(z0-top)+math.Exp(z1-top)) - float64(logits[int(label[0])])
	}
	out["loss"] = []F{F(loss)}
}
