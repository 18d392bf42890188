package fusion

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion/safetensors"
)

// The keys of a model file's metadata.
const (
	// metaConfig holds the config as JSON.
	metaConfig = "vigil"
	// metaRecord holds the training record as JSON, see train.Record.
	metaRecord = "training_record"
)

// Names of the tensors that are not trained.
const (
	statEdgesName   = "edges.statistics"
	staticEdgesName = "edges.statics"
)

// tensors lists the tensors of a network in the order of its file: the parameters, then
// the edges that are not trained.
func (n *Network[F]) tensors() []safetensors.Array {
	var list []safetensors.Array
	for i, name := range n.params.Names {
		list = append(list, safetensors.Array{Name: name, Shape: n.params.Shapes[i]})
	}
	if c := len(n.Config.Channels); c > 0 {
		list = append(list, safetensors.Array{Name: statEdgesName, Shape: []int{c, encoders.Statistics, vitals.Encoded}, Values: n.StatEdges})
	}
	if s := len(n.Config.Statics); s > 0 {
		list = append(list, safetensors.Array{Name: staticEdgesName, Shape: []int{s, vitals.Encoded}, Values: n.StaticEdges})
	}
	return list
}

// Marshal is the bytes of the model file: safetensors with the config, and the training
// record if there is one, as metadata. The same network and record give the same bytes.
func (n *Network[F]) Marshal(record json.RawMessage) ([]byte, error) {
	text, err := json.Marshal(&n.Config)
	if err != nil {
		return nil, err
	}
	meta := map[string]string{metaConfig: string(text)}
	if record != nil {
		if !json.Valid(record) {
			return nil, errors.New("the training record is not JSON")
		}
		meta[metaRecord] = string(record)
	}
	list := n.tensors()
	for i := range n.params.Names {
		of := n.params.Values[n.params.Offsets[i]:][:list[i].Len()]
		v := make([]float32, len(of))
		for j, x := range of {
			v[j] = float32(x)
		}
		list[i].Values = v
	}
	return safetensors.Marshal(list, meta)
}

// Write writes the model file, whole or not at all: a file of another name is written and
// moved to path.
func (n *Network[F]) Write(path string, record json.RawMessage) error {
	b, err := n.Marshal(record)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close(), os.Chmod(f.Name(), 0o644)); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Unmarshal reads a network, and the training record if there is one, from the bytes of a
// model file. Every tensor that the config asks for must be there with its shape, and no
// other; all numbers must be finite. The error names the tensor or the key that is wrong.
func Unmarshal(b []byte) (*Network[float32], json.RawMessage, error) {
	file, err := safetensors.Read(b, safetensors.F32)
	if err != nil {
		return nil, nil, err
	}
	text, ok := file.Meta[metaConfig]
	if !ok {
		return nil, nil, errors.New("metadata has no \"vigil\": not a model of this project")
	}
	c, err := parseMetadata(text)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range c.Modalities {
		if m.Standardise && len(m.Scale) == 0 {
			return nil, nil, fmt.Errorf("modality %s: standardise without centre and scale, so that its vectors cannot be read: train the model anew", m.Name)
		}
	}
	n, err := outline[float32](c)
	if err != nil {
		return nil, nil, err
	}
	wanted := n.tensors()
	for _, want := range wanted {
		got, ok := file.Tensors[want.Name]
		if !ok {
			return nil, nil, fmt.Errorf("tensor %s is missing", want.Name)
		}
		if !slices.Equal(got.Shape, want.Shape) {
			return nil, nil, fmt.Errorf("tensor %s has shape %v, want %v", want.Name, got.Shape, want.Shape)
		}
	}
	if len(file.Tensors) != len(wanted) {
		return nil, nil, fmt.Errorf("%d tensors, want %d", len(file.Tensors), len(wanted))
	}
	n.params.Make()
	for i, name := range n.params.Names {
		if err := fill(n.params.Values[n.params.Offsets[i]:][:wanted[i].Len()], file, name); err != nil {
			return nil, nil, err
		}
	}
	for _, e := range []struct {
		name     string
		edges    vitals.Edges
		features int
	}{{statEdgesName, n.StatEdges, len(c.Channels) * encoders.Statistics}, {staticEdgesName, n.StaticEdges, len(c.Statics)}} {
		if e.features == 0 {
			continue
		}
		err := fill(e.edges, file, e.name)
		if err == nil {
			err = e.edges.Check(e.features)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %s: %w", e.name, err)
		}
	}
	var record json.RawMessage
	if r, ok := file.Meta[metaRecord]; ok {
		if record = json.RawMessage(r); !json.Valid(record) {
			return nil, nil, fmt.Errorf("metadata %q is not JSON", metaRecord)
		}
	}
	return n, record, nil
}

// fill copies a tensor of just as many elements; all must be finite.
func fill(dst []float32, file *safetensors.File, name string) error {
	file.Tensors[name].Float32s(dst)
	for i, v := range dst {
		if v-v != 0 {
			return fmt.Errorf("tensor %s: element %d is not finite", name, i)
		}
	}
	return nil
}
