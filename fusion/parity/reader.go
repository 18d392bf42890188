package parity

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Case is one golden case: parameters, weights, inputs and what must come out.
type Case struct {
	Name, Group string
	Params      map[string]any

	in, out, ref, grad, weights map[string]Tensor // by the name behind the role
	f64, f32, grad64            tolerance
}

// Tensor is row-major; F32 and I64 elements convert exactly (integers are small).
type Tensor struct {
	Shape  []int
	Values []float64
}

// tolerance: |got - want| <= abs + rel*|want|; abs by output, "*" for the rest.
type tolerance struct {
	abs map[string]float64
	rel float64
}

func (t tolerance) absolute(name string) float64 {
	if a, ok := t.abs[name]; ok {
		return a
	}
	return t.abs["*"]
}

func (t *tolerance) UnmarshalJSON(b []byte) error {
	var raw struct {
		Abs json.RawMessage `json:"abs"`
		Rel float64         `json:"rel"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	t.rel = raw.Rel
	var one float64
	if json.Unmarshal(raw.Abs, &one) == nil {
		t.abs = map[string]float64{"*": one}
		return nil
	}
	return json.Unmarshal(raw.Abs, &t.abs)
}

// In is a copy of the input tensor name. A missing tensor panics; Walk turns that
// into a Result that is not OK.
func In[F nn.Float](c *Case, name string) []F { return convert[F](c.find(c.in, "input", name)) }

// Weight is a copy of the weight tensor name of the case's weight set.
func Weight[F nn.Float](c *Case, name string) []F {
	return convert[F](c.find(c.weights, "weight", name))
}

// InShape is the shape of an input, nil if there is none of that name.
func (c *Case) InShape(name string) []int { return c.in[name].Shape }

// WeightShape is the shape of a weight, nil if there is none of that name.
func (c *Case) WeightShape(name string) []int { return c.weights[name].Shape }

// Wants says whether the case has an expected value (out64 or ref) of that name.
func (c *Case) Wants(name string) bool {
	_, out := c.out[name]
	_, ref := c.ref[name]
	return out || ref
}

// Counts are the expected values whose names end in a number after a prefix, with it.
func (c *Case) Counts(prefix string) map[string]int {
	counts := map[string]int{}
	for _, expected := range []map[string]Tensor{c.out, c.ref} {
		for name := range expected {
			digits, ok := strings.CutPrefix(name, prefix)
			if n, err := strconv.ParseUint(digits, 10, 31); ok && err == nil {
				counts[name] = int(n)
			}
		}
	}
	return counts
}

// Int is a whole parameter; a missing one panics as In does.
func (c *Case) Int(name string) int {
	v, ok := c.Params[name].(float64)
	if !ok {
		panic(fmt.Sprintf("parity: case %s has no number %q among its params", c.Name, name))
	}
	return int(v)
}

// Text is a parameter of words, "" if absent.
func (c *Case) Text(name string) string { s, _ := c.Params[name].(string); return s }

// List is a parameter that is a list of words, nil if absent.
func (c *Case) List(name string) []string {
	var list []string
	raw, _ := c.Params[name].([]any)
	for _, v := range raw {
		s, _ := v.(string)
		list = append(list, s)
	}
	return list
}

func (c *Case) find(m map[string]Tensor, role, name string) Tensor {
	t, ok := m[name]
	if !ok {
		panic(fmt.Sprintf("parity: case %s has no %s %q", c.Name, role, name))
	}
	return t
}

func convert[F nn.Float](t Tensor) []F {
	out := make([]F, len(t.Values))
	for i, v := range t.Values {
		out[i] = F(v)
	}
	return out
}

type indexTensor [3]any // role/name, type, shape

func (t indexTensor) name() string { s, _ := t[0].(string); return s }

type index struct {
	Cases []struct {
		Name       string         `json:"name"`
		Group      string         `json:"group"`
		File       string         `json:"file"`
		Params     map[string]any `json:"params"`
		Weights    string         `json:"weights"`
		InputsFrom string         `json:"inputs_from"`
		Tensors    []indexTensor  `json:"tensors"`
		Tolerance  struct {
			F64  tolerance `json:"f64"`
			F32  tolerance `json:"f32"`
			Grad tolerance `json:"grad_f64"`
		} `json:"tolerance"`
	} `json:"cases"`
}

// ReadCases reads every case that dir/index.json names, in its order.
func ReadCases(dir string) ([]*Case, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	var ix index
	if err := json.Unmarshal(raw, &ix); err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	all := map[string]Tensor{}
	var files []string
	for _, c := range ix.Cases {
		if filepath.Base(c.File) != c.File {
			return nil, fmt.Errorf("case %s: %q is not a file name", c.Name, c.File)
		}
		if !slices.Contains(files, c.File) {
			files = append(files, c.File)
		}
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil {
			return nil, err
		}
		if err := readTensors(b, all); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	weights := map[string]map[string]Tensor{}
	for name, t := range all {
		if prefix, rest, ok := strings.Cut(name, "/w/"); ok {
			if weights[prefix] == nil {
				weights[prefix] = map[string]Tensor{}
			}
			weights[prefix][rest] = t
		}
	}
	byName := map[string]*Case{}
	var cases []*Case
	for _, e := range ix.Cases {
		c := &Case{Name: e.Name, Group: e.Group, Params: e.Params, f64: e.Tolerance.F64, f32: e.Tolerance.F32, grad64: e.Tolerance.Grad,
			in: map[string]Tensor{}, out: map[string]Tensor{}, ref: map[string]Tensor{}, grad: map[string]Tensor{}}
		roles := map[string]map[string]Tensor{"in": c.in, "out64": c.out, "ref": c.ref, "grad": c.grad}
		for _, t := range e.Tensors {
			v, ok := all[e.Name+"/"+t.name()]
			if !ok {
				return nil, fmt.Errorf("%s holds no tensor %s/%s that index.json names", e.File, e.Name, t.name())
			}
			if role, name, _ := strings.Cut(t.name(), "/"); roles[role] != nil {
				roles[role][name] = v
			}
		}
		if c.weights = weights[e.Weights]; e.Weights != "" && c.weights == nil {
			return nil, fmt.Errorf("case %s: no weight set %s", e.Name, e.Weights)
		}
		byName[c.Name] = c
		cases = append(cases, c)
	}
	for i, e := range ix.Cases {
		if e.InputsFrom == "" {
			continue
		}
		from := byName[e.InputsFrom]
		if from == nil {
			return nil, fmt.Errorf("case %s: inputs_from names no case: %s", e.Name, e.InputsFrom)
		}
		for name, t := range from.in {
			if _, own := cases[i].in[name]; !own {
				cases[i].in[name] = t
			}
		}
	}
	return cases, nil
}
