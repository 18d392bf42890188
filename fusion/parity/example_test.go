package parity_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/vigil-icu/vigil/fusion/parity"
)

// A directory of one case: the embedding phi of the time 1/2, which is the time itself and
// the sine of 0. The second element is expected to be 0.1, and the walk says that it is not.
func ExampleWalk() {
	dir, err := os.MkdirTemp("", "parity")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	header := `{"phi/in/tau": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
		"phi/out64/phi": {"dtype": "F64", "shape": [1, 2], "data_offsets": [8, 24]},
		"one/w/phi.w": {"dtype": "F64", "shape": [2], "data_offsets": [24, 40]},
		"one/w/phi.b": {"dtype": "F64", "shape": [2], "data_offsets": [40, 56]}}`
	file := append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...)
	for _, v := range []float64{0.5 /**/, 0.5, 0.1 /**/, 1, 0 /**/, 0, 0} {
		file = binary.LittleEndian.AppendUint64(file, math.Float64bits(v))
	}
	index := `{"cases": [{"name": "phi", "group": "time_embedding", "file": "phi.safetensors", "params": {"E": 2},
		"weights": "one", "tensors": [["in/tau", "F64", [1]], ["out64/phi", "F64", [1, 2]]],
		"tolerance": {"f64": {"abs": 1e-12}, "f32": {"abs": 1e-6}, "grad_f64": {"abs": 1e-9}}}]}`
	for name, content := range map[string][]byte{"phi.safetensors": file, "index.json": []byte(index)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			fmt.Println(err)
			return
		}
	}
	results, err := parity.Walk(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range results {
		fmt.Println(r.Name, r.OK, r.Err)
	}
	// Output: phi false float64: output phi, element 1: 0, want 0.1 within 1e-12
}
