package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MaxElements bounds a tensor: 16 million numbers are a page of 512 tokens of the largest encoders in
// use, and more than any image that an encoder looks at.
const MaxElements = 16 << 20

// Kind is the type of a tensor's elements, by the number that ONNX gives it.
type Kind int

// Kinds that Vigil fills or reads; a signature may hold any other.
const (
	Float32 Kind = 1
	Int64   Kind = 7
)

// kinds are the names of ONNX's element types.
var kinds = []string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
	"float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"}

func (k Kind) String() string {
	if k >= 0 && int(k) < len(kinds) {
		return kinds[k]
	}
	return "type " + strconv.Itoa(int(k))
}

// KindNamed finds a kind by its name.
func KindNamed(name string) (Kind, bool) {
	k := slices.Index(kinds, name)
	return Kind(k), k > 0
}

// Tensor is an array of numbers with a shape, row-major. Floats belongs to one of Float32, Ints to
// one of Int64.
type Tensor struct {
	Name   string
	Shape  []int
	Floats []float32
	Ints   []int64
}

// Kind is that of the tensor's elements.
func (t *Tensor) Kind() Kind {
	if t.Ints != nil {
		return Int64
	}
	return Float32
}

// Check refuses a tensor whose numbers are not as many as its shape says, and one with a number that is
// none: what a network makes of NaN may depend on where it stands.
func (t *Tensor) Check() error {
	n, err := Elements(t.Shape)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", t.Name, err)
	}
	if have := len(t.Floats) + len(t.Ints); have != n {
		return fmt.Errorf("tensor %s has %d numbers, its shape %s wants %d", t.Name, have, shapeText(t.Shape), n)
	}
	for i, x := range t.Floats {
		if x-x != 0 {
			return fmt.Errorf("number %d of tensor %s is %v", i, t.Name, x)
		}
	}
	return nil
}

// Elements is how many numbers a shape holds. One with a negative side, or with more than
// MaxElements, is refused.
func Elements(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("a shape of %d sides: at most %d are read", len(shape), maxRank)
	}
	n := 1
	for _, side := range shape {
		if side < 0 {
			return 0, fmt.Errorf("the shape %s has a negative side", shapeText(shape))
		}
		if side > MaxElements || n*side > MaxElements {
			return 0, fmt.Errorf("the shape %s holds more than %d numbers", shapeText(shape), MaxElements)
		}
		n *= side
	}
	return n, nil
}

const maxRank = 8

func shapeText(shape []int) string {
	text := make([]string, min(len(shape), maxRank))
	for i := range text {
		text[i] = strconv.Itoa(shape[i])
	}
	if len(shape) > maxRank {
		text = append(text, "...")
	}
	return "[" + strings.Join(text, ", ") + "]"
}

// ErrAway is the error of a network that cannot be asked now, as a server that does not answer. The
// same may be asked again.
var ErrAway = errors.New("the network cannot be asked now")

// Runner runs a network. It is safe for concurrent use. The context's end ends a run.
type Runner interface {
	// Signature is what the network says that it takes and gives. It asks a server once.
	Signature(ctx context.Context) (*Signature, error)
	// Run gives the outputs that are named, in their order.
	Run(ctx context.Context, inputs []Tensor, outputs []string) ([]Tensor, error)
}
