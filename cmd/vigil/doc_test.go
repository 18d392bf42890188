package main

import (
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// The package comment lists every command that a user can call, in the order and the words of
// `vigil help`.
func TestPackageCommentListsEveryCommand(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil || f.Doc == nil {
		t.Fatalf("no package comment in doc.go (%v)", err)
	}
	var documented [][2]string
	for _, m := range regexp.MustCompile(`(?m)^\t(vigil [a-z ]*[a-z])  +(.+)$`).FindAllStringSubmatch(f.Doc.Text(), -1) {
		documented = append(documented, [2]string{m[1], m[2]})
	}
	var callable [][2]string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			if !child.HasSubCommands() {
				callable = append(callable, [2]string{child.CommandPath(), child.Short})
			}
			walk(child)
		}
	}
	walk(rootCommand(io.Discard, io.Discard))
	if len(callable) < 10 {
		t.Fatalf("saw %d commands: the walk is wrong", len(callable))
	}
	if diff := cmp.Diff(callable, documented); diff != "" {
		t.Errorf("(- commands, + doc.go):\n%s", diff)
	}
}
