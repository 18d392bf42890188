package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("time_embedding", runTime[float64], runTime[float32])

// runTime is phi of the given times, and the reference points of several lengths.
func runTime[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	l := fusion.NewTimeEmbedding(b.params, c.Int("E"))
	if err := b.begin(fusion.EmbeddingLinks(b.params, l)); err != nil {
		return nil, err
	}
	tau := b.leaf("tau")
	y := l.At(b.tape, tau)
	b.probe("probe", y)
	b.backward()
	b.gradientOf("tau", tau)
	b.out["phi"] = y.Value
	for name, t := range c.Counts("ref_times_T") {
		b.out[name] = fusion.ReferenceTimes[F](fusion.Published, t)
	}
	return b.out, nil
}

var (
	_ = register("mtand", runAttention[float64], runAttention[float32])
	_ = register("mtand_grad", runAttention[float64], runAttention[float32])
)

// runAttention is the multi-time attention of a case: over a series where the mask is one
// of channels, over items where it is one of rows.
func runAttention[F nn.Float](c *Case) (Outputs[F], error) {
	shape := c.InShape("X")
	if len(shape) != 2 || shape[0] < 1 || shape[1] < 1 {
		return nil, fmt.Errorf("in/X has shape %v, want [L][d]", shape)
	}
	if len(c.InShape("mask")) == 2 {
		return runSeries[F](c)
	}
	return runItems[F](c)
}

// cellsOf is rows x [L][C] under a mask [L][C] as the cells of channels, one for each
// row, with what carries the cells' gradient back to the rows.
func cellsOf[F nn.Float](t *nn.Tape[F], x nn.Tensor[F], mask []F) fusion.Cells[F] {
	l, channels := x.Rows, x.Cols
	cells := fusion.Cells[F]{Count: l, Z: make([]F, l*channels), N: make([]F, l*channels), ZGrad: make([]F, l*channels)}
	for i := range l {
		for ch := range channels {
			cells.Z[ch*l+i], cells.N[ch*l+i] = x.Value[i*channels+ch], mask[i*channels+ch]
		}
	}
	if x.Grad != nil {
		t.Record(func() {
			for i := range l {
				for ch := range channels {
					x.Grad[i*channels+ch] += cells.ZGrad[ch*l+i]
				}
			}
		})
	}
	return cells
}

// seriesOf is the attention of the published code: its values are z and the indicator.
func seriesOf[F nn.Float](channels, heads, points int) fusion.SeriesAttention[F] {
	members := make([]int, channels)
	for i := range members {
		members[i] = i
	}
	return fusion.SeriesAttention[F]{Heads: heads, Points: points, Seen: true, Members: [][]int{members}}
}

// attendRows is multi-time attention from rows of their own times: the heads' outputs
// [T][H*2C] and the scores [H*T][L].
func attendRows[F nn.Float](t *nn.Tape[F], phi fusion.TimeEmbedding[F], keys fusion.TimeKeys[F], points int, tau, x nn.Tensor[F], mask []F) (o, scores nn.Tensor[F]) {
	series := seriesOf[F](x.Cols, keys.Heads, points)
	scores = keys.Scores(t, phi.At(t, t.Input(points, 1, fusion.ReferenceTimes[F](fusion.Published, points))), phi.At(t, tau))
	out := series.Outputs(t, 1)
	series.Attend(t, out, 0, scores, fusion.Exponentials(t, scores, false), cellsOf(t, x, mask))
	return out[0], scores
}

// runSeries is the attention over channels with masks of their own, and its projection.
func runSeries[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	phi := fusion.NewTimeEmbedding(b.params, c.WeightShape("phi.w")[0])
	keys := fusion.NewTimeKeys(b.params, "", c.WeightShape("phi.w")[0], c.Int("H"), false)
	out := fusion.NewDense(b.params, "out", c.Int("D"), 2*c.Int("H")*c.InShape("X")[1])
	if err := b.begin(fusion.EmbeddingLinks(b.params, phi), fusion.KeyLinks(b.params, "", keys), fusion.DenseLinks(b.params, "W_O", "b_O", out)); err != nil {
		return nil, err
	}
	tau, x := b.leaf("tau"), b.leaf("X")
	o, scores := attendRows(b.tape, phi, keys, c.Int("T"), tau, x, In[F](c, "mask"))
	z := b.tape.Linear(o, out.W, out.B)
	b.probe("probe", z)
	b.backward()
	b.gradientOf("tau", tau)
	b.gradientOf("X", x)
	b.out["Z"], b.out["o"], b.out["scores"] = z.Value, o.Value, scores.Value
	return b.out, nil
}

// runItems goes the production way, projected items under the attention's weights, for
// Z and the gradients; the heads' outputs before the projection, which that way does
// not have, come from the series' attention with the row's mask on every column.
func runItems[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	e, width := c.WeightShape("phi.w")[0], c.InShape("X")[1]
	phi := fusion.NewTimeEmbedding(b.params, e)
	l := fusion.NewItemAttention(b.params, "", e, c.Int("H"), width, c.Int("D"), false)
	if err := b.begin(fusion.EmbeddingLinks(b.params, phi), fusion.ItemLinks(b.params, "", l)); err != nil {
		return nil, err
	}
	tau, x := b.leaf("tau"), b.leaf("X")
	z := itemsOf(b.tape, phi, l, c.Int("T"), tau, x, In[F](c, "mask"))
	b.probe("probe", z)
	b.backward()
	b.gradientOf("tau", tau)
	b.gradientOf("X", x)
	b.out["Z"] = z.Value
	if c.Wants("o") {
		o, scores := attendRows(b.tape, phi, l.Keys, c.Int("T"), tau, x, spread(In[F](c, "mask"), width))
		b.out["scores"] = scores.Value
		for r := range o.Rows { // of [width ratios, width indicators] by head the ratios
			for h := range l.Keys.Heads {
				b.out["o"] = append(b.out["o"], o.Row(r)[2*h*width:(2*h+1)*width]...)
			}
		}
	}
	return b.out, nil
}

