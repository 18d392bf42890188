package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

// embed turns the inputs into the modalities' tokens, a tensor [stays*Tokens][D] for
// each.
func (n *Network[F]) embed(t *nn.Tape[F], in []*encoders.Input, sums []*Sums, p *pass[F]) []nn.Tensor[F] {
	c := &n.Config
	phiR := n.embedded
	if phiR.Rows == 0 {
		phiR = n.embedReference(t)
	}
	var attended []nn.Tensor[F]
	if len(c.Channels) > 0 {
		attended = n.attend(t, phiR, in, sums)
	}
	z := t.Tensors(len(n.Fronts))
	for i := range n.Fronts {
		m := &n.Fronts[i]
		present, state := n.presence(t, m, in)
		switch {
		case m.Series >= 0:
			z[i] = n.seriesTokens(t, m, attended[m.Series], in, p)
		case m.Width > 0:
			z[i] = n.itemTokens(t, m, phiR, in, p)
		default:
			z[i] = t.New(len(in)*c.Points, c.Width, false)
			clear(z[i].Value)
		}
		if c.Now > 0 {
			z[i] = t.Append(z[i], n.nowTokens(t, m, in, p), len(in))
		}
		z[i] = SettleTokens(t, m.Settle, z[i], present, state)
	}
	if p.entries != nil {
		p.entries.attended, p.entries.settled = attended, z
	}
	return z
}

// embedReference is phi of the reference points, [T][E].
func (n *Network[F]) embedReference(t *nn.Tape[F]) nn.Tensor[F] {
	return n.Phi.At(t, t.Input(len(n.reference), 1, n.reference))
}

// attend is the time attention of all series, [stays*T][Columns] for each. Where sums are
// given it reads them, which gives the same as to attend over the cells they were made
// of.
func (n *Network[F]) attend(t *nn.Tape[F], phiR nn.Tensor[F], in []*encoders.Input, sums []*Sums) []nn.Tensor[F] {
	out := n.series.Outputs(t, len(in))
	if sums != nil {
		for b, stay := range sums {
			for m := range out {
				size := n.Config.Points * out[m].Cols
				copy(out[m].Value[b*size:(b+1)*size], t.Singles(stay.attended(m)))
			}
		}
		return out
	}
	scores, weights := n.scores, n.weights
	if scores.Rows == 0 {
		scores, weights = n.table(t, phiR)
	}
	for b, stay := range in {
		cells := Cells[F]{Count: n.Config.Cells, Z: t.Singles(stay.Series.Mean), N: t.Singles(stay.Series.Count)}
		n.series.Attend(t, out, b, scores, weights, cells)
	}
	return out
}

// table is the scores of all reference points and cells, capped where the config says
// so, and their exponentials: they are those of every stay.
func (n *Network[F]) table(t *nn.Tape[F], phiR nn.Tensor[F]) (scores, weights nn.Tensor[F]) {
	scores = n.Keys.Scores(t, phiR, n.Phi.At(t, t.Input(len(n.centres), 1, n.centres)))
	if n.Keys.Cap {
		scores = capScores(t, scores)
	}
	return scores, Exponentials(t, scores, n.Keys.Cap)
}

