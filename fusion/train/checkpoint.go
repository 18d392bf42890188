package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// state is all that a run knows between two steps: from it, and from the settings, the
// rest follows.
type state struct {
	standing
	weights []float32
	// average is the running average of the weights; it is empty where there is none.
	average []float32
	// best is the weights of the best epoch; it is empty without early stopping, and
	// before the first epoch has ended.
	best []float32
	adam *nn.AdamW[float32]
}

// standing is where a run stands, as far as that is not weights; a checkpoint has it as
// JSON.
type standing struct {
	// Step counts the steps that were done.
	Step int `json:"step"`
	// Sum is that of the losses of this epoch, each times its examples.
	Sum float64 `json:"sum"`
	// Norm is the sum of the gradient's norms in this epoch.
	Norm float64 `json:"norm"`
	// Examples is how many were learned from in this epoch so far.
	Examples int          `json:"examples"`
	Curve    []CurvePoint `json:"curve"`
	// BestEpoch is 0 before the first epoch has ended.
	BestEpoch int     `json:"best_epoch"`
	BestAUPRC float64 `json:"best_auprc"`
}

// CurvePoint is one epoch of the training curve.
type CurvePoint struct {
	Epoch int `json:"epoch"`
	// Step is the last of the epoch, and Rate the learning rate of that step.
	Step int `json:"step"`
	// Rate is the learning rate of Step.
	Rate float64 `json:"rate"`
	// Loss is the mean over the epoch's examples, taken while they were learned from.
	Loss       float64     `json:"loss"`
	Norm       float64     `json:"gradient_norm"`
	Validation *Validation `json:"validation,omitempty"`
}

// newState is that of a run before its first step, with the weights that the problem has.
func newState(p *nn.Params[float32], s *Settings) *state {
	st := &state{weights: p.Values, adam: nn.NewAdamW[float32](len(p.Values), s.Decay)}
	st.adam.Beta1, st.adam.Beta2 = s.Beta1, s.Beta2
	if s.Average > 0 {
		st.average = slices.Clone(p.Values)
	}
	return st
}

// model is the weights that would be served now: the average, if there is one.
func (s *state) model() []float32 {
	if len(s.average) > 0 {
		return s.average
	}
	return s.weights
}

// endEpoch writes the epoch's point, keeps the weights if they are the best so far, and
// says whether patience is at its end.
func (s *state) endEpoch(epoch int, rate float64, steps int, v *Validation, patience int) (stop bool) {
	s.Curve = append(s.Curve, CurvePoint{
		Epoch: epoch, Step: s.Step, Rate: rate, Loss: s.Sum / float64(s.Examples), Norm: s.Norm / float64(steps), Validation: v,
	})
	s.Sum, s.Norm, s.Examples = 0, 0, 0
	if v == nil || patience == 0 {
		return false
	}
	if s.BestEpoch == 0 || v.AUPRC > s.BestAUPRC {
		s.BestEpoch, s.BestAUPRC = epoch, v.AUPRC
		s.best = append(s.best[:0], s.model()...)
	}
	return epoch-s.BestEpoch >= patience
}

// stopped says whether patience was at its end already, for a state that was read back.
func (s *state) stopped(patience int) bool {
	return patience > 0 && s.BestEpoch > 0 && len(s.Curve)-s.BestEpoch >= patience
}

