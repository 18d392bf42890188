package parity

import (
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var (
	_ = register("network", runNetwork[float64], runNetwork[float32])
	_ = register("network_wide", runNetwork[float64], runNetwork[float32])
)

// series is the name of the numeric modality in the cases.
const series = "ts"

// networkConfig is the config of the published network, in the sizes of a case.
func networkConfig(c *Case) *fusion.Config {
	names := c.List("modalities")
	moe := moeConfig(c, "layer0.moe.")
	cfg := &fusion.Config{
		Format: fusion.Format, Name: c.Name, Points: c.Int("T"), Cells: c.Int("T"), Reference: fusion.Published,
		TimeWidth: c.WeightShape("phi.w")[0], TimeHeads: c.Int("mtand_heads"),
		Values: fusion.ValuesID, Seen: true, Regular: fusion.Published, UTDE: c.Text("utde_mode"),
		Width: c.Int("D"), Layers: c.Int("layers"), Heads: c.Int("heads"), FFN: c.WeightShape("layer0." + names[0] + ".ffn.W_1")[0],
		Scaled: true, Missing: fusion.MissingZeros, Pool: fusion.PoolLast,
		Form: c.Text("unit"), Router: moe.Router, Gate: moe.Gate, Experts: moe.Experts, TopK: moe.TopK, Hidden: moe.Hidden,
		Expert: fusion.ExpertFFN, BalanceOf: fusion.Published,
	}
	if moe.Mixture {
		cfg.Expert = fusion.ExpertLogMixture
	}
	for _, name := range names {
		if name == series {
			cfg.Modalities = append(cfg.Modalities, fusion.Modality{Name: name, Kind: fusion.KindSeries})
			for i := range c.InShape("ts.X")[1] {
				cfg.Channels = append(cfg.Channels, fusion.Channel{Name: fmt.Sprint("c", i), Modality: name, Scale: 1})
			}
			continue
		}
		cfg.Modalities = append(cfg.Modalities, fusion.Modality{Name: name, Kind: fusion.KindItems, Width: c.InShape(name + ".X")[1]})
		if shape := c.WeightShape("missing." + name); c.Text("missing_mode") != "zeros" && shape != nil {
			if cfg.Missing = fusion.MissingLearned; len(shape) == 2 {
				cfg.Missing = fusion.MissingPoints
			}
		}
	}
	for i := range c.WeightShape("head.W_out")[0] {
		cfg.Tasks = append(cfg.Tasks, fusion.Task{Name: fmt.Sprint("t", i), Kind: fusion.TaskBinary})
	}
	return cfg
}

// runNetwork is a whole network with the weights of the case: the tokens of each
// modality, what every layer makes of them, the task's score, and the gradient of its
// loss.
func runNetwork[F nn.Float](c *Case) (Outputs[F], error) {
	n, err := fusion.NewNetwork[F](networkConfig(c))
	if err != nil {
		return nil, err
	}
	b := newBench[F](c)
	b.params = n.Params()
	if err := b.begin(n.Published()); err != nil {
		return nil, err
	}
	names := c.List("modalities")
	z := make([]nn.Tensor[F], len(names))
	for m := range names {
		z[m] = b.embed(n, m)
		b.out["Z."+names[m]] = z[m].Value
	}
	trace := new(fusion.Trace[F])
	out := n.Fuse(b.tape, z, 1, nil, trace)
	for l := range trace.X {
		for m, name := range names {
			b.out[fmt.Sprintf("x%d.%s", l, name)] = trace.X[l][m].Value
		}
		b.out[fmt.Sprint("moe_y", l)] = trace.Y[l].Value
		for _, r := range trace.Routed[l] {
			name := fmt.Sprint("gates", l)
			b.out[name] = append(b.out[name], r.Chosen.Gates(b.tape, r.Scores.Cols).Value...)
		}
	}
	for m, name := range names {
		b.out["hidden."+name] = trace.Hidden[m].Value
	}
	b.task(out.Logits)
	if row := b.out[gradient+"pos.P"]; row != nil { // the published code keeps row 0 as it was drawn
		clear(row[:n.Config.Width])
	}
	return b.out, nil
}

// embed is the tokens of one modality, from rows of their own times.
func (b *bench[F]) embed(n *fusion.Network[F], m int) nn.Tensor[F] {
	c, t, front, points := b.c, b.tape, &n.Fronts[m], n.Config.Points
	present := !slices.Contains(c.List("missing"), front.Name)
	var z nn.Tensor[F]
	switch {
	case !present:
		z = t.Input(points, n.Config.Width, make([]F, points*n.Config.Width))
	case front.Name == series:
		o, _ := attendRows(t, n.Phi, n.Keys, points, b.leaf("ts.tau"), b.leaf("ts.X"), In[F](c, "ts.mask"))
		irr := t.Linear(o, front.Attention.W, front.Attention.B)
		table := b.leaf("ts.R")
		mixed, gate := front.UTDE.Mix(t, irr, t.Linear(table, front.Regular.W, front.Regular.B), points, nn.Dropping{})
		b.out["E_irr"], b.out["utde_g"], z = irr.Value, gate.Value, mixed
	default:
		z = itemsOf(t, n.Phi, front.Items, points, b.leaf(front.Name+".tau"), b.leaf(front.Name+".X"), In[F](c, front.Name+".mask"))
	}
	return fusion.SettleTokens(t, front.Settle, z, []bool{present}, nil)
}

// task is the loss and the score of the case's task, with the gradients of the loss.
func (b *bench[F]) task(logits nn.Tensor[F]) {
	t, label := b.tape, In[F](b.c, "label")
	b.out["logits"] = logits.Value
	var loss nn.Tensor[F]
	if b.c.Text("task") == "PHE" {
		weights := make([]F, logits.Cols)
		for i := range weights {
			weights[i] = 1 / F(logits.Cols)
		}
		loss = t.BCE(logits, label, weights)
		b.out["score"] = t.Sigmoid(logits).Value
	} else {
		loss = t.CrossEntropy(logits, []int{int(label[0])}, []F{1})
		b.out["score"] = t.Softmax(logits).Value[1:2]
	}
	b.out["loss"] = loss.Value
	b.gradients(loss)
}
