package archtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The README's table of packages names every package, by its directory.
func TestReadmeNamesEveryPackage(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	dirs := packageDirs(t, root)
	if len(dirs) < 30 {
		t.Fatalf("%d packages: the walk is wrong", len(dirs))
	}
	for dir := range dirs {
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if name := "`" + filepath.ToSlash(rel) + "`"; !strings.Contains(string(readme), name) {
			t.Errorf("README.md does not name %s: give it a line in the table of packages", name)
		}
	}
}
