package modelfolder_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/modelfolder"
)

// What a folder says of its encoder is read without a network and without a library.
func ExampleRead() {
	m, err := modelfolder.Read("testdata/imaging")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Name(), m.Modality, m.Dim, m.License)
	fmt.Println(m.Image.Side, m.Image.Low, m.Image.High)
	// Output:
	// invented-imaging/1 imaging 6 Apache-2.0
	// 16 -1024 1024
}