// seriesTokens mixes the time attention of a series with its regular branch.
func (n *Network[F]) seriesTokens(t *nn.Tape[F], m *Front[F], attended nn.Tensor[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	c := &n.Config
	irr := t.Linear(t.Dropout(attended, c.Points, p.drop(c.Dropout.Input)), m.Attention.W, m.Attention.B)
	if c.Regular == NoBranch {
		return irr
	}
	width := 2 * len(m.Members)
	if c.Regular == RegularLast {
		width = lastColumns * len(m.Members)
	}
	table := t.New(len(in)*c.Points, width, p.entries != nil)
	if p.entries != nil {
		p.entries.tables = append(p.entries.tables, table)
	}
	for b, stay := range in {
		n.regularRows(t, table.Value[b*c.Points*width:(b+1)*c.Points*width], &stay.Series, m)
	}
	mixed, _ := n.mix(t, m, irr, table, p)
	return mixed
}

// regularRows fills a stay's table of the regular branch, in float32 as in serving.
func (n *Network[F]) regularRows(t *nn.Tape[F], dst []F, s *encoders.Series, m *Front[F]) {
	single, direct := t.AsSingles(dst)
	if n.Config.Regular == RegularLast {
		LastObservation(single, s, m.Members, n.Config.Points)
	} else {
		CarryForward(single, s, m.Members, n.Config.Points)
	}
	back(dst, single, direct)
}

// mix is the UTDE gate between the irregular branch irr [stays*T][D] and the table of the
// regular branch [stays*T][columns], which it projects to D first.
func (n *Network[F]) mix(t *nn.Tape[F], m *Front[F], irr, table nn.Tensor[F], p *pass[F]) (mixed, gate nn.Tensor[F]) {
	c := &n.Config
	reg := t.Linear(t.Dropout(table, c.Points, p.drop(c.Dropout.Input)), m.Regular.W, m.Regular.B)
	return m.UTDE.Mix(t, irr, reg, c.Points, p.drop(c.Dropout.Gate))
}

// itemTokens is the time attention of an item modality's vectors.
func (n *Network[F]) itemTokens(t *nn.Tape[F], m *Front[F], phiR nn.Tensor[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	rows, starts := 0, t.Ints(len(in)+1)
	for b, stay := range in {
		starts[b] = rows
		rows += len(stay.Items[m.Item].Tau)
	}
	starts[len(in)] = rows
	times := t.New(rows, 1, false)
	for b, stay := range in {
		copy(times.Value[starts[b]:starts[b+1]], t.Singles(stay.Items[m.Item].Tau))
	}
	return m.Items.Attend(t, phiR, n.Phi.At(t, times), n.projected(t, m, in, starts, p), starts)
}

// standardise puts vectors [rows][width] on the scales of the modality, where it has some.
func (m *Front[F]) standardise(vectors []F) {
	if len(m.scale) == 0 {
		return
	}
	for i, x := range vectors {
		k := i % m.Width
		vectors[i] = min(max((x-F(m.centre[k]))/F(m.scale[k]), -encoders.Limit), encoders.Limit)
	}
}

// projected is the first layer of the items' vectors [rows][H*D]: what was kept of it, if
// all of it was, else made from the vectors.
func (n *Network[F]) projected(t *nn.Tape[F], m *Front[F], in []*encoders.Input, starts []int, p *pass[F]) nn.Tensor[F] {
	rows, width := starts[len(in)], m.Items.Keys.Heads*m.Items.D
	kept := p.train == nil
	for b, stay := range in {
		kept = kept && len(stay.Items[m.Item].Projected) == (starts[b+1]-starts[b])*width
	}
	if kept {
		y := t.New(rows, width, false)
		for b, stay := range in {
			copy(y.Value[starts[b]*width:], t.Singles(stay.Items[m.Item].Projected))
		}
		return y
	}
	var vectors nn.Tensor[F]
	if m.Words.Buckets > 0 {
		vectors = WordVectors(t, m.Words, in, m.Item, rows)
	} else {
		vectors = t.New(rows, m.Width, false)
		for b, stay := range in {
			copy(vectors.Value[starts[b]*m.Width:], t.Singles(stay.Items[m.Item].Vectors))
		}
		m.standardise(vectors.Value[:rows*m.Width])
	}
	return t.Linear(t.DropoutGroups(vectors, starts, p.drop(n.Config.Dropout.Input)), m.Items.Project.W, nn.NoParam)
}

// presence says for every stay whether a modality is there, and its state: 0 absent, 1
// unusable, 2 present.
func (n *Network[F]) presence(t *nn.Tape[F], m *Front[F], in []*encoders.Input) (present []bool, state []int) {
	present, state = t.Bools(len(in)), t.Ints(len(in))
	for b, stay := range in {
		state[b] = 0
		if m.Series >= 0 {
			if observed(&stay.Series, m.Members) {
				state[b] = 2
			}
		} else {
			switch stay.Items[m.Item].State {
			case schemas.Present:
				state[b] = 2
			case schemas.Unusable:
				state[b] = 1
			}
		}
		present[b] = state[b] == 2
	}
	return present, state
}

// Present says of each modality whether it is there.
func (n *Network[F]) Present(in *encoders.Input) []bool {
	list := make([]bool, len(n.Fronts))
	for i := range n.Fronts {
		if f := &n.Fronts[i]; f.Series >= 0 {
			list[i] = observed(&in.Series, f.Members)
		} else {
			list[i] = in.Items[f.Item].State == schemas.Present
		}
	}
	return list
}

// observed says whether any of the channels has an observation.
func observed(s *encoders.Series, members []int) bool {
	for _, ch := range members {
		for _, n := range s.Count[ch*s.Cells : (ch+1)*s.Cells] {
			if n > 0 {
				return true
			}
		}
	}
	return false
}

// nowTokens is [stays][D], for each stay one token of what a modality's trailing
// statistics are now, beside what is known of the stay as a whole.
func (n *Network[F]) nowTokens(t *nn.Tape[F], m *Front[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	c := &n.Config
	own := itemFeatures
	if m.Series >= 0 {
		own = len(m.Members) * channelEncoded
	}
	x := t.New(len(in), own+n.stayEncoded(), p.entries != nil)
	if p.entries != nil {
		p.entries.now = append(p.entries.now, x)
	}
	for b, stay := range in {
		row, direct := t.AsSingles(x.Row(b))
		if m.Series >= 0 {
			for i, ch := range m.Members {
				n.encodeChannel(row[i*channelEncoded:(i+1)*channelEncoded], stay, ch)
			}
		} else {
			encodeItems(row[:itemFeatures], &stay.Items[m.Item])
		}
		n.encodeStay(row[own:], stay)
		back(x.Row(b), row, direct)
	}
	h := t.ReLU(t.Linear(t.Dropout(x, 1, p.drop(c.Dropout.NowInput)), m.NowFirst.W, m.NowFirst.B))
	return t.Linear(t.Dropout(h, 1, p.drop(c.Dropout.NowHidden)), m.NowSecond.W, m.NowSecond.B)
}

// skipLogits is [stays][tasks]: all statistics by a network of their own, beside the
// fusion stack.
func (n *Network[F]) skipLogits(t *nn.Tape[F], in []*encoders.Input, p *pass[F]) nn.Tensor[F] {
	c := &n.Config
	all := len(c.Channels) * channelEncoded
	x := t.New(len(in), all+n.stayEncoded(), p.entries != nil)
	if p.entries != nil {
		p.entries.skip = append(p.entries.skip, x)
	}
	for b, stay := range in {
		row, direct := t.AsSingles(x.Row(b))
		n.StatEdges.Encode(row[:all], stay.Stats, stay.StatsKnown)
		n.encodeStay(row[all:], stay)
		back(x.Row(b), row, direct)
	}
	h := t.Dropout(x, 1, p.drop(c.Dropout.SkipInput))
	h = t.Dropout(t.ReLU(t.Linear(h, n.skip[0].W, n.skip[0].B)), 1, p.drop(c.Dropout.SkipHidden))
	h = t.Dropout(t.ReLU(t.Linear(h, n.skip[1].W, n.skip[1].B)), 1, p.drop(c.Dropout.SkipHidden))
	return t.Linear(h, n.skip[2].W, n.skip[2].B)
}

// encodeChannel is the piecewise-linear encoding of one channel's statistics.
func (n *Network[F]) encodeChannel(dst []float32, in *encoders.Input, ch int) {
	const k = encoders.Statistics
	edges := n.StatEdges[ch*k*vitals.Encoded : (ch+1)*k*vitals.Encoded]
	edges.Encode(dst, in.Stats[ch*k:(ch+1)*k], in.StatsKnown[ch*k:(ch+1)*k])
}

// encodeStay is the encoded statics, and the hours of data as hours/48 - 1.
func (n *Network[F]) encodeStay(dst []float32, in *encoders.Input) {
	n.StaticEdges.Encode(dst[:len(dst)-1], in.Statics, in.StaticsKnown)
	dst[len(dst)-1] = in.Hours/encoders.Bins - 1
}

// encodeItems is 0.5 or -0.5 for whether there is an item, log(1+count), and exp(-age/3)
// and exp(-age/12) of the newest, in hours.
func encodeItems(dst []float32, items *encoders.Items) {
	clear(dst)
	dst[0] = -0.5
	if n := len(items.Tau); n > 0 {
		age := encoders.Bins * float64(1-items.Tau[n-1])
		dst[0], dst[1] = 0.5, float32(math.Log1p(float64(n)))
		dst[2], dst[3] = float32(math.Exp(-age/3)), float32(math.Exp(-age/12))
	}
}

// back copies what was filled as float32 where the tape's type is another.
func back[F nn.Float](dst []F, from []float32, direct bool) {
	if direct {
		return
	}
	for i, v := range from {
		dst[i] = F(v)
	}
}