// sound says whether v is a finite number.
func sound(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// magic begins a checkpoint. Behind it stand the length of the header (8 bytes), the
// header (JSON), the float32 sections in little-endian one behind the other, and the
// SHA-256 of all before.
const magic = "vigil checkpoint 1\n"

// checkpointHeader says what the sections are. AdamW's settings are the recipe's, so
// that only its step is here.
type checkpointHeader struct {
	// Signature names recipe, seed and data.
	Signature string   `json:"signature"`
	Progress  standing `json:"progress"`
	Adam      int      `json:"adam_steps"`
	// Sections are the lengths of weights, average, best, and the two moments.
	Sections [5]int `json:"sections"`
}

// sections are the state's numbers in the order of the file: weights, running average,
// best weights, and the two moments of AdamW.
func (s *state) sections() [5]*[]float32 {
	return [5]*[]float32{&s.weights, &s.average, &s.best, &s.adam.Mean, &s.adam.Square}
}

// writeCheckpoint replaces the file in one move, so that there is always a whole one.
func writeCheckpoint(path, signature string, s *state) error {
	h := checkpointHeader{Signature: signature, Progress: s.standing, Adam: s.adam.Steps}
	floats := 0
	for i, v := range s.sections() {
		h.Sections[i] = len(*v)
		floats += len(*v)
	}
	header, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	b := make([]byte, 0, len(magic)+8+len(header)+4*floats+sha256.Size)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(header)))
	b = append(b, header...)
	for _, v := range s.sections() {
		for _, f := range *v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
		}
	}
	sum := sha256.Sum256(b)
	return replace(path, append(b, sum[:]...))
}

// replace writes a file whole or not at all, readable by all.
func replace(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readCheckpoint sets a state, made for the same problem, to what the file holds. The
// error says why the file cannot be gone on from, and what to do.
func readCheckpoint(path, signature string, s *state) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no checkpoint %s to resume from: without --resume training begins anew", path)
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	h, data, err := openCheckpoint(b)
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w; remove it to begin anew", path, err)
	}
	if h.Signature != signature {
		return fmt.Errorf("checkpoint %s is of another recipe, seed or data: name those it was begun with, or remove it to begin anew", path)
	}
	for i, v := range s.sections() {
		want := len(s.weights)
		if i == 1 {
			want = len(s.average)
		}
		if h.Sections[i] != want && !(i == 2 && h.Sections[i] == 0) {
			return fmt.Errorf("checkpoint %s: section %d has %d numbers, this model has %d; remove it to begin anew", path, i, h.Sections[i], want)
		}
		if i == 2 {
			*v = make([]float32, h.Sections[i])
		}
		for k := range *v { // in place: the weights are the network's memory
			(*v)[k] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*k:]))
		}
		data = data[4*len(*v):]
	}
	s.standing, s.adam.Steps = h.Progress, h.Adam
	return nil
}

// openCheckpoint checks that the bytes are whole and takes them apart.
func openCheckpoint(b []byte) (*checkpointHeader, []byte, error) {
	if len(b) < len(magic)+8+sha256.Size || string(b[:len(magic)]) != magic {
		return nil, nil, errors.New("this is no checkpoint of this version, or it is torn")
	}
	body := b[:len(b)-sha256.Size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return nil, nil, errors.New("its checksum is wrong: the file was changed or is torn")
	}
	n := binary.LittleEndian.Uint64(body[len(magic):])
	rest := body[len(magic)+8:]
	if n > uint64(len(rest)) {
		return nil, nil, fmt.Errorf("its header is said to have %d bytes, %d are there", n, len(rest))
	}
	h := new(checkpointHeader)
	d := json.NewDecoder(bytes.NewReader(rest[:n]))
	d.DisallowUnknownFields()
	if err := d.Decode(h); err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	data, floats := rest[n:], 0
	for _, v := range h.Sections {
		if v < 0 || v > len(data) {
			return nil, nil, fmt.Errorf("a section of %d numbers does not fit", v)
		}
		floats += v
	}
	if len(data) != 4*floats {
		return nil, nil, fmt.Errorf("the sections have %d bytes, %d are there", 4*floats, len(data))
	}
	return h, data, nil
}

// CheckpointStep is after which step the run of a checkpoint was cut. The error is
// fs.ErrNotExist where there is none.
func CheckpointStep(path string) (int, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	h, _, err := openCheckpoint(b)
	if err != nil {
		return 0, fmt.Errorf("checkpoint %s: %w; remove it to begin anew", path, err)
	}
	return h.Progress.Step, nil
}
