package train

import (
	"context"
	"errors"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/score"
)

// Stays is the problem of fitting a network to the examples of a set.
type Stays struct {
	Network *fusion.Network[float32]
	Set     *Set
	// Channels have the scales in which the network is to read them.
	Channels []vitals.Channel
	// Train are the examples to learn from, and Held those to choose the epoch by.
	Train, Held []int
	// Moments are Train by stay, where one of them is drawn in each epoch; else nil.
	Moments      [][]int
	Augmentation Augmentation
	// Teacher is the weight of the teacher's probability in the target of task 0.
	Teacher float64
	Threads int

	// inputs are those of the shards, which are filled at the same time.
	inputs [][]*encoders.Input
}

// NewStays makes a problem with room for the inputs of a loop's shards, of batches of at
// most so many examples.
func NewStays(n *fusion.Network[float32], s *Set, channels []vitals.Channel, shards, batch int) *Stays {
	p := &Stays{Network: n, Set: s, Channels: channels}
	for range shards {
		p.inputs = append(p.inputs, inputs(n, (batch+shards-1)/shards))
	}
	return p
}

// inputs makes inputs of the network's shape.
func inputs(n *fusion.Network[float32], count int) []*encoders.Input {
	list := make([]*encoders.Input, count)
	for i := range list {
		list[i] = n.Shape().New()
	}
	return list
}

// Params are the network's weights.
func (p *Stays) Params() *nn.Params[float32] { return p.Network.Params() }

// Examples is how many there are to learn from in an epoch.
func (p *Stays) Examples() int {
	if p.Moments != nil {
		return len(p.Moments)
	}
	return len(p.Train)
}

// oneMoment makes Moments of Train.
func (p *Stays) oneMoment() {
	at := map[string]int{}
	for _, i := range p.Train {
		e := &p.Set.Examples[i]
		key := e.Patient + " " + e.Stay
		k, known := at[key]
		if !known {
			k = len(p.Moments)
			at[key] = k
			p.Moments = append(p.Moments, nil)
		}
		p.Moments[k] = append(p.Moments[k], i)
	}
}

// drawn is the example of the set that stands for one of an epoch in a step: itself, or one of
// the moments of its stay.
func (p *Stays) drawn(d nn.Draw, example int) int {
	if p.Moments == nil {
		return p.Train[example]
	}
	of := p.Moments[example]
	return of[int(d.Uniform(momentOf, uint64(of[0]), 0)*float64(len(of)))]
}

// Loss is that of the network's tasks, on stays that are thinned and shortened anew in
// every step. The labels of the whole batch are counted, so that the shards' losses add
// up to its.
func (p *Stays) Loss(t *nn.Tape[float32], s Shard) nn.Tensor[float32] {
	tasks := len(p.Set.Tasks)
	labels := t.Floats(len(s.Batch) * tasks)
	for i, e := range s.Batch {
		p.targets(labels[i*tasks:(i+1)*tasks], p.drawn(s.Draw, e))
	}
	in := p.inputs[s.Index][:s.To-s.From]
	for i, e := range s.Examples() {
		example := p.drawn(s.Draw, e)
		p.Set.Fill(in[i], example, p.Channels, p.Augmentation.transform(s.Draw, uint64(example)))
	}
	out := p.Network.Forward(t, in, &fusion.Train{Draw: s.Draw, First: uint64(s.From)})
	return p.Network.Loss(t, out, fusion.Labels{
		Values: labels[s.From*tasks : s.To*tasks], Known: fusion.CountKnown(labels, tasks),
		Share: float64(s.To-s.From) / float64(len(s.Batch)),
	})
}

// targets are an example's labels; that of task 0 is mixed with the teacher's probability,
// which has the same loss as two losses with their weights.
func (p *Stays) targets(dst []float32, example int) {
	e := &p.Set.Examples[example]
	copy(dst, e.Labels)
	if teacher := float64(e.Teacher); p.Teacher > 0 && !math.IsNaN(teacher) {
		dst[0] = float32((1-p.Teacher)*float64(dst[0]) + p.Teacher*teacher)
	}
}

