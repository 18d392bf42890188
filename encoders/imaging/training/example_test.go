package training_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/imaging/training"
)

// One film cannot be parted into those that are fitted to and those that judge.
func ExampleCross() {
	film := training.Example{Shades: make([]float32, 28*28), Pneumonia: true}
	_, _, err := training.Cross([]training.Example{film}, 2, 1, training.Default, nil)
	fmt.Println(err)
	// Output: 1 films in 2 folds, want at least 2 folds and 2 films in each
}
