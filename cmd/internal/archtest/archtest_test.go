package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/vigil-icu/vigil/"

// line is the order of the top-level directories. A package may import its own
// directory and those before it, never after. deploy only embeds a file.
var line = []string{"deploy", "schemas", "ingest", "window", "encoders", "fusion", "alerts", "cmd"}

// root are the Go files at the top level: the module as a library, by examples and without code.
var root = []string{"doc.go", "example_test.go"}

// only lists libraries that one directory keeps to itself.
var only = map[string][]string{
	"github.com/segmentio/kafka-go": {"ingest/kafka"},
	"github.com/redis/go-redis/v9":  {"window/redisstore", "cmd"},
	"github.com/apache/arrow/go":    {"schemas", "alerts/judge"},
	// kmsg only lays out messages; kafka-go lacks the versions with topic ids.
	"github.com/twmb/franz-go/pkg/kmsg":  {"ingest/kafka", "cmd/internal/embedded", "ingest/realkafka"},
	"github.com/twmb/franz-go/pkg/kgo":   {"ingest/realkafka"},
	"github.com/twmb/franz-go/pkg/kerr":  {"cmd/internal/embedded", "ingest/realkafka"},
	"github.com/twmb/franz-go/pkg/kfake": {"cmd/internal/embedded"},
	// Code of other languages in this process stays behind one package.
	"github.com/ebitengine/purego": {"encoders/onnx"},
	"google.golang.org/grpc":       {"encoders/remote"},
	// Its other packages fetch models; only the tokenizer is used.
	"github.com/gomlx/go-huggingface": {"encoders/modelfolder"},
}

func TestImportsPointLeft(t *testing.T) {
	top := filepath.Join("..", "..", "..")
	files := 0
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(top, path)
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && rel != "." || d.Name() == "testdata" || d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		directory, _, below := strings.Cut(filepath.ToSlash(rel), "/")
		here := slices.Index(line, directory)
		if !below && slices.Contains(root, rel) {
			here = slices.Index(line, "alerts") // the examples show what a program of others may import
		}
		if here < 0 {
			t.Errorf("%s: Go files live in %v only", rel, line)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if ours, ok := strings.CutPrefix(imported, module); ok {
				other, _, _ := strings.Cut(ours, "/")
				if there := slices.Index(line, other); there > here {
					t.Errorf("%s imports %s: %s is right of %s on the line %v", rel, imported, other, directory, line)
				}
			}
			for library, homes := range only {
				if strings.HasPrefix(imported, library) && !strings.HasSuffix(rel, "_test.go") && !slices.ContainsFunc(homes, func(home string) bool {
					return strings.HasPrefix(filepath.ToSlash(rel), home+"/")
				}) {
					t.Errorf("%s imports %s, which lives in %v", rel, imported, homes)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("saw %d Go files: the walk is wrong", files)
	}
}

// TestTopLevel holds the top level against the owner's card.
func TestTopLevel(t *testing.T) {
	allowed := []string{"ingest", "window", "encoders", "fusion", "alerts", "schemas", "deploy", "testdata", "cmd",
		"findings", "doc.go", "example_test.go", "Makefile", "README.md", "go.mod", "go.sum", "LICENSE", "bin", "bench.txt"}
	entries, err := os.ReadDir(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s stands at the top level; only %v may", e.Name(), allowed)
		}
	}
}

// packageDirs are the directories that hold Go files other than tests. A module of its own,
// such as a generator, is no package of this one.
func packageDirs(t *testing.T, root string) map[string]bool {
	t.Helper()
	dirs := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root {
				return filepath.SkipDir
			}
			if _, nested := os.Stat(filepath.Join(path, "go.mod")); nested == nil && path != root {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// TestEveryPackageSaysWhatItIs wants a package comment in doc.go.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for dir := range packageDirs(t, filepath.Join("..", "..", "..")) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "doc.go"), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil || f.Doc == nil {
			t.Errorf("%s: no package comment in doc.go (%v)", dir, err)
		}
	}
}