// transform is what is done to an example in the step of a draw; nil where nothing is.
// What happens depends on the step and the example, not on its place in the batch.
func (a *Augmentation) transform(d nn.Draw, example uint64) func(*encoders.Input) {
	if a.Thinning == 0 && a.Shorten == 0 {
		return nil
	}
	return func(in *encoders.Input) {
		if a.Thinning > 0 {
			vitals.Thin(&in.Series, a.Thinning*d.Uniform(thinRate, example, 0), d.Row(thinCell, example))
		}
		if row := d.Row(momentDrawn, example); row.Uniform(0) < a.Shorten {
			hours := a.LeastHours + int(row.Uniform(1)*float64(encoders.Bins+1-a.LeastHours))
			vitals.Shorten(in, hours)
		}
	}
}

// Validate scores weights on the examples held back, by the first task; nil where none
// are.
func (p *Stays) Validate(ctx context.Context, params *nn.Params[float32]) (*Validation, error) {
	if len(p.Held) == 0 {
		return nil, nil
	}
	logits, err := p.Logits(ctx, params, p.Held)
	if err != nil {
		return nil, err
	}
	predicted, outcome, _ := p.Set.known(Probabilities(logits), p.Held, 0)
	v := &Validation{Loss: p.loss(logits), AUROC: score.AUROC(predicted, outcome), AUPRC: score.AveragePrecision(predicted, outcome)}
	if !sound(v.AUROC) || !sound(v.AUPRC) {
		return nil, errors.New("the stays held back are all of one outcome, or the network's output is no number: hold back more of them")
	}
	return v, nil
}

// loss is that of the tasks on the examples held back, without the teacher.
func (p *Stays) loss(logits []float32) float64 {
	tasks := len(p.Set.Tasks)
	labels := make([]float32, 0, len(logits))
	for _, e := range p.Held {
		labels = append(labels, p.Set.Examples[e].Labels...)
	}
	t := nn.NewTape(p.Params(), false)
	out := fusion.Output[float32]{Logits: t.Input(len(p.Held), tasks, logits)}
	return float64(p.Network.Loss(t, out, fusion.Labels{Values: labels, Known: fusion.CountKnown(labels, tasks)}).Value[0])
}

// Logits are [examples][tasks] as the network would serve them, with the given weights
// and without augmentation. It stops with the error of ctx when that ends.
func (p *Stays) Logits(ctx context.Context, params *nn.Params[float32], examples []int) ([]float32, error) {
	return p.logits(ctx, params, examples, nil)
}

// logits is Logits of inputs that are changed before they are put on the scale; nil changes nothing.
func (p *Stays) logits(ctx context.Context, params *nn.Params[float32], examples []int, change func(*encoders.Input)) ([]float32, error) {
	const batch = 32
	tasks := len(p.Set.Tasks)
	out := make([]float32, len(examples)*tasks)
	work, ctx := errgroup.WithContext(ctx)
	threads := max(1, p.Threads)
	for worker := range threads {
		work.Go(func() error {
			in, t := inputs(p.Network, batch), nn.NewTape(params, false)
			for from := worker * batch; from < len(examples); from += threads * batch {
				if err := ctx.Err(); err != nil {
					return err
				}
				part := examples[from:min(from+batch, len(examples))]
				for i, e := range part {
					p.Set.Fill(in[i], e, p.Channels, change)
				}
				t.Reset()
				copy(out[from*tasks:], p.Network.Forward(t, in[:len(part)], nil).Logits.Value)
			}
			return nil
		})
	}
	return out, work.Wait()
}

// Probabilities are those of logits, element by element. Those of regressions are
// computed too, and mean nothing.
func Probabilities(logits []float32) []float64 {
	p := make([]float64, len(logits))
	for i, v := range logits {
		p[i] = 1 / (1 + math.Exp(-float64(v)))
	}
	return p
}
