package fleximodal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vigil-icu/vigil/fusion/fleximodal"
)

// A directory is read into examples: what their windows hold, and their labels.
func ExampleRead() {
	parent, err := os.MkdirTemp("", "fleximodal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "pumps")
	if err := fleximodal.Generate(dir, 1, fleximodal.Invented{Train: 3, Validation: 1, Test: 1}); err != nil {
		fmt.Println(err)
		return
	}
	data, err := fleximodal.Read(context.Background(), dir, 48)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Manifest.Name, data.Manifest.Window, len(data.Examples), data.Examples[0].Part)
	// Output: pumps 7 days 5 train
}
