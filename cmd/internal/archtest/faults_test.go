package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each fault of the table names tests that exist, and none of the table's rows is missing.
func TestEachFaultIsHeldByATest(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	text, err := os.ReadFile(filepath.Join(root, "testdata", "planted", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want, rows []string
	for _, group := range []struct {
		letter string
		n      int
	}{{"A", 10}, {"B", 6}, {"C", 3}, {"D", 6}} {
		for i := range group.n {
			want = append(want, fmt.Sprint(group.letter, i+1))
		}
	}
	held := regexp.MustCompile("((?:`Test[A-Za-z0-9]+`(?:, )?)+) of `([a-z/]+)`")
	name := regexp.MustCompile("Test[A-Za-z0-9]+")
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, " | ")
		row := strings.TrimPrefix(cells[0], "| ")
		if !strings.HasPrefix(line, "| ") || !slices.Contains(want, row) {
			continue
		}
		rows = append(rows, row)
		last := cells[len(cells)-1]
		found := held.FindAllStringSubmatch(last, -1)
		named := 0
		for _, f := range found {
			files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(f[2]), "*_test.go"))
			var tests strings.Builder
			for _, file := range files {
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				tests.Write(b)
			}
			for _, test := range name.FindAllString(f[1], -1) {
				named++
				if !strings.Contains(tests.String(), "func "+test+"(t *testing.T)") {
					t.Errorf("%s names %s, which is not in %s", row, test, f[2])
				}
			}
		}
		if named == 0 || named != len(name.FindAllString(last, -1)) {
			t.Errorf("%s: %d of its tests are named with their package: want Test..., ... of the package in backquotes, found %s", row, named, last)
		}
	}
	if !slices.Equal(rows, want) {
		t.Errorf("the table has the rows %v, want %v", rows, want)
	}
}
