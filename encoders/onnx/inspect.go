package onnx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vigil-icu/vigil/encoders/network"
)

// What a network's file may hold.
const (
	MaxFile    = 1 << 30 // bytes; what is larger does not fit the memory of a worker
	maxNesting = 16      // graphs within graphs
	maxPorts   = 64
	maxText    = 1 << 10 // of a name
	maxEntries = 256     // properties
)

// domains are those of operators that ONNX Runtime brings itself. Others need a library of their own.
var domains = []string{"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"}

// Inspect reads from a network's file what it says of itself. It runs nothing. A file that names
// weights in other files, operators of other libraries, or a tensor that is larger than the file
// could hold, is refused.
func Inspect(file []byte) (*network.Signature, error) {
	if len(file) > MaxFile {
		return nil, fmt.Errorf("the network has %d bytes, at most %d are read", len(file), MaxFile)
	}
	i := inspection{size: len(file), local: map[string]bool{}}
	if err := fields(file, i.modelField); err != nil {
		return nil, fmt.Errorf("this is no ONNX network: %w", err)
	}
	if !i.graph {
		return nil, errors.New("this is no ONNX network: it has no graph")
	}
	for _, d := range i.domains {
		if !slices.Contains(domains, d) && !i.local[d] {
			return nil, fmt.Errorf("the network uses operators of %q, which need a library of their own: export it with the standard operators only", clip(d))
		}
	}
	// Old files list the weights among the inputs too.
	i.signature.Inputs = slices.DeleteFunc(i.signature.Inputs, func(p network.Port) bool { return slices.Contains(i.weights, p.Name) })
	if len(i.signature.Inputs) > maxPorts || len(i.signature.Outputs) > maxPorts {
		return nil, fmt.Errorf("the network has %d inputs and %d outputs: at most %d of each are read", len(i.signature.Inputs), len(i.signature.Outputs), maxPorts)
	}
	return &i.signature, nil
}

// inspection gathers what is of interest. Its methods take one field of a message each, by the
// numbers that the format gives them.
type inspection struct {
	size      int
	graph     bool
	signature network.Signature
	weights   []string
	domains   []string
	local     map[string]bool // domains of functions that the file defines itself
}

// field is one field of a message: bytes for one of length, number for a varint.
type field struct {
	number protowire.Number
	bytes  []byte
	value  uint64
	isText bool
}

var errTorn = errors.New("its bytes end early or are no protocol buffer")

// fields calls take for each field of a message.
func fields(b []byte, take func(f field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errTorn
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.isText = true
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.StartGroupType, protowire.EndGroupType:
			return errTorn // the format has none, and they nest without bound
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return errTorn
		}
		b = b[n:]
		if err := take(f); err != nil {
			return err
		}
	}
	return nil
}

func (i *inspection) modelField(f field) error {
	switch f.number {
	case 7: // graph
		if i.graph {
			return errors.New("it has two graphs")
		}
		i.graph = true
		return fields(f.bytes, func(f field) error { return i.graphField(f, 0) })
	case 8: // operator sets
		return nil
	case 14: // properties
		return i.property(f.bytes)
	case 25: // functions
		return fields(f.bytes, func(f field) error {
			switch f.number {
			case 7:
				return fields(f.bytes, func(f field) error { return i.nodeField(f, 1) })
			case 10:
				i.local[string(f.bytes)] = true
			}
			return nil
		})
	}
	return nil
}

func (i *inspection) property(b []byte) error {
	var key, value string
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			key = string(f.bytes)
		case 2:
			value = string(f.bytes)
		}
		return nil
	})
	if i.signature.Properties == nil {
		i.signature.Properties = map[string]string{}
	}
	if len(i.signature.Properties) < maxEntries {
		i.signature.Properties[key] = value
	}
	return err
}

func (i *inspection) graphField(f field, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("its graphs nest deeper than %d", maxNesting)
	}
	switch f.number {
	case 1: // nodes
		return fields(f.bytes, func(f field) error { return i.nodeField(f, depth) })
	case 5: // weights
		name, err := i.tensor(f.bytes)
		if depth == 0 {
			i.weights = append(i.weights, name)
		}
		return err
	case 11, 12:
		if depth > 0 {
			return nil
		}
		p, err := port(f.bytes)
		if err != nil {
			return err
		}
		if f.number == 11 {
			i.signature.Inputs = append(i.signature.Inputs, p)
		} else {
			i.signature.Outputs = append(i.signature.Outputs, p)
		}
	case 15: // sparse weights
		return i.sparse(f.bytes)
	}
	return nil
}

