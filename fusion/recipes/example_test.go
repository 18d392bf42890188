package recipes_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/recipes"
)

// Every recipe is a file of the binary.
func Example() {
	files, err := recipes.Files.ReadDir(".")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Name())
	}
	// Output:
	// fleximodal.yaml
	// invented.yaml
	// mimic-iv-paper.yaml
	// open-icu.yaml
	// physionet2012-plain.yaml
	// physionet2012.yaml
	// tiny.yaml
}
