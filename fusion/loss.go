package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Labels of a batch, or of a part of one.
type Labels struct {
	Values []float32 // [B][tasks]; NaN: not known. Of a binary task in [0, 1], soft ones too
	// Known is how many of a task's labels are known in the whole batch, by which its
	// loss is divided; Share is the part's share of the batch, for the auxiliary losses.
	// So the losses of the parts add up to the batch's.
	Known []float64
	Share float64
}

// CountKnown counts the known labels [..][tasks] of every task.
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
// losses times their weights.
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
