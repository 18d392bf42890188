package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages whose answers are a function of their arguments: the same log
// gives the same bits because nothing in them can see a clock, a broker or a scheduler.
var pure = []string{
	"schemas", "window", "encoders", "encoders/record", "encoders/vitals", "encoders/ecg", "encoders/ecg/classifier", "encoders/boost", "encoders/dicom", "encoders/edf", "encoders/imaging", "encoders/notes", "encoders/waveform", "encoders/wfdb", "fusion", "alerts", "alerts/monitor",
}

// machines are the libraries that reach outside the process; no pure package may link one,
// directly or by way of another.
var machines = []string{"github.com/segmentio/kafka-go", "github.com/redis/go-redis", "github.com/rs/zerolog"}

// clocks are the functions of package time that look at the machine's clock.
var clocks = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTicker", "NewTimer"}

func TestPurePackagesSeeNoMachine(t *testing.T) {
	for _, dir := range pure {
		paths, err := filepath.Glob(filepath.Join("..", "..", "..", dir, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no Go files (%v)", dir, err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range impurities(t, path, source) {
				t.Error(found)
			}
		}
	}
}

// impurities lists what in a file would make its answers depend on more than arguments.
func impurities(t *testing.T, path string, source []byte) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, source, 0)
	if err != nil {
		t.Fatal(err)
	}
	timeName := ""
	for _, spec := range f.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		switch {
		case imported == "time":
			timeName = "time"
			if spec.Name != nil {
				timeName = spec.Name.Name
			}
		case imported == "context", imported == "math/rand", imported == "net", imported == "net/http",
			slices.ContainsFunc(machines, func(m string) bool { return strings.HasPrefix(imported, m) }):
			found = append(found, fmt.Sprintf("%s imports %s", set.Position(spec.Pos()), imported))
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, fmt.Sprintf("%s starts a goroutine", set.Position(n.Pos())))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && timeName != "" && x.Name == timeName && slices.Contains(clocks, n.Sel.Name) {
				found = append(found, fmt.Sprintf("%s asks the clock: time.%s", set.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return found
}

// The check above can fail.
func TestImpuritiesAreFound(t *testing.T) {
	source := []byte(`package p
import ("context"; clock "time"; "github.com/segmentio/kafka-go/protocol")
func f(context.Context) { go f(nil); _ = clock.Now(); _ = protocol.Marshal }
`)
	if found := impurities(t, "p.go", source); len(found) != 4 {
		t.Errorf("found %q, want four", found)
	}
}

// TestNoMachineBehindPurePackages looks at all that is linked, also by way of others.
// Training and replay are no pure packages, but they link no broker and no store either.
func TestNoMachineBehindPurePackages(t *testing.T) {
	for _, dir := range append([]string{"ingest/source", "ingest/replay", "ingest/mimic", "ingest/physionet", "ingest/synth", "fusion/train", "fusion/lab"}, pure...) {
		cmd := exec.Command("go", "list", "-deps", "./"+dir)
		cmd.Dir = filepath.Join("..", "..", "..")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list -deps ./%s: %v", dir, err)
		}
		for _, linked := range strings.Fields(string(out)) {
			if slices.ContainsFunc(machines, func(m string) bool { return strings.HasPrefix(linked, m) }) {
				t.Errorf("%s links %s", dir, linked)
				break
			}
		}
	}
}
