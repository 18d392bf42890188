package fusion

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Scratch holds the memory of one goroutine for predictions of one model.
type Scratch struct{ tape *nn.Tape[float32] }

// NewScratch makes the memory for a model.
func NewScratch(m *Model) *Scratch {
	t := nn.NewTape(&m.network.params, false)
	t.Serve(&m.packed)
	return &Scratch{t}
}

// Predict runs the network on a micro-batch and sets out [len(in)][tasks]: of a binary
// task the probability, calibrated where the model says how, of a regression the value.
// It allocates nothing once the scratch has grown to the size of the batch, reads the
// inputs only, and gives the same bits for the same input, whatever stands beside it in
// the batch and whatever was predicted before.
func (m *Model) Predict(s *Scratch, in []*encoders.Input, out []float32) {
	tasks := m.network.Config.Tasks
	if len(out) != len(in)*len(tasks) {
		panic("fusion: Predict: out has another size than stays and tasks ask for")
	}
	if len(in) == 0 {
		return
	}
	s.tape.Reset()
	logits := m.network.Forward(s.tape, in, nil).Logits.Value
	for i, v := range logits {
		if t := &tasks[i%len(tasks)]; t.Kind == TaskBinary {
			if c := t.Calibration; c != nil {
				v = float32(float32(c.Scale)*v) + float32(c.Shift)
			}
			v = nn.Sigmoid(v)
		}
		out[i] = v
	}
}
