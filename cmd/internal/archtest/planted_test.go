package archtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each planted mistake applies to the tree as it is, names a test that is there, and stands with it
// in the list. That the test catches it shows make planted.
func TestPlantedMistakesApply(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "testdata", "planted")
	list, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	patches, _ := filepath.Glob(filepath.Join(folder, "*.patch"))
	if len(patches) < 10 {
		t.Fatalf("%d patches, want 10 at least", len(patches))
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git on PATH")
	}
	names := regexp.MustCompile(`(?m)^Test: \./(\S+) (\S+)$`)
	for _, patch := range patches {
		name := strings.TrimSuffix(filepath.Base(patch), ".patch")
		check := exec.Command(git, "apply", "--check", patch)
		check.Dir = root
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s does not apply: make it anew, in the same place of the code as it is now: %s", name, out)
		}
		text, err := os.ReadFile(patch)
		if err != nil {
			t.Fatal(err)
		}
		named := names.FindSubmatch(text)
		if named == nil {
			t.Errorf("%s has no line Test: ./PACKAGE TESTS", name)
			continue
		}
		if !strings.Contains(string(list), "| `"+name+"` |") {
			t.Errorf("README.md does not list %s", name)
		}
		files, _ := filepath.Glob(filepath.Join(root, string(named[1]), "*_test.go"))
		var tests strings.Builder
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
		for test := range strings.SplitSeq(string(named[2]), "|") {
			if !strings.Contains(tests.String(), "func "+test+"(t *testing.T)") || !strings.Contains(string(list), "`"+test+"`") {
				t.Errorf("%s names %s, which is not in %s or not in the list", name, test, named[1])
			}
		}
	}
}
