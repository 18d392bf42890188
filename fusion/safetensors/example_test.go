package safetensors_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/safetensors"
)

// A file is bytes: what is written is read without another copy of the elements.
func Example() {
	b, err := safetensors.Marshal([]safetensors.Array{
		{Name: "gate.w", Shape: []int{2, 3}, Values: []float32{1, 0, 0, 0.5, 0, -2}},
	}, map[string]string{"made_by": "an example"})
	if err != nil {
		panic(err)
	}

	file, err := safetensors.Read(b, safetensors.F32)
	if err != nil {
		panic(err)
	}
	gate := file.Tensors["gate.w"]
	fmt.Println(file.Meta["made_by"], gate.Shape, gate.Float64s())

	_, err = safetensors.Read(b[:len(b)-1], safetensors.F32)
	fmt.Println(err)
	// Output:
	// an example [2 3] [1 0 0 0.5 0 -2]
	// tensor "gate.w": bytes 0 to 24 do not fit shape [2 3] in 23 bytes of data; the file is torn
}
