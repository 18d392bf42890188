package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// DType is the type of a tensor's elements, in the words of the form.
type DType string

// The types that can be read; F32 is the one that is written.
const (
	F32 DType = "F32"
	F64 DType = "F64"
	I64 DType = "I64"
)

// width is the bytes of an element, 0 of a type that cannot be read.
func (d DType) width() uint64 {
	switch d {
	case F32:
		return 4
	case F64, I64:
		return 8
	}
	return 0
}

// maxHeader of a file, in bytes.
const maxHeader = 16 << 20

// metadata is the name in the header that stands for no tensor.
const metadata = "__metadata__"

// File is a file that was looked through.
type File struct {
	Meta    map[string]string // texts of the writer's; empty if there are none
	Tensors map[string]Tensor // by name
}

// Tensor is where a tensor lies in the bytes of its file, which it shares.
type Tensor struct {
	DType DType
	Shape []int // no dimension for a single number; one of 0 for no number at all
	data  []byte
}

// Read looks through the bytes of a file whose tensors are of the given types. They must
// not change as long as the File is used. An error says which tensor is wrong, and how.
func Read(b []byte, types ...DType) (*File, error) {
	if len(b) < 8 {
		return nil, errors.New("not a safetensors file: shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("not a safetensors file, or torn: the header is said to have %d bytes, the file has %d", n, len(b))
	}
	entries, err := object(b[8 : 8+n])
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	data := b[8+n:]
	file := &File{Meta: map[string]string{}, Tensors: map[string]Tensor{}}
	type span struct{ from, to uint64 }
	var spans []span
	for name, raw := range entries {
		if name == metadata {
			if file.Meta, err = texts(raw); err != nil {
				return nil, fmt.Errorf("header %s: %w", metadata, err)
			}
			continue
		}
		e, err := entryOf(raw)
		if err != nil {
			return nil, fmt.Errorf("tensor %.60q: %w", name, err)
		}
		size := e.DType.width()
		if size == 0 || !slices.Contains(types, e.DType) {
			return nil, fmt.Errorf("tensor %.60q: dtype %.20q, want %s", name, e.DType, words(types))
		}
		for _, dim := range e.Shape {
			if dim < 0 || size > 0 && uint64(dim) > math.MaxInt64/size {
				return nil, fmt.Errorf("tensor %.60q: shape %v is not possible", name, e.Shape)
			}
			size *= uint64(dim)
		}
		from, to := e.From, e.To
		if from > to || to > uint64(len(data)) || to-from != size {
			return nil, fmt.Errorf("tensor %.60q: bytes %d to %d do not fit shape %v in %d bytes of data; the file is torn", name, from, to, e.Shape, len(data))
		}
		file.Tensors[name] = Tensor{e.DType, e.Shape, data[from:to]}
		spans = append(spans, span{from, to})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	at := uint64(0)
	for _, s := range spans {
		if s.from != at {
			return nil, fmt.Errorf("bytes %d to %d are in no tensor, or in two", min(at, s.from), max(at, s.from))
		}
		at = s.to
	}
	if at != uint64(len(data)) {
		return nil, fmt.Errorf("%d bytes behind the last tensor", uint64(len(data))-at)
	}
	return file, nil
}

func words(types []DType) string {
	var all []string
	for _, t := range types {
		all = append(all, string(t))
	}
	return strings.Join(all, " or ")
}

// Len is the number of elements.
func (t Tensor) Len() int { return len(t.data) / int(t.DType.width()) }

// Float32s copies the elements of an F32 tensor to dst, which has t.Len() of them.
func (t Tensor) Float32s(dst []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.data[4*i:]))
	}
}

// Float64s gives the elements of a tensor of any type. Those of F32 and F64 are exact, and
// so are integers up to 2^53.
func (t Tensor) Float64s() []float64 {
	all := make([]float64, t.Len())
	for i := range all {
		switch t.DType {
		case F32:
			all[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(t.data[4*i:])))
		case F64:
			all[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.data[8*i:]))
		case I64:
			all[i] = float64(int64(binary.LittleEndian.Uint64(t.data[8*i:])))
		}
	}
	return all
}

// Array is a named F32 tensor to be written.
type Array struct {
	Name   string
	Shape  []int
	Values []float32 // row-major, Len() of them
}

// Len is the number of elements that the shape asks for.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// Marshal is the bytes of a file with the arrays in the order given. The same arrays and
// metadata give the same bytes, and the data begins at a multiple of 8.
func Marshal(arrays []Array, meta map[string]string) ([]byte, error) {
	var header bytes.Buffer
	m, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&header, `{"%s":%s`, metadata, m)
	at := 0
	for i := range arrays {
		a := &arrays[i]
		if len(a.Values) != a.Len() {
			return nil, fmt.Errorf("tensor %s has %d values, its shape wants %d", a.Name, len(a.Values), a.Len())
		}
		shape, err := json.Marshal(a.Shape)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&header, `,%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, a.Name, shape, at, at+4*a.Len())
		at += 4 * a.Len()
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+header.Len()+at), uint64(header.Len()))
	out = append(out, header.Bytes()...)
	for i := range arrays {
		for _, v := range arrays[i].Values {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out, nil
}
