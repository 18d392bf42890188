package onnx_test

import (
	"fmt"
	"os"

	"github.com/vigil-icu/vigil/encoders/onnx"
)

// What a network takes and gives stands in its file; no library is needed to read it.
func ExampleInspect() {
	file, err := os.ReadFile("../modelfolder/testdata/ecg/model.onnx")
	if err != nil {
		fmt.Println(err)
		return
	}
	signature, err := onnx.Inspect(file)
	fmt.Println(signature, err)
	// Output: takes ecg float32 [?, 2, 150]; gives features float32 [?, 5] <nil>
}
