package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/vigil-icu/vigil/encoders/network"
)

// datatypes are the names that the open inference protocol has for kinds, by those of ONNX.
var datatypes = map[string]string{
	"FP32": "float32", "FP64": "float64", "FP16": "float16", "BF16": "bfloat16", "BOOL": "bool", "BYTES": "string",
	"INT8": "int8", "INT16": "int16", "INT32": "int32", "INT64": "int64", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64",
}

func datatype(k network.Kind) string {
	for name, of := range datatypes {
		if of == k.String() {
			return name
		}
	}
	return "UNKNOWN"
}

// described is an input or an output as a server describes it.
type described struct {
	Name     string  `json:"name"`
	Datatype string  `json:"datatype"`
	Shape    []int64 `json:"shape"`
}

// ports are those of a server's list. A side below 0 is open.
func ports(list []described) ([]network.Port, error) {
	if len(list) > 64 {
		return nil, fmt.Errorf("the server's model has %d inputs or outputs", len(list))
	}
	out := make([]network.Port, len(list))
	for i, d := range list {
		p := network.Port{Name: d.Name, Ranked: true}
		p.Kind, _ = network.KindNamed(datatypes[d.Datatype])
		for _, side := range d.Shape {
			switch {
			case side < 0:
				p.Sides = append(p.Sides, network.Any)
			case side > network.MaxElements:
				return nil, fmt.Errorf("the server's %.80q has a side of %d", d.Name, side)
			default:
				p.Sides = append(p.Sides, int(side))
			}
		}
		out[i] = p
	}
	return out, nil
}

// signed keeps what a server has said of its model.
type signed struct {
	mu   sync.Mutex
	have *network.Signature
}

// ask asks for the model's description, once.
func (s *signed) ask(describe func() (inputs, outputs []described, err error)) (*network.Signature, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.have != nil {
		return s.have, nil
	}
	in, out, err := describe()
	if err != nil {
		return nil, err
	}
	have := &network.Signature{}
	if have.Inputs, err = ports(in); err != nil {
		return nil, err
	}
	if have.Outputs, err = ports(out); err != nil {
		return nil, err
	}
	s.have = have
	return have, nil
}

// inOrder puts a server's outputs into the order of the names asked for, and holds them against
// their shapes and against what may be read.
func inOrder(given []network.Tensor, outputs []string) ([]network.Tensor, error) {
	out := make([]network.Tensor, len(outputs))
	for i, name := range outputs {
		k := slices.IndexFunc(given, func(t network.Tensor) bool { return t.Name == name })
		if k < 0 {
			return nil, fmt.Errorf("the server's answer has no output %s", name)
		}
		if out[i] = given[k]; out[i].Floats == nil && out[i].Ints == nil {
			return nil, fmt.Errorf("the server's output %s is of another kind than FP32 and INT64", name)
		}
		if err := out[i].Check(); err != nil {
			return nil, fmt.Errorf("the server's answer: %w", err)
		}
	}
	return out, nil
}

// KServe asks a server by HTTP.
type KServe struct {
	*service
	server Server
	signed signed
}

var _ network.Runner = (*KServe)(nil)

// KServe reaches a model by the open inference protocol over HTTP.
func (a *Access) KServe(server *Server) (*KServe, error) {
	s, err := a.service(server)
	if err != nil {
		return nil, err
	}
	return &KServe{service: s, server: *server}, nil
}

func (k *KServe) path() string {
	p := "v2/models/" + k.server.Model
	if k.server.Version != "" {
		p += "/versions/" + k.server.Version
	}
	return p
}

// Signature implements network.Runner.
func (k *KServe) Signature(ctx context.Context) (*network.Signature, error) {
	return k.signed.ask(func() (in, out []described, err error) {
		b, err := k.ask(ctx, http.MethodGet, k.path(), nil)
		if err != nil {
			return nil, nil, err
		}
		var m struct {
			Inputs  []described `json:"inputs"`
			Outputs []described `json:"outputs"`
		}
		if json.Unmarshal(b, &m) != nil || m.Inputs == nil {
			return nil, nil, errOtherForm("the open inference protocol")
		}
		return m.Inputs, m.Outputs, nil
	})
}

