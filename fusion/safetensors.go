package fusion

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// tensorShape names a tensor and its dimensions.
type tensorShape struct {
	name  string
	shape []int
}

func (t tensorShape) size() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// maxHeader of a safetensors file, in bytes.
const maxHeader = 16 << 20

type headerEntry struct {
	DType   string    `json:"dtype"`
	Shape   []int     `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// tensorFile is a file that was looked through: where the tensors lie in its bytes.
type tensorFile struct {
	meta    map[string]string
	tensors map[string]tensorBytes
}

type tensorBytes struct {
	shape []int
	data  []byte
}

// readSafetensors looks through a file of float32 tensors and its metadata, strictly: no
// byte is outside a tensor, none is in two.
func readSafetensors(b []byte) (*tensorFile, error) {
	if len(b) < 8 {
		return nil, errors.New("not a safetensors file: shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("not a safetensors file, or torn: the header is said to have %d bytes, the file has %d", n, len(b))
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &entries); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	data := b[8+n:]
	file := &tensorFile{meta: map[string]string{}, tensors: map[string]tensorBytes{}}
	type span struct{ from, to uint64 }
	var spans []span
	for name, raw := range entries {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &file.meta); err != nil {
				return nil, fmt.Errorf("header __metadata__: %w", err)
			}
			continue
		}
		var e headerEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("tensor %.60q: %w", name, err)
		}
		size := uint64(4)
		for _, dim := range e.Shape {
			if dim <= 0 || dim > 1<<31 || size > uint64(len(data)) {
				return nil, fmt.Errorf("tensor %.60q: shape %v is not possible in this file", name, e.Shape)
			}
			size *= uint64(dim)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		switch {
		case e.DType != "F32":
			return nil, fmt.Errorf("tensor %.60q: dtype %.20q, want F32", name, e.DType)
		case from > to || to > uint64(len(data)) || to-from != size:
			return nil, fmt.Errorf("tensor %.60q: bytes %d to %d do not fit shape %v in %d bytes of data; the file is torn", name, from, to, e.Shape, len(data))
		}
		file.tensors[name] = tensorBytes{e.Shape, data[from:to]}
		spans = append(spans, span{from, to})
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
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

// into copies a tensor of just as many elements; all must be finite.
func (f *tensorFile) into(dst []float32, name string) error {
	data := f.tensors[name].data
	for i := range dst {
		v := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if v-v != 0 {
			return fmt.Errorf("tensor %s: element %d is not finite", name, i)
		}
		dst[i] = v
	}
	return nil
}

// writeSafetensors writes tensors in the order given.
func writeSafetensors(list []tensorShape, values map[string][]float32, meta map[string]string) ([]byte, error) {
	var header bytes.Buffer
	m, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&header, `{"__metadata__":%s`, m)
	at := 0
	for _, t := range list {
		shape, err := json.Marshal(t.shape)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&header, `,%q:{"dtype":"F32","shape":%s,"data_offsets":[%d,%d]}`, t.name, shape, at, at+4*t.size())
		at += 4 * t.size()
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(header.Len()))
	out = append(out, header.Bytes()...)
	for _, t := range list {
		if len(values[t.name]) != t.size() {
			return nil, fmt.Errorf("tensor %s has %d values, its shape wants %d", t.name, len(values[t.name]), t.size())
		}
		for _, v := range values[t.name] {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out, nil
}
