package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Labels are what is known of a batch of B stays, or of a part of a batch.
type Labels struct {
	// Values are [B][tasks], NaN where one is not known. Those of a binary task are in
	// [0, 1]; numbers between are soft labels.
	Values []float32
	// Known is how many of a task's labels are known in the whole batch, by which its
	// loss is divided; Share is the part's share of the batch, for the auxiliary losses.
	// So the losses of the parts add up to the batch's.
	Known []float64
	Share float64
}

// CountKnown counts the known labels of every task, [tasks], in values [B][tasks].
func CountKnown(values []float32, tasks int) []float64 {
	known := make([]float64, tasks)
	for i, v := range values {
		if !math.IsNaN(float64(v)) {
			known[i%tasks]++
		}
	}
	return known
}

// Loss is [1][1]: the sum over tasks of weight times the mean loss over the known labels
// (cross-entropy of a binary task, squared error of a regression), plus the auxiliary
// losses times their weights. A task of which no label is known adds nothing.
func (n *Network[F]) Loss(t *nn.Tape[F], out Output[F], y Labels) nn.Tensor[F] {
	tasks := n.Config.Tasks
	targets, size := t.Floats(len(y.Values)), len(y.Values)
	weights := t.Floats(2 * size)
	clear(weights)
	binary, regression := weights[:size], weights[size:]
	for i, v := range y.Values {
		k := i % len(tasks)
		targets[i] = F(v)
		if math.IsNaN(float64(v)) {
			continue
		}
		into := binary
		if tasks[k].Kind == TaskRegression {
			into = regression
		}
		into[i] = F(tasks[k].Weight / y.Known[k])
	}
	loss := t.Add(t.BCE(out.Logits, targets, binary), t.SquaredError(out.Logits, targets, regression))
	if out.Balance.Rows > 0 {
		loss = t.Add(loss, t.Scale(F(n.Config.Balance*y.Share), out.Balance))
	}
	if out.Entropy.Rows > 0 {
		loss = t.Add(loss, t.Scale(F(n.Config.EntropyWeight*y.Share), out.Entropy))
	}
	return loss
}

// ColumnSums is [1][S], the sum over the rows of x [N][S].
func ColumnSums[F nn.Float](t *nn.Tape[F], x nn.Tensor[F]) nn.Tensor[F] {
	y := t.New(1, x.Cols, x.Grad != nil)
	clear(y.Value)
	nn.AddColumns(y.Value, x.Value)
	if y.Grad != nil {
		t.Record(func() {
			for r := range x.Rows {
				nn.Axpy(x.GradRow(r), 1, y.Grad)
			}
		})
	}
	return y
}

// Variation is the squared coefficient of variation of v [1][S], as [1][1]: the unbiased
// variance over the squared mean plus 1e-10 (Shazeer et al. 2017). S must be at least 2.
func Variation[F nn.Float](t *nn.Tape[F], v nn.Tensor[F]) nn.Tensor[F] {
	n := float64(v.Cols)
	var mean, variance float64
	for _, x := range v.Value {
		mean += float64(x) / n
	}
	for _, x := range v.Value {
		variance += (float64(x) - mean) * (float64(x) - mean) / (n - 1)
	}
	below := float64(mean*mean) + 1e-10
	y := t.New(1, 1, v.Grad != nil)
	y.Value[0] = F(variance / below)
	if y.Grad != nil {
		t.Record(func() {
			d := float64(y.Grad[0])
			for i, x := range v.Value {
				v.Grad[i] += F(d * (2*(float64(x)-mean)/(n-1)/below - variance/below/below*2*mean/n))
			}
		})
	}
	return y
}

