package parity

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

func cutRole(name, sep string) (before, after string, ok bool) { return strings.Cut(name, sep) }

// readTensors adds the tensors of a safetensors file (F64, F32, I64) to all.
func readTensors(b []byte, all map[string]Tensor) error {
	if len(b) < 8 {
		return fmt.Errorf("not a safetensors file: shorter than 8 bytes")
	}
	n := binary.LittleEndian.Uint64(b)
	if n > uint64(len(b)-8) {
		return fmt.Errorf("torn: the header is said to have %d bytes, the file has %d", n, len(b))
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &entries); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	data := b[8+n:]
	for name, raw := range entries {
		if name == "__metadata__" {
			continue
		}
		var e struct {
			DType   string    `json:"dtype"`
			Shape   []int     `json:"shape"`
			Offsets [2]uint64 `json:"data_offsets"`
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return fmt.Errorf("tensor %s: %w", name, err)
		}
		width := map[string]uint64{"F64": 8, "I64": 8, "F32": 4}[e.DType]
		if width == 0 {
			return fmt.Errorf("tensor %s: type %q, want F64, F32 or I64", name, e.DType)
		}
		count := uint64(1)
		for _, d := range e.Shape {
			if d < 0 || d > 1<<24 || count > uint64(len(data)) {
				return fmt.Errorf("tensor %s: shape %v is not possible in this file", name, e.Shape)
			}
			count *= uint64(d)
		}
		from, to := e.Offsets[0], e.Offsets[1]
		if from > to || to > uint64(len(data)) || to-from != count*width {
			return fmt.Errorf("tensor %s: bytes %d to %d do not fit shape %v; the file is torn", name, from, to, e.Shape)
		}
		t := Tensor{Shape: e.Shape, Values: make([]float64, count)}
		for i := range t.Values {
			p := data[from+uint64(i)*width:]
			switch e.DType {
			case "F64":
				t.Values[i] = math.Float64frombits(binary.LittleEndian.Uint64(p))
			case "F32":
				t.Values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(p)))
			case "I64":
				t.Values[i] = float64(int64(binary.LittleEndian.Uint64(p)))
			}
		}
		if _, twice := all[name]; twice {
			return fmt.Errorf("tensor %s is there twice", name)
		}
		all[name] = t
	}
	return nil
}
