package network_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/network"
)

// A network of three channels is refused where one of a single channel is needed.
func ExampleSignature_Check() {
	found := network.Signature{
		Inputs:  []network.Port{{Name: "film", Kind: network.Float32, Ranked: true, Sides: []int{network.Any, 3, 224, 224}}},
		Outputs: []network.Port{{Name: "features", Kind: network.Float32, Ranked: true, Sides: []int{network.Any, 1024}}},
	}
	want := network.Signature{
		Inputs:  []network.Port{{Name: "film", Kind: network.Float32, Ranked: true, Sides: []int{1, 1, 224, 224}}},
		Outputs: []network.Port{{Name: "features", Kind: network.Float32, Ranked: true, Sides: []int{1, 1024}}},
	}
	fmt.Println(found.Check(&want))
	// Output:
	// the network does not fit: its input is film float32 [?, 3, 224, 224], wanted is film float32 [1, 1, 224, 224]
	//   found:    takes film float32 [?, 3, 224, 224]; gives features float32 [?, 1024]
	//   expected: takes film float32 [1, 1, 224, 224]; gives features float32 [1, 1024]
}
