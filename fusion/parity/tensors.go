package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/safetensors"
)

// readTensors adds the tensors of a safetensors file (F64, F32, I64) to all.
func readTensors(b []byte, all map[string]Tensor) error {
	file, err := safetensors.Read(b, safetensors.F64, safetensors.F32, safetensors.I64)
	if err != nil {
		return err
	}
	for name, t := range file.Tensors {
		if _, twice := all[name]; twice {
			return fmt.Errorf("tensor %s is there twice", name)
		}
		all[name] = Tensor{Shape: t.Shape, Values: t.Float64s()}
	}
	return nil
}
