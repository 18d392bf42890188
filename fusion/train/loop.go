package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Problem is what the loop can train: weights, examples, and a loss. The loop calls
// Params and Examples at the start, Loss for every shard of every step, and Validate at
// the end of every epoch.
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
	// Draw is that of the step. Its streams below FirstStream belong to the network.
	Draw nn.Draw
	// Epoch counts from 1.
	Epoch int
	// Index is the shard's number within the batch.
	Index int
	// Batch is the examples of the whole batch; those of the shard are Batch[From:To].
	Batch    []int
	From, To int // the shard's are Batch[From:To]
}

// Examples are those of the shard.
func (s Shard) Examples() []int { return s.Batch[s.From:s.To] }

// FirstStream is the first stream of [nn.Draw] that belongs to training; the network's
// dropout and noise take those below, so that the two never share a number.
const FirstStream = 1 << 32

// Streams of training. Their row is the example, so that what happens to a stay does
// not depend on its place in the batch.
const (
	// shuffling is the order of the examples; its row is 0, and the step of its draw the
	// epoch.
	shuffling = FirstStream + iota
	// thinRate is with which probability the bins of a stay are dropped.
	thinRate
	// thinCell is whether a bin is.
	thinCell
	// momentDrawn is whether a stay is shortened, and to which hour.
	momentDrawn
	// parting is the order in which patients are dealt into folds; its row is the
	// patient's hash.
	parting
	// momentOf is which moment of a stay is learned from; its row is the stay's first example.
	momentOf
)

// Validation says how good weights are on what is held back.
type Validation struct {
	Loss  float64 `json:"loss"`
	AUROC float64 `json:"auroc"`
	// AUPRC is average precision; early stopping goes by it.
	AUPRC float64 `json:"auprc"`
}

// Loop trains a problem. The same problem, settings and seed give the same bits on any
// number of cores, and whether or not the run was cut and resumed.
type Loop struct {
	Problem  Problem
	Settings Settings
	Seed     uint64
	// Threads is how many shards are computed at the same time.
	Threads int

	// Checkpoint is the file that a cut run is kept in; "" keeps nothing.
	Checkpoint string
	// Signature names recipe, seed and data: the checkpoint of another is refused.
	Signature string
	// Resume goes on from the checkpoint.
	Resume bool
	// Every is the time between checkpoints; one more is written at the end of a run that
	// is cut.
	Every time.Duration
	// Now tells the time, for Every only; with nil a checkpoint is written only where a
	// run is cut.
	Now func() time.Time

	// Progress is called after each step, and may be nil.
	Progress func(Progress)
}

// Progress is where a run is.
type Progress struct {
	Epoch, Epochs int
	// Step and Steps are those of the whole run.
	Step, Steps int
	// Loss is that of the step's batch.
	Loss float64
	// Ended is the point of the epoch that ends with this step; else nil.
	Ended *CurvePoint
}

// Result is a trained model.
type Result struct {
	// Weights are in the order of Params.Values.
	Weights []float32
	// Curve has a point for every epoch.
	Curve []CurvePoint
	// Epoch is the one whose weights these are.
	Epoch int
}

// Cut is the error of a run whose context ended before it did.
type Cut struct {
	Step, Steps int
	// Checkpoint is where the run can be resumed from; "" if nowhere.
	Checkpoint string
	Err        error
}

func (c *Cut) Error() string {
	kept := "nothing is kept"
	if c.Checkpoint != "" {
		kept = "kept in " + c.Checkpoint
	}
	return fmt.Sprintf("training was cut after step %d of %d; %s", c.Step, c.Steps, kept)
}

func (c *Cut) Unwrap() error { return c.Err }

// BadCheckpoint is the error of a run that cannot go on from the checkpoint it was given.
type BadCheckpoint struct{ Err error }

func (b *BadCheckpoint) Error() string { return b.Err.Error() }
func (b *BadCheckpoint) Unwrap() error { return b.Err }

// Run trains to the end, or until ctx ends, which gives a *[Cut]. A checkpoint that
// cannot be resumed from gives a *[BadCheckpoint]; a loss that is no number gives an
// error with the step, the batch and its examples.
func (l *Loop) Run(ctx context.Context) (*Result, error) {
	if err := l.Settings.Check(); err != nil {
		return nil, err
	}
	p, n := l.Problem.Params(), l.Problem.Examples()
	if n < 1 {
		return nil, errors.New("there is no example to train on")
	}
	r := &run{Loop: l, params: p, examples: n, schedule: l.Settings.schedule(n), state: newState(p, &l.Settings)}
	if l.Resume {
		if err := readCheckpoint(l.Checkpoint, l.Signature, r.state); err != nil {
			return nil, &BadCheckpoint{err}
		}
	}
	for range l.Settings.Shards {
		r.tapes = append(r.tapes, nn.NewTape(p, true))
	}
	return r.run(ctx)
}

// run is a Loop at work.
type run struct {
	*Loop
	params   *nn.Params[float32]
	examples int
	schedule nn.Schedule
	tapes    []*nn.Tape[float32]
	state    *state
	// order is that of the examples in this epoch.
	order []int
	saved time.Time
}

