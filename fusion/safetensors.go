package fusion

import (
	"bytes"
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

// readSafetensors reads a file of float32 tensors and its metadata, strictly: no
// byte is outside a tensor, none is in two, all numbers are finite.
func readSafetensors(b []byte) (map[string]tensorShape, map[string][]float32, map[string]string, error) {
	if len(b) < 8 {
		return nil, nil, nil, errors.New("not a safetensors file: shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, nil, nil, fmt.Errorf("not a safetensors file, or torn: the header is said to have %d bytes, the file has %d", n, len(b))
	}
	var entries map[string]json.RawMessage
	d := json.NewDecoder(bytes.NewReader(b[8 : 8+n]))
	if err := d.Decode(&entries); err != nil {
		return nil, nil, nil, fmt.Errorf("header: %w", err)
	}
	data := b[8+n:]
	meta := map[string]string{}
	shapes, values := map[string]tensorShape{}, map[string][]float32{}
	type span struct{ from, to uint64 }
	var spans []span
	for name, raw := range entries {
		if name == "__metadata__" {
			if err := json.Unmarshal(raw, &meta); err != nil {
				return nil, nil, nil, fmt.Errorf("header __metadata__: %w", err)
			}
			continue
		}
		var e headerEntry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, nil, nil, fmt.Errorf("tensor %.60q: %w", name, err)
		}
		size := uint64(4)
		for _, dim := range e.Shape {
			if dim <= 0 || dim > 1<<24 || size > uint64(len(data)) {
				return nil, nil, nil, fmt.Errorf("tensor %.60q: shape %v is not possible in this file", name, e.Shape)
			}
			size *= uint64(dim)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		switch {
		case e.DType != "F32":
			return nil, nil, nil, fmt.Errorf("tensor %.60q: dtype %.20q, want F32", name, e.DType)
		case from > to || to > uint64(len(data)) || to-from != size:
			return nil, nil, nil, fmt.Errorf("tensor %.60q: bytes %d to %d do not fit shape %v in %d bytes of data; the file is torn", name, from, to, e.Shape, len(data))
		}
		v := make([]float32, size/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[from+uint64(4*i):]))
			if math.IsNaN(float64(v[i])) || math.IsInf(float64(v[i]), 0) {
				return nil, nil, nil, fmt.Errorf("tensor %.60q: element %d is not finite", name, i)
			}
		}
		shapes[name], values[name] = tensorShape{name, e.Shape}, v
		spans = append(spans, span{from, to})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(int64(a.from) - int64(b.from)) })
	at := uint64(0)
	for _, s := range spans {
		if s.from != at {
			return nil, nil, nil, fmt.Errorf("bytes %d to %d are in no tensor, or in two", min(at, s.from), max(at, s.from))
		}
		at = s.to
	}
	if at != uint64(len(data)) {
		return nil, nil, nil, fmt.Errorf("%d bytes behind the last tensor", uint64(len(data))-at)
	}
	return shapes, values, meta, nil
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