// itemsOf is the attention of the rows that a mask admits; without any it is the bias
// alone, as the published code has it, which a stay without items never comes to.
func itemsOf[F nn.Float](t *nn.Tape[F], phi fusion.TimeEmbedding[F], l fusion.ItemAttention[F], points int, tau, x nn.Tensor[F], mask []F) nn.Tensor[F] {
	var index []int
	for i, m := range mask {
		if m > 0 {
			index = append(index, i)
		}
	}
	phiR := phi.At(t, t.Input(points, 1, fusion.ReferenceTimes[F](fusion.Published, points)))
	if len(index) == 0 {
		z := t.New(points, l.D, true)
		for r := range points {
			copy(z.Row(r), t.Value(l.Bias))
		}
		t.Record(func() { nn.AddColumns(t.Grad(l.Bias), z.Grad) })
		return z
	}
	y := t.Linear(t.Gather(x, index), l.Project.W, nn.NoParam)
	return l.Attend(t, phiR, phi.At(t, t.Gather(tau, index)), y, []int{0, len(index)})
}

// spread is a row mask [L] as a mask [L][d].
func spread[F nn.Float](rows []F, d int) []F {
	mask := make([]F, 0, len(rows)*d)
	for _, m := range rows {
		for range d {
			mask = append(mask, m)
		}
	}
	return mask
}

var _ = register("imputation", runImputation[float64], runImputation[float32])

// runImputation goes the production way for the true carry-forward on hour bins, from
// the series that a window makes of the events. The same rule at whole hours is that of
// bins which end there. What the published loader does is no part of the model: that
// table is made here, by its own rule.
func runImputation[F nn.Float](c *Case) (Outputs[F], error) {
	rows, channels := c.Int("T"), c.Int("C")
	t, x, mask := In[float64](c, "t"), In[float32](c, "X"), In[F](c, "mask")
	out := Outputs[F]{"R_code": loaderTable(rows, channels, t, In[F](c, "X"), mask)}
	members := make([]int, channels)
	for i := range members {
		members[i] = i
	}
	for _, rule := range []struct {
		name string
		cell func(hours float64) int
	}{
		{"R_locf_bin", func(hours float64) int { return int(hours) }},
		{"R_locf_point", func(hours float64) int { // the first whole hour not before it
			if whole := int(hours); float64(whole) == hours {
				return whole
			}
			return int(hours) + 1
		}},
	} {
		s := encoders.NewSeries(channels, rows)
		for i, hours := range t {
			cell := rule.cell(hours)
			if hours < 0 || cell >= rows {
				continue
			}
			for ch := range channels {
				if mask[i*channels+ch] > 0 {
					s.Count[ch*rows+cell]++
					s.Last[ch*rows+cell] = x[i*channels+ch]
				}
			}
		}
		table := make([]float32, rows*2*channels)
		fusion.CarryForward(table, &s, members, rows)
		for i, v := range table {
			if rule.name == "R_locf_point" && i%(2*channels) >= channels {
				continue // values without indicators
			}
			out[rule.name] = append(out[rule.name], F(v))
		}
	}
	return out, nil
}

// loaderTable is the hourly table [T][2C] as the published loader fills it from events
// in order at t [L] hours with x and mask [L][C]. It keeps the quirks: an hour without
// events stays 0 and breaks the chain, a later event that lacks a channel puts the hour
// before over the value of its own hour, an observed 0 is not carried.
func loaderTable[F nn.Float](rows, channels int, t []float64, x, mask []F) []F {
	r := make([]F, rows*2*channels)
	for i, hours := range t {
		row := int(hours)
		if hours < 0 || row >= rows {
			continue
		}
		at, before := row*2*channels, (row+rows-1)%rows*2*channels // row 0 looks at the last
		for c := range channels {
			switch {
			case mask[i*channels+c] > 0:
				r[at+c], r[at+channels+c] = x[i*channels+c], 1
			case r[before+c] != 0:
				r[at+c] = r[before+c]
			}
		}
	}
	return r
}

var _ = register("utde", runUTDE[float64], runUTDE[float32])

// runUTDE is the gate between the irregular branch, which the case gives, and the
// projected table of the regular one.
func runUTDE[F nn.Float](c *Case) (Outputs[F], error) {
	b := newBench[F](c)
	d := c.Int("D")
	regular := fusion.NewProjection(b.params, "regular", d, c.WeightShape("W_reg")[1])
	l, err := fusion.NewUTDE(b.params, "", c.Text("mode"), d)
	if err != nil {
		return nil, err
	}
	if err := b.begin(fusion.UTDELinks(b.params, "", l, regular)); err != nil {
		return nil, err
	}
	r, irr := b.leaf("R"), b.leaf("E_irr")
	reg := b.tape.Linear(r, regular.W, regular.B)
	mixed, gate := l.Mix(b.tape, irr, reg, c.Int("T"), nn.Dropping{})
	b.probe("probe", mixed)
	b.backward()
	b.gradientOf("R", r)
	b.gradientOf("E_irr", irr)
	b.out["E_reg"], b.out["g"], b.out["E"] = reg.Value, gate.Value, mixed.Value
	return b.out, nil
}
