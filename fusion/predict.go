package fusion

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Scratch holds the memory of one goroutine for predictions of one model. It grows to the
// largest batch that was predicted in it.
type Scratch struct {
	tape *nn.Tape[float32]
	// sums are those that Predict makes for a model that serves by sums.
	sums []*Sums
	// drift counts the predictions, if it is not nil; see tells it of the experts.
	drift *Drift
	see   func(router int, r Routed[float32])
	// slopes are those that Drivers asks for, made when it first does.
	slopes *slopes
}

// NewScratch makes the memory for predictions of a model.
func NewScratch(m *Model) *Scratch {
	t := nn.NewTape(&m.network.params, false)
	t.Serve(&m.packed)
	s := &Scratch{tape: t}
	per := 0
	if n := m.network; len(n.layers) > 0 && n.Config.Experts > 0 {
		per = n.layers[0].MoE.PerRouter
	}
	s.see = func(router int, r Routed[float32]) {
		if s.drift != nil {
			for _, expert := range r.Chosen.Index {
				s.drift.experts[router*per+expert]++
			}
		}
	}
	return s
}

// NewSums makes the sums of a stay in which nothing was observed, if the model serves by
// sums; else it is nil. A model does where its cells are finer than its reference points
// (minutes): the sums are kept from one prediction to the next, and [Model.PredictSums]
// reads them. Where a cell is an hour the attention over all cells costs less than to
// keep them.
func (m *Model) NewSums() *Sums {
	if m.table == nil {
		return nil
	}
	return m.table.NewSums()
}

// Predict runs the network on a micro-batch and sets out [len(in)][tasks]: of a binary
// task the probability, calibrated where the model says how; of a regression the value,
// in the unit of the labels it was trained on. It allocates nothing once the scratch has
// grown to the size of the batch, only reads the inputs, and gives the same bits for the
// same input, whatever stands beside it in the batch and whatever was predicted before.
// Inputs must have the model's Shape; an out of another size panics. Of a stay of which the
// model knows too little (Config.LeastChannels), or that is unlike all that it was trained on
// (Config.Description), every probability is NaN.
func (m *Model) Predict(s *Scratch, in []*encoders.Input, out []float32) {
	if m.table == nil {
		m.predict(s, in, nil, out)
		return
	}
	for len(s.sums) < len(in) {
		s.sums = append(s.sums, m.NewSums())
	}
	for b, stay := range in {
		s.sums[b].Rebuild(&stay.Series)
	}
	m.predict(s, in, s.sums[:len(in)], out)
}

// PredictSums is [Model.Predict] where sums[b] hold what is in the series of in[b]; the
// bits are the same. Sums of another model panic.
func (m *Model) PredictSums(s *Scratch, in []*encoders.Input, sums []*Sums, out []float32) {
	if len(sums) != len(in) {
		panic("fusion: PredictSums: as many sums as inputs are wanted")
	}
	for _, one := range sums {
		if one.table != m.table {
			panic("fusion: PredictSums: sums of another model")
		}
	}
	m.predict(s, in, sums, out)
}

// predict is Predict with sums, which are nil for a model that serves by cells.
func (m *Model) predict(s *Scratch, in []*encoders.Input, sums []*Sums, out []float32) {
	tasks := m.network.Config.Tasks
	if len(out) != len(in)*len(tasks) {
		panic("fusion: Predict: out has another size than stays and tasks ask for")
	}
	if len(in) == 0 {
		return
	}
	s.tape.Reset()
	logits := m.network.forward(s.tape, in, sums, nil, s.see).Logits.Value
	for b, stay := range in {
		answers := m.answers(stay)
		for k := range tasks {
			v := logits[b*len(tasks)+k]
			if tasks[k].Kind == TaskBinary {
				if v = tasks[k].Probability(v, stay.Hours); !answers {
					v = float32(math.NaN())
				}
			}
			out[b*len(tasks)+k] = v
		}
		if s.drift != nil {
			s.drift.count(m.network.Config.Description, stay, out[b*len(tasks)])
		}
	}
}

// Observed is how many channels of a series have an observation.
func Observed(s *encoders.Series) (channels int) {
	for c := range s.Channels {
		if slices.ContainsFunc(s.Count[c*s.Cells:(c+1)*s.Cells], func(n float32) bool { return n > 0 }) {
			channels++
		}
	}
	return channels
}

// Project is the first layer of an item's content, [H*D], which does not change while the
// item is in the window: see encoders.Items.Projected. item counts the item modalities.
// It is nil where the model cannot read the item, or reads no content.
func (m *Model) Project(s *Scratch, item int, kept *encoders.KeptItem) []float32 {
	for i := range m.network.Fronts {
		f := &m.network.Fronts[i]
		if f.Item != item || f.Width == 0 || !m.network.Config.Modalities[i].Content().Reads(kept) {
			continue
		}
		s.tape.Reset()
		x := nn.Tensor[float32]{}
		if f.Words.Buckets > 0 {
			x = s.tape.New(1, f.Width, false)
			wordVector(&f.Words, x.Value, s.tape.Value(f.Words.Table), kept.Words)
		} else {
			x = s.tape.New(1, f.Width, false)
			copy(x.Value, kept.Vector)
			f.standardise(x.Value)
		}
		y := s.tape.Linear(x, f.Items.Project.W, nn.NoParam)
		return slices.Clone(y.Value)
	}
	return nil
}