func (i *inspection) nodeField(f field, depth int) error {
	switch f.number {
	case 5: // attributes
		return fields(f.bytes, func(f field) error { return i.attributeField(f, depth) })
	case 7:
		if d := string(f.bytes); !slices.Contains(i.domains, d) && len(i.domains) < maxEntries {
			i.domains = append(i.domains, d)
		}
	}
	return nil
}

func (i *inspection) attributeField(f field, depth int) error {
	switch {
	case (f.number == 5 || f.number == 10) && f.isText: // tensors
		_, err := i.tensor(f.bytes)
		return err
	case (f.number == 6 || f.number == 11) && f.isText: // graphs
		return fields(f.bytes, func(f field) error { return i.graphField(f, depth+1) })
	case (f.number == 22 || f.number == 23) && f.isText:
		return i.sparse(f.bytes)
	}
	return nil
}

func (i *inspection) sparse(b []byte) error {
	return fields(b, func(f field) error {
		if f.number != 1 && f.number != 2 {
			return nil
		}
		_, err := i.tensor(f.bytes)
		return err
	})
}

// tensor judges a tensor of the file. Every element takes a bit at least, so that one whose shape
// says more than the file has bits is a lie.
func (i *inspection) tensor(b []byte) (name string, err error) {
	var sides []uint64
	outside := false
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			if !f.isText {
				sides = append(sides, f.value)
				return nil
			}
			for packed := f.bytes; len(packed) > 0; {
				v, n := protowire.ConsumeVarint(packed)
				if n < 0 {
					return errTorn
				}
				packed = packed[n:]
				sides = append(sides, v)
			}
		case 8:
			name = string(f.bytes)
		case 13:
			outside = true
		case 14:
			outside = outside || f.value == 1
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if outside {
		return "", fmt.Errorf("its weights %s stand in another file: export it as one file (in Python: onnx.save(model, file, save_as_external_data=False))", clip(name))
	}
	n := uint64(1)
	for _, side := range sides {
		if side == 0 {
			return name, nil
		}
		if most := uint64(i.size) * 8; side > most || n*side > most {
			return "", fmt.Errorf("its tensor %s is declared larger than the whole file", clip(name))
		}
		n *= side
	}
	return name, nil
}

// port reads what is said of an input or an output.
func port(b []byte) (p network.Port, err error) {
	err = fields(b, func(f field) error {
		switch f.number {
		case 1:
			if len(f.bytes) > maxText {
				return fmt.Errorf("a name of %d bytes", len(f.bytes))
			}
			p.Name = string(f.bytes)
		case 2:
			return fields(f.bytes, func(f field) error {
				if f.number != 1 || !f.isText {
					return nil // a sequence, a map: it keeps the kind "undefined"
				}
				return fields(f.bytes, func(f field) error {
					switch f.number {
					case 1:
						p.Kind = network.Kind(min(f.value, 1000))
					case 2:
						p.Ranked = true
						return fields(f.bytes, func(f field) error { return side(&p, f) })
					}
					return nil
				})
			})
		}
		return nil
	})
	return p, err
}

func side(p *network.Port, f field) error {
	if f.number != 1 {
		return nil
	}
	length := network.Any
	err := fields(f.bytes, func(f field) error {
		if f.number == 1 && !f.isText {
			if f.value > network.MaxElements {
				return fmt.Errorf("%s has a side of %s: at most %d is read", clip(p.Name), strconv.FormatUint(f.value, 10), network.MaxElements)
			}
			length = int(f.value)
		}
		return nil
	})
	if p.Sides = append(p.Sides, length); len(p.Sides) > maxPorts {
		return fmt.Errorf("%s has more than %d sides", clip(p.Name), maxPorts)
	}
	return err
}

// clip makes a name of a file fit into a message.
func clip(name string) string {
	if len(name) > 80 {
		name = name[:80] + "..."
	}
	return strconv.Quote(name)
}