// Load is [1][S], the smooth load of a router's experts: the sum over rows of the
// probability that the expert would be kept if its noise were drawn again, Phi((score -
// threshold)/scale). The threshold is the (k+1)-th largest noisy score for an expert
// that was kept, the k-th for the others (Shazeer et al. 2017, appendix A). Where all
// experts are kept, or without noise, it is the number of rows that chose the expert,
// and has no gradient.
func (r Routed[F]) Load(t *nn.Tape[F]) nn.Tensor[F] {
	s, k := r.Scores.Cols, r.Chosen.K
	smooth := r.Scale.Value != nil && k < s
	y := t.New(1, s, smooth)
	clear(y.Value)
	if !smooth {
		for i, e := range r.Chosen.Index {
			if r.Chosen.Weight.Value[i] > 0 {
				y.Value[e]++
			}
		}
		return y
	}
	order, share := t.Ints(r.Scores.Rows*(k+1)), t.Floats(k+1)
	sum := t.Floats(s)
	clear(sum)
	for b := range r.Scores.Rows {
		top := order[b*(k+1) : (b+1)*(k+1)]
		nn.TopK(top, share, r.Noisy.Row(b))
		for e := range s {
			z, _, _ := r.margin(b, e, top)
			y.Value[e] += F(0.5 * math.Erfc(-z/math.Sqrt2))
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for b := range r.Scores.Rows {
				for e := range s {
					z, scale, limit := r.margin(b, e, order[b*(k+1):(b+1)*(k+1)])
					g := float64(y.Grad[e]) * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) / scale
					r.Scores.GradRow(b)[e] += F(g)
					r.Noisy.GradRow(b)[limit] -= F(g)
					r.Scale.GradRow(b)[e] -= F(g * z)
				}
			}
		})
	}
	return y
}

// margin is (score - threshold)/scale of expert e in row b, the scale, and the expert
// whose noisy score is the threshold; top are the k+1 best.
func (r Routed[F]) margin(b, e int, top []int) (z, scale float64, limit int) {
	k := len(top) - 1
	limit = top[k-1]
	for _, kept := range top[:k] {
		if kept == e {
			limit = top[k]
		}
	}
	scale = float64(r.Scale.Row(b)[e])
	return float64(r.Scores.Row(b)[e]-r.Noisy.Row(b)[limit]) / scale, scale, limit
}

// PublishedBalance is [1][1], the squared coefficient of variation of the importance,
// which is the summed gates, plus that of the load: the loss that the published code
// computes and then does not use.
func (r Routed[F]) PublishedBalance(t *nn.Tape[F]) nn.Tensor[F] {
	importance := ColumnSums(t, r.Chosen.Gates(t, r.Scores.Cols))
	return t.Add(Variation(t, importance), Variation(t, r.Load(t)))
}

// Balance is [1][1], the squared coefficient of variation of the summed full softmax of
// the scores without noise. It is smooth everywhere, and every expert has a gradient,
// also one that no row has chosen.
func (r Routed[F]) Balance(t *nn.Tape[F]) nn.Tensor[F] {
	return Variation(t, ColumnSums(t, t.Softmax(r.Scores)))
}

// EntropyLoss is equation 3 of the paper over the full softmax p[m] [N][S] of every
// modality's router: the mean over modalities of the entropy of their mean choice of
// experts, less the entropy of the mean over modalities. It is minus the mutual
// information of modality and expert, in nats: from -ln min(M, S), where each of M
// modalities keeps to experts of its own, to 0, where all choose alike. means are the
// mean choices [1][S].
func EntropyLoss[F nn.Float](t *nn.Tape[F], p []nn.Tensor[F]) (loss nn.Tensor[F], means []nn.Tensor[F]) {
	means = t.Tensors(len(p))
	graded := false
	for m := range p {
		means[m] = t.Scale(1/F(p[m].Rows), ColumnSums(t, p[m]))
		graded = graded || means[m].Grad != nil
	}
	all := t.Floats(means[0].Cols)
	clear(all)
	each := 1 / F(len(p))
	var sum float64
	for _, q := range means {
		nn.Axpy(all, each, q.Value)
		sum += entropy(q.Value) / float64(len(p))
	}
	y := t.New(1, 1, graded)
	y.Value[0] = F(sum - entropy(all))
	if y.Grad != nil {
		kept := means
		t.Record(func() {
			for _, q := range kept {
				for i, v := range q.Value {
					if v > 0 { // d/dq of -q ln q + q ln q' is ln(all/q); the constants cancel
						q.Grad[i] += F(y.Grad[0] * each * F(math.Log(float64(all[i]))-math.Log(float64(v))))
					}
				}
			}
		})
	}
	return y, means
}

// entropy is Shannon's, in nats; 0 ln 0 is 0.
func entropy[F nn.Float](p []F) (h float64) {
	for _, v := range p {
		if v > 0 {
			h -= float64(float64(v) * math.Log(float64(v)))
		}
	}
	return h
}