// run is the loop over steps. All that it changes is in the state, so that a state read
// from a checkpoint goes on to the same bits.
func (r *run) run(ctx context.Context) (*Result, error) {
	s, perEpoch := r.state, r.Settings.steps(r.examples)
	if r.Now != nil {
		r.saved = r.Now()
	}
	for s.Step < r.schedule.Steps && !s.stopped(r.Settings.Patience) {
		if ctx.Err() != nil {
			return nil, r.cut(ctx)
		}
		epoch, at := s.Step/perEpoch+1, s.Step%perEpoch
		if at == 0 || r.order == nil {
			r.order = shuffled(r.order, r.examples, nn.Draw{Seed: r.Seed, Step: uint64(epoch)})
		}
		batch := r.order[at*r.Settings.Batch : min((at+1)*r.Settings.Batch, r.examples)]
		loss, err := r.step(epoch, batch)
		if err != nil {
			return nil, fmt.Errorf("step %d (epoch %d, batch %d of %d, examples %v): %w", s.Step+1, epoch, at+1, perEpoch, batch, err)
		}
		said := Progress{Epoch: epoch, Epochs: r.Settings.Epochs, Step: s.Step, Steps: r.schedule.Steps, Loss: loss}
		if at == perEpoch-1 {
			v, err := r.validate(ctx)
			if err != nil {
				return nil, err
			}
			s.endEpoch(epoch, r.schedule.At(s.Step), perEpoch, v, r.Settings.Patience)
			said.Ended = &s.Curve[len(s.Curve)-1]
		}
		if r.Progress != nil {
			r.Progress(said)
		}
		if err := r.saveIfDue(); err != nil {
			return nil, err
		}
	}
	result := &Result{Weights: slices.Clone(s.model()), Curve: s.Curve, Epoch: len(s.Curve)}
	if s.BestEpoch > 0 {
		result.Weights, result.Epoch = slices.Clone(s.best), s.BestEpoch
	}
	return result, nil
}

// validate asks the problem about the weights that would be served. It is not cut: the
// step that it belongs to is done.
func (r *run) validate(ctx context.Context) (*Validation, error) {
	p := *r.params
	p.Values = r.state.model()
	v, err := r.Problem.Validate(context.WithoutCancel(ctx), &p)
	if err != nil {
		return nil, fmt.Errorf("validation after step %d: %w", r.state.Step, err)
	}
	return v, nil
}

// step learns from one batch: the shards' gradients are added in the shards' order.
func (r *run) step(epoch int, batch []int) (loss float64, err error) {
	s := r.state
	losses := make([]float64, len(r.tapes))
	var work errgroup.Group
	work.SetLimit(max(1, r.Threads))
	for i, tape := range r.tapes {
		from, to := len(batch)*i/len(r.tapes), len(batch)*(i+1)/len(r.tapes)
		work.Go(func() error {
			tape.Reset()
			if from == to {
				return nil
			}
			shard := Shard{
				Draw: nn.Draw{Seed: r.Seed, Step: uint64(s.Step + 1)}, Epoch: epoch, Index: i, Batch: batch, From: from, To: to,
			}
			y := r.Problem.Loss(tape, shard)
			losses[i] = float64(y.Value[0])
			if sound(losses[i]) {
				tape.Backward(y)
			}
			return nil
		})
	}
	_ = work.Wait() // no shard fails
	for _, v := range losses {
		loss += v
	}
	if !sound(loss) {
		return 0, fmt.Errorf("the loss is %v: lower the rate, or look for values that cannot be in these examples", loss)
	}
	grads := r.tapes[0].Grads()
	for _, t := range r.tapes[1:] {
		nn.Axpy(grads, 1, t.Grads())
	}
	norm := nn.Clip(grads, r.limit())
	if !(norm < overflow) {
		return 0, fmt.Errorf("the loss is %v, but its gradient has the norm %v: lower the rate, or look for values that cannot be in these examples", loss, norm)
	}
	s.adam.Step(s.weights, grads, r.schedule.At(s.Step+1))
	s.Step++
	if len(s.average) > 0 {
		nn.Average(s.average, s.weights, r.Settings.Average, s.Step)
	}
	s.Sum, s.Norm, s.Examples = s.Sum+loss*float64(len(batch)), s.Norm+norm, s.Examples+len(batch)
	return loss, nil
}

// overflow is a norm whose square may be beyond float32, which would stop AdamW for good.
const overflow = 1e18

// limit is the longest gradient that is not clipped.
func (r *run) limit() float64 {
	if r.Settings.Clip == 0 {
		return math.Inf(1)
	}
	return r.Settings.Clip
}

// cut writes a last checkpoint, if there is a file for one, and says where.
func (r *run) cut(ctx context.Context) error {
	c := &Cut{Step: r.state.Step, Steps: r.schedule.Steps, Err: ctx.Err()}
	if r.Checkpoint != "" {
		if err := writeCheckpoint(r.Checkpoint, r.Signature, r.state); err != nil {
			return errors.Join(c, err)
		}
		c.Checkpoint = r.Checkpoint
	}
	return c
}

// saveIfDue writes a checkpoint when the last one is older than Every.
func (r *run) saveIfDue() error {
	if r.Checkpoint == "" || r.Now == nil || r.Now().Sub(r.saved) < r.Every {
		return nil
	}
	r.saved = r.Now()
	return writeCheckpoint(r.Checkpoint, r.Signature, r.state)
}

// shuffled is an order of n examples, in the memory of into.
func shuffled(into []int, n int, d nn.Draw) []int {
	into = slices.Grow(into[:0], n)[:n]
	for i := range into {
		into[i] = i
	}
	d.Row(shuffling, 0).Shuffle(into)
	return into
}
