package train

import (
	"context"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Problem is what the loop can train: weights, examples, and a loss.
type Problem interface {
	// Params are the weights. The loop changes their values between steps.
	Params() *nn.Params[float32]
	// Examples is how many there are to train on.
	Examples() int
	// Loss puts the loss of a shard onto its tape. It is a sum over the shard's
	// examples in which each counts as in the loss of the whole batch, so that the
	// shards' losses add up to the batch's. The shards of a batch are computed at the
	// same time; s.Index tells their buffers apart.
	Loss(t *nn.Tape[float32], s Shard) nn.Tensor[float32]
	// Validate scores weights on what is held back for choosing among them. Without
	// any it returns nil.
	Validate(ctx context.Context, p *nn.Params[float32]) (*Validation, error)
}

// Shard is the part of a batch that one tape computes.
type Shard struct {
	Draw     nn.Draw // of the step; streams below FirstStream belong to the network
	Epoch    int     // from 1
	Index    int     // of the shard
	Batch    []int   // the examples of the whole batch
	From, To int     // the shard's are Batch[From:To]
}

// Examples of the shard.
func (s Shard) Examples() []int { return s.Batch[s.From:s.To] }

// FirstStream is the first stream of [nn.Draw] that belongs to training; the network's
// dropout and noise take those below.
const FirstStream = 1 << 32

// Streams of training. Their row is the example, so that what happens to a stay does
// not depend on its place in the batch.
const (
	shuffling   = FirstStream + iota // row 0; the step is the epoch
	thinRate                         // of a stay
	thinCell                         // of a bin
	momentDrawn                      // whether, and to which hour, a stay is shortened
	parting                          // into folds; row: the patient's hash
)

// Validation says how good weights are.
type Validation struct {
	Loss  float64 `json:"loss"`
	AUROC float64 `json:"auroc"`
	AUPRC float64 `json:"auprc"` // early stopping goes by it
}