// tensorJSON is a tensor in a question or an answer.
type tensorJSON struct {
	Name     string          `json:"name"`
	Datatype string          `json:"datatype,omitempty"`
	Shape    []int           `json:"shape,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
}

// Run implements network.Runner.
func (k *KServe) Run(ctx context.Context, inputs []network.Tensor, outputs []string) ([]network.Tensor, error) {
	var question struct {
		Inputs  []tensorJSON `json:"inputs"`
		Outputs []tensorJSON `json:"outputs"`
	}
	for i := range inputs {
		t := &inputs[i]
		if err := t.Check(); err != nil {
			return nil, err
		}
		data, err := numbers(t)
		if err != nil {
			return nil, err
		}
		question.Inputs = append(question.Inputs, tensorJSON{t.Name, datatype(t.Kind()), t.Shape, data})
	}
	for _, name := range outputs {
		question.Outputs = append(question.Outputs, tensorJSON{Name: name})
	}
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	b, err := k.ask(ctx, http.MethodPost, k.path()+"/infer", body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Version string       `json:"model_version"`
		Outputs []tensorJSON `json:"outputs"`
	}
	if json.Unmarshal(b, &answer) != nil {
		return nil, errOtherForm("the open inference protocol")
	}
	if err := k.server.sameVersion(answer.Version); err != nil {
		return nil, err
	}
	given := make([]network.Tensor, len(answer.Outputs))
	for i, o := range answer.Outputs {
		given[i] = network.Tensor{Name: o.Name, Shape: o.Shape}
		n, err := network.Elements(o.Shape)
		if err == nil {
			err = fill(&given[i], o.Datatype, o.Data, n)
		}
		if err != nil {
			return nil, fmt.Errorf("the server's output %.80q: %w", o.Name, err)
		}
	}
	return inOrder(given, outputs)
}

// sameVersion refuses an answer of another version of the model than was asked for.
func (s *Server) sameVersion(found string) error {
	if s.Version != "" && found != "" && found != s.Version {
		return fmt.Errorf("the server has answered with version %.80q of the model, expected %q", found, s.Version)
	}
	return nil
}

// numbers writes a tensor's elements as an array, each in the fewest digits that give it back.
func numbers(t *network.Tensor) ([]byte, error) {
	b := make([]byte, 1, 12*(len(t.Floats)+len(t.Ints))+2)
	b[0] = '['
	for i, x := range t.Floats {
		if i > 0 {
			b = append(b, ',')
		}
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, fmt.Errorf("tensor %s holds %v, which JSON cannot say", t.Name, x)
		}
		b = strconv.AppendFloat(b, float64(x), 'g', -1, 32)
	}
	for i, x := range t.Ints {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, x, 10)
	}
	return append(b, ']'), nil
}

// fill reads n elements of an array, which may be nested as its shape is.
func fill(t *network.Tensor, kind string, data []byte, n int) error {
	if kind != "FP32" && kind != "INT64" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if kind == "FP32" {
		t.Floats = make([]float32, 0, n)
	} else {
		t.Ints = make([]int64, 0, n)
	}
	for {
		token, err := d.Token()
		if err != nil {
			break // the end: Check counts
		}
		switch x := token.(type) {
		case json.Delim:
			if x != '[' && x != ']' {
				return errors.New("its data are no array of numbers")
			}
		case json.Number:
			if len(t.Floats)+len(t.Ints) == n {
				return fmt.Errorf("it has more than the %d numbers of its shape", n)
			}
			if kind == "FP32" {
				v, err := strconv.ParseFloat(x.String(), 32)
				if err != nil {
					return fmt.Errorf("a number that is no FP32")
				}
				t.Floats = append(t.Floats, float32(v))
				continue
			}
			v, err := x.Int64()
			if err != nil {
				return fmt.Errorf("a number that is no INT64")
			}
			t.Ints = append(t.Ints, v)
		default:
			return errors.New("its data are no array of numbers")
		}
	}
	return nil
}
